"""The command line: `plan`, `simulate`, `apply`, `status`, `placeholders`, `learn`."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from .commands import apply, connection, learn, placeholders, plan, simulate, status
from .errors import PrescaleError, ScheduleError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .commands.result import Result, Verb

EXIT_CODES = """\
exit codes:
  0  done
  1  failed for another reason
  2  a wrong argument
  3  a schedule, roster or values file that cannot be used
  4  an API is out of reach, or answers with errors that may pass
  5  an API refuses: rights are missing
  6  another prescale, or an operation on the cluster, is at work: the next run goes on
  7  the seats of a class are not ready in time
  8  with `plan --check`: more than the budget's cap is planned
  130, 143  interrupted, ended by SIGTERM
"""

_INTERRUPTED = 130
_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


class _Parser(argparse.ArgumentParser):
    """Raises errors in the arguments, so that --json can report them, too."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        raise UsageError(message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns its exit code."""
    options = argparse.Namespace(json="--json" in (sys.argv if arguments is None else arguments))
    try:
        options = parser().parse_args(arguments)
        _set_up_logging(options.verbose)
        result: Result = options.run(options)
    except KeyboardInterrupt:
        return _fail(options, PrescaleError("interrupted"), _INTERRUPTED)
    except PrescaleError as error:
        return _fail(options, error, error.exit_code)
    except OSError as error:
        message = f"{error.filename or 'input/output'}: {error.strerror or error}"
        return _fail(options, PrescaleError(message), PrescaleError.exit_code)
    _print(json.dumps(result.data, indent=2) if options.json else result.text)
    if result.error:
        print(f"prescale: {result.error}", file=sys.stderr)  # noqa: T201 -- a program's output
        return result.error.exit_code
    return 0


def _set_up_logging(verbosity: int) -> None:
    logging.basicConfig(format="prescale: %(message)s")
    # Only our own logs: those of the libraries would show the calendars' secret URLs.
    logging.getLogger(__package__).setLevel(_LEVELS[min(verbosity, len(_LEVELS) - 1)])


def parser() -> argparse.ArgumentParser:
    """Returns the parser of the command line."""
    top = _Parser(
        prog="python -m z2jh.prescale",
        description="Seats ready before class, given back in the evening.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)

    def add(name: str, help_: str, verb: Verb) -> argparse.ArgumentParser:
        parser = verbs.add_parser(
            name,
            help=help_,
            description=f"{help_[0].upper()}{help_[1:]}.",
            epilog=EXIT_CODES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        parser.add_argument(
            "--json", action="store_true", help="one JSON object on standard output"
        )
        parser.add_argument(
            "--verbose", "-v", action="count", default=0, help="say more on standard error"
        )
        parser.set_defaults(run=verb)
        return parser

    plan.add_options(_files(add("plan", "show what will be changed when, and why", plan.run)))
    help_ = "try policies on a model of the cluster"
    simulate.add_options(_files(add("simulate", help_, simulate.run)))
    help_ = "bring the cluster to the plan; run it every few minutes"
    apply.add_options(_files(add("apply", help_, apply.run)))
    help_ = "show wanted, ready and missing nodes"
    connection.add_options(_files(add("status", help_, status.run)))
    help_ = "print the Deployments that `apply` scales, for `kubectl apply -f -`"
    placeholders.add_options(_files(add("placeholders", help_, placeholders.run)))
    help_ = "take figures out of a hub's log or a CSV of logins"
    learn.add_options(add("learn", help_, learn.run))
    return top


def _files(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    add = parser.add_argument
    add("--schedule", type=Path, default=Path("schedule.yaml"), metavar="FILE", help="%(default)s")
    add(
        "--values",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help="a layer of the hub's Helm values; may be repeated, later ones over earlier ones",
    )
    add(
        "--copies",
        type=Path,
        default=_cache(),
        metavar="FOLDER",
        help="the calendars' last good copies (%(default)s)",
    )
    return parser


def _cache() -> Path:
    """Returns the folder for the user's caches, by the XDG specification."""
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "prescale"  # noqa: PTH111 -- leaves `~` alone without a home


def _fail(options: argparse.Namespace, error: PrescaleError, code: int) -> int:
    if options.json:
        _print(
            json.dumps(
                {"error": type(error).__name__, "message": str(error), "exit_code": code}, indent=2
            )
        )
    lead = "" if isinstance(error, ScheduleError) else "prescale: "
    print(f"{lead}{error}", file=sys.stderr)  # noqa: T201 -- a program's output
    return code


def _print(text: str) -> None:
    # The work is done, even if the reader of the output has gone.
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)  # noqa: T201 -- a program's output
