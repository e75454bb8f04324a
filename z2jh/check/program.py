"""How a program ends: with a cause, or before its reader does (`| head`)."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_READER_GONE = 141  # 128 and SIGPIPE's number, as shells have it


def run(main: Callable[[], int]) -> int:
    """Run a whole program; gives its exit status, also if its reader has seen enough."""
    try:
        return main()
    except BrokenPipeError:
        return _READER_GONE
    finally:
        _settle()


def _settle() -> None:
    try:
        print(end="", flush=True)  # noqa: T201 -- also where there is no standard output
    except BrokenPipeError:
        # Python would try again at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fail(name: str, error: Exception, status: int, *, as_json: bool) -> int:
    """Say why a program cannot go on, for machines as well where they asked; gives its status."""
    if as_json:
        told = {"error": type(error).__name__, "message": str(error), "exit_code": status}
        print(json.dumps(told, indent=1))  # noqa: T201 -- a program's output
    print(f"{name}: {error}", file=sys.stderr)  # noqa: T201 -- a program's output
    return status
