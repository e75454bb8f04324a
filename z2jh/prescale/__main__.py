"""Runs `python -m z2jh.prescale`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import NoReturn

from z2jh import console

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_TERMINATED = 143  # 128 plus the signal's number, as in shells


def main() -> int:
    """Runs the command line, or names a missing library; returns the exit status."""
    signal.signal(signal.SIGTERM, end)
    try:
        from .cli import main as run  # noqa: PLC0415 -- a missing library is reported below

        return run()
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("z2jh"):
            raise
        console.tell(f"prescale: {error.name} is missing: pip install -r {_REQUIREMENTS}")
        return 2


def end(*_: object) -> NoReturn:
    """Exits in order, to release the lease, when a CronJob that takes too long gets SIGTERM."""
    sys.exit(_TERMINATED)


if __name__ == "__main__":
    sys.exit(console.run(main))
