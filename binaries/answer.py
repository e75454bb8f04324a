"""What a program answers, as text or as JSON, and its exit code."""

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
    """What a verb has to say when its work is done.

    Attributes:
        data: What --json prints.
        lines: For a person.
        code: The exit code.
    """

    data: dict[str, Any]
    lines: list[str]
    code: int = 0


class Parser(argparse.ArgumentParser):
    """Raises what is wrong with the arguments, so that it can be said in JSON as well."""

    def error(self, message: str) -> NoReturn:
        """Show the usage, as argparse does.

        Raises:
            UsageError: Always.
        """
        self.print_usage(sys.stderr)
        raise UsageError(f"{self.prog}: error: {message}")


def give(parser: Parser, argv: Sequence[str] | None) -> int:
    """Do the work of the default `verb` that the arguments lead to, and print what came of it.

    Returns:
        the exit code.
    """
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
    """Run a whole program, whose reader may have seen enough (`| head`); gives its exit code."""
    try:
        code = main()
    except BrokenPipeError:
        code = _READER_GONE  # from the work itself, which tells on standard error how it goes
    finally:
        _settle(sys.stdout)
        _settle(sys.stderr)
    return code


def _settle(stream: TextIO | None) -> None:
    if stream is None:  # closed by who started the program
        return
    try:
        stream.flush()
    except BrokenPipeError:
        # Python would try again at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _fail(arguments: argparse.Namespace, kind: str, message: str, code: int) -> int:
    if arguments.json:
        _print(json.dumps({"error": kind, "message": message, "exit_code": code}, indent=2))
    print(message, file=sys.stderr)  # noqa: T201 - a program's output
    return code


def _print(text: str) -> None:
    # A reader that has gone is no failure of what was done.
    with contextlib.suppress(BrokenPipeError):
        print(text, end="\n" if text else "", flush=True)  # noqa: T201 - a program's output
