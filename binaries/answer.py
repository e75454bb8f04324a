"""Runs a verb of the command line, and prints its answer as text or as JSON."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TextIO

from .errors import FetchError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Verb = Callable[[argparse.Namespace], "Answer"]

_INTERRUPTED = 130
_READER_GONE = 141  # 128 and SIGPIPE's number, as shells have it


class Answer(NamedTuple):
    """The result of a verb."""

    data: dict[str, Any]  # what `--json` prints
    lines: list[str]  # what is printed otherwise
    code: int = 0  # the exit code


class Parser(argparse.ArgumentParser):
    """Raises an error for wrong arguments instead of exiting, so that it can be printed as JSON."""

    def error(self, message: str) -> NoReturn:
        """Prints the usage, as argparse does, and raises UsageError."""
        self.print_usage(sys.stderr)
        raise UsageError(f"{self.prog}: error: {message}")


def run_verb(parser: Parser, argv: Sequence[str] | None) -> int:
    """Calls the arguments' verb, prints its answer or its error, and returns the exit code."""
    arguments = argparse.Namespace(json="--json" in (sys.argv if argv is None else argv))
    try:
        arguments = parser.parse_args(argv)
        answer: Answer = arguments.verb(arguments)
    except KeyboardInterrupt:
        return _fail(
            arguments, "Interrupted", "interrupted; nothing half-made is left", _INTERRUPTED
        )
    except FetchError as error:
        return _fail(arguments, type(error).__name__, str(error), error.exit_code)
    except OSError as error:
        message = f"{error.filename or 'input/output'}: {error.strerror or error}"
        return _fail(arguments, "OSError", message, FetchError.exit_code)
    if arguments.json:
        _print(json.dumps(answer.data, indent=2))
    elif not arguments.quiet:
        _print("\n".join(answer.lines))
    return answer.code


def run(main: Callable[[], int]) -> int:
    """Runs a program whose reader may leave early (`| head`); returns its exit code."""
    try:
        code = main()
    except BrokenPipeError:
        code = _READER_GONE  # the work itself prints its progress on standard error
    finally:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # None: closed by the caller
            _flush(stream)
    return code


def _flush(stream: TextIO) -> None:
    try:
        stream.flush()
    except BrokenPipeError:
        # Or Python flushes again when it exits, and complains.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _fail(arguments: argparse.Namespace, kind: str, message: str, code: int) -> int:
    if arguments.json:
        _print(json.dumps({"error": kind, "message": message, "exit_code": code}, indent=2))
    print(message, file=sys.stderr)  # noqa: T201 - a program's output
    return code


def _print(text: str) -> None:
    # The work has succeeded, even if nobody reads what it says.
    with contextlib.suppress(BrokenPipeError):
        print(text, end="\n" if text else "", flush=True)  # noqa: T201 - a program's output
