"""`python -m z2jh.prescale`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import NoReturn

from z2jh import console

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_TERMINATED = 143  # 128 and the signal's number, as shells have it


def main() -> int:
    """Run the command line, or say which library is missing; returns its exit status."""
    signal.signal(signal.SIGTERM, end)
    try:
        from .cli import main as run  # noqa: PLC0415 -- its imports may be missing

        return run()
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("z2jh"):
            raise
        console.tell(f"prescale: {error.name} is missing: pip install -r {_REQUIREMENTS}")
        return 2


def end(*_: object) -> NoReturn:
    """End in order and give the lease back: a CronJob that takes too long gets SIGTERM."""
    sys.exit(_TERMINATED)


if __name__ == "__main__":
    sys.exit(console.run(main))
