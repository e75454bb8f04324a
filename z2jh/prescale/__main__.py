"""`python -m z2jh.prescale`."""

from __future__ import annotations

import sys
from pathlib import Path

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def run() -> int:
    """Run the command line, or say what it lacks; gives its exit code."""
    try:
        from .cli import main  # noqa: PLC0415 -- this is what may lack something

        return main()
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("z2jh"):
            raise
        sys.stderr.write(f"prescale: {error.name} is missing: pip install -r {_REQUIREMENTS}\n")
        return 2


if __name__ == "__main__":
    sys.exit(run())
