"""`python -m z2jh.prescale`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_TERMINATED = 143  # 128 and the signal's number, as shells have it


def run() -> int:
    """Run the command line, or say what it lacks; gives its exit code."""
    signal.signal(signal.SIGTERM, end)
    try:
        from .cli import main  # noqa: PLC0415 -- this is what may lack something

        return main()
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("z2jh"):
            raise
        sys.stderr.write(f"prescale: {error.name} is missing: pip install -r {_REQUIREMENTS}\n")
        return 2
    finally:
        _settle()


def _settle() -> None:
    """That a reader has seen enough (`| head`) is no failure, and nothing to complain of."""
    try:
        print(end="", flush=True)  # nothing, where there is no standard output
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def end(*_: object) -> NoReturn:
    """End in order, so that the lease is given back: a CronJob that takes too long gets SIGTERM."""
    sys.exit(_TERMINATED)


if __name__ == "__main__":
    sys.exit(run())
