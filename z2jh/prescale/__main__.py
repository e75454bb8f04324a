"""Runs `python -m z2jh.prescale`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_TERMINATED = 143  # 128 plus the signal's number, as in shells


def run() -> int:
    """Runs the command line, or names a missing library; returns the exit code."""
    signal.signal(signal.SIGTERM, end)
    try:
        from .cli import main  # noqa: PLC0415 -- a missing library is reported below

        return main()
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("z2jh"):
            raise
        sys.stderr.write(f"prescale: {error.name} is missing: pip install -r {_REQUIREMENTS}\n")
        return 2
    finally:
        _settle()


def _settle() -> None:
    """Flushes the output, and accepts that its reader may have gone (`| head`)."""
    try:
        print(end="", flush=True)  # does nothing without a standard output
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def end(*_: object) -> NoReturn:
    """Exits in order, to release the lease, when a CronJob that takes too long gets SIGTERM."""
    sys.exit(_TERMINATED)


if __name__ == "__main__":
    sys.exit(run())
