"""The command line: `plan`, `simulate`, `apply`, `status`, `placeholders`, `learn`."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from z2jh import console

from .commands import apply, connection, learn, placeholders, plan, simulate, status

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from .commands.result import Result

    Verb = Callable[[argparse.Namespace], Result]

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns its exit status."""
    return console.main("prescale", parser().parse_args, _run, arguments)


def _run(options: argparse.Namespace) -> int:
    _set_up_logging(options.verbose)
    result: Result = options.run(options)
    if options.json:
        console.show_json(result.data)
    else:
        console.show(result.text)
    if result.error:
        return console.fail("prescale", result.error, result.error.exit_code)
    return 0


def _set_up_logging(verbosity: int) -> None:
    logging.basicConfig(format="prescale: %(message)s")
    # Only our own logs: those of the libraries would show the calendars' secret URLs.
    logging.getLogger(__package__).setLevel(_LEVELS[min(verbosity, len(_LEVELS) - 1)])


def parser() -> console.Parser:
    """Returns the parser of the command line."""
    description = "Seats ready before class, given back in the evening."
    top = console.Parser(prog="python -m z2jh.prescale", description=description)
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)

    def add(name: str, help_: str, verb: Verb) -> argparse.ArgumentParser:
        description = f"{help_[0].upper()}{help_[1:]}."
        parser = verbs.add_parser(name, help=help_, description=description)
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
    connection.add_namespace(_files(add("placeholders", help_, placeholders.run)))
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
