"""The frame of every command line of z2jh: arguments, JSON, errors and exit statuses."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from .problems import FileError, UnusableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EXIT_STATUS = """\
exit status:
  0  done; nothing is wrong
  1  something is wrong or failed, or the answer to a question was no
  2  a wrong argument; a program, a library, the chart or the cluster cannot be used
  3  a file cannot be used: values, a schedule or a roster
  4  prescale: an API is out of reach, or answers with errors that may pass
  5  prescale: an API refuses: rights are missing
  6  prescale: another run, or an operation on the cluster, is at work: the next run goes on
  7  prescale: the seats of a class are not ready in time
  8  prescale plan --check: more than the budget's cap is planned
  130, 143  interrupted, ended by SIGTERM
"""
_INTERRUPTED = 130  # 128 and the signal's number, as shells have it


class UsageError(UnusableError):
    """An argument is wrong."""


class Parser(argparse.ArgumentParser):
    """Raises what is wrong with the arguments, so that it can be said in JSON as well."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 -- argparse's own
        settings.setdefault("epilog", EXIT_STATUS)
        raw = argparse.RawDescriptionHelpFormatter
        super().__init__(formatter_class=raw, **settings)

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        self.print_usage(sys.stderr)
        raise UsageError(message)


def main(
    name: str,
    parse: Callable[[Sequence[str]], argparse.Namespace],
    work: Callable[[argparse.Namespace], int],
    argv: Sequence[str] | None,
) -> int:
    """Run a command line, say why when it cannot go on, and return the exit status.

    Messages begin with the command's name. With `--json` among the arguments, which are by default
    those of the process, errors are told in JSON as well.
    """
    argv = sys.argv[1:] if argv is None else argv
    as_json = "--json" in argv
    try:
        return work(parse(argv))
    except KeyboardInterrupt:
        return fail(name, UnusableError("interrupted"), _INTERRUPTED, as_json=as_json)
    except UnusableError as error:
        return fail(name, error, error.exit_code, as_json=as_json)
    except OSError as error:
        failure = UnusableError(f"{error.filename or 'input/output'}: {error.strerror or error}")
        return fail(name, failure, 1, as_json=as_json)


def fail(name: str, error: Exception, status: int, *, as_json: bool = False) -> int:
    """Say why a command cannot go on, on standard error and where asked in JSON.

    Returns the exit status that was given.
    """
    if as_json:
        show_json({"error": type(error).__name__, "message": str(error), "exit_code": status})
    tell(str(error) if isinstance(error, FileError) else f"{name}: {error}")
    return status


def show(text: str) -> None:
    """Print a result; a reader that has seen enough (`| head`) is no failure."""
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)  # noqa: T201 -- a command's output


def show_json(value: object) -> None:
    """Print a result for machines."""
    show(json.dumps(value, indent=1))


def tell(text: str) -> None:
    """Print what is not part of the result, on standard error."""
    print(text, file=sys.stderr)  # noqa: T201 -- a command's output


def agreed(question: str) -> bool:
    """Ask a person; no answer is a no."""
    try:
        return input(f"{question} [y/N] ").strip().lower() == "y"
    except EOFError:
        return False


def run(program: Callable[[], int]) -> int:
    """Run a whole program, which ends quietly even if its reader has gone; give its exit status."""
    try:
        return program()
    finally:
        try:
            print(end="", flush=True)  # noqa: T201 -- also where there is no standard output
        except BrokenPipeError:
            # Python would try again at its end, and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
