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

from .commands import apply as applying
from .commands import connection
from .commands import learn as learning
from .commands import placeholders as placing
from .commands import plan as planning
from .commands import simulate as simulating
from .commands import status as looking
from .errors import PrescaleError, ScheduleError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .commands.answer import Answer, Verb

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
    """Raises what is wrong with the arguments, so that it can be said in JSON as well."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        raise UsageError(message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives its exit code."""
    options = argparse.Namespace(json="--json" in (sys.argv if arguments is None else arguments))
    try:
        options = parser().parse_args(arguments)
        _speak_of(options.verbose)
        answer: Answer = options.run(options)
    except KeyboardInterrupt:
        return _fail(options, PrescaleError("interrupted"), _INTERRUPTED)
    except PrescaleError as error:
        return _fail(options, error, error.exit_code)
    except OSError as error:
        message = f"{error.filename or 'input/output'}: {error.strerror or error}"
        return _fail(options, PrescaleError(message), PrescaleError.exit_code)
    _print(json.dumps(answer.data, indent=2) if options.json else answer.text)
    if answer.error:
        print(f"prescale: {answer.error}", file=sys.stderr)  # noqa: T201 -- a program's output
        return answer.error.exit_code
    return 0


def _speak_of(verbosity: int) -> None:
    logging.basicConfig(format="prescale: %(message)s")
    # Ours alone: the clients' own would show addresses of calendars.
    logging.getLogger(__package__).setLevel(_LEVELS[min(verbosity, len(_LEVELS) - 1)])


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = _Parser(
        prog="python -m z2jh.prescale",
        description="Seats ready before class, given back in the evening.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = result.add_subparsers(title="verbs", metavar="VERB", required=True)

    def add(name: str, help_: str, verb: Verb) -> argparse.ArgumentParser:
        made = verbs.add_parser(
            name,
            help=help_,
            description=f"{help_[0].upper()}{help_[1:]}.",
            epilog=EXIT_CODES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.add_argument("--json", action="store_true", help="one JSON object on standard output")
        made.add_argument(
            "--verbose", "-v", action="count", default=0, help="say more on standard error"
        )
        made.set_defaults(run=verb)
        return made

    planning.add_options(
        _files(add("plan", "show what will be changed when, and why", planning.run))
    )
    simulating.add_options(
        _files(add("simulate", "try policies on a model of the cluster", simulating.run))
    )
    applying.add_options(
        _files(
            add("apply", "bring the cluster to the plan; run it every few minutes", applying.run)
        )
    )
    connection.add_options(_files(add("status", "what is wanted, there and missing", looking.run)))
    help_ = "print the Deployments that `apply` scales, for `kubectl apply -f -`"
    placing.add_options(_files(add("placeholders", help_, placing.run)))
    learning.add_options(
        add("learn", "take figures out of a hub's log or a CSV of logins", learning.run)
    )
    return result


def _files(made: argparse.ArgumentParser) -> argparse.ArgumentParser:
    add = made.add_argument
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
    return made


def _cache() -> Path:
    """Where a person's programs keep such things, by the XDG specification."""
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "prescale"  # noqa: PTH111 -- gives `~` back where nobody has a home


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
    # What its reader does not take is no failure of what was done.
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)  # noqa: T201 -- a program's output
