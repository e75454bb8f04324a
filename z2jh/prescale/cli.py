"""The command line: `plan`, `simulate`, `apply`, `status`, `placeholders`, `learn`."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from z2jh import console

from .commands import apply as applying
from .commands import connection
from .commands import learn as learning
from .commands import placeholders as placing
from .commands import plan as planning
from .commands import simulate as simulating
from .commands import status as looking

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from .commands.answer import Answer, Verb

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit status."""
    return console.main("prescale", parser().parse_args, _run, arguments)


def _run(options: argparse.Namespace) -> int:
    _speak_of(options.verbose)
    answer: Answer = options.run(options)
    if options.json:
        console.show_json(answer.data)
    else:
        console.show(answer.text)
    if answer.error:
        return console.fail("prescale", answer.error, answer.error.exit_code)
    return 0


def _speak_of(verbosity: int) -> None:
    logging.basicConfig(format="prescale: %(message)s")
    # Ours alone: the clients' own would show addresses of calendars.
    logging.getLogger(__package__).setLevel(_LEVELS[min(verbosity, len(_LEVELS) - 1)])


def parser() -> console.Parser:
    """Returns the command line."""
    description = "Seats ready before class, given back in the evening."
    result = console.Parser(prog="python -m z2jh.prescale", description=description)
    verbs = result.add_subparsers(title="verbs", metavar="VERB", required=True)

    def add(name: str, help_: str, verb: Verb) -> argparse.ArgumentParser:
        description = f"{help_[0].upper()}{help_[1:]}."
        made = verbs.add_parser(name, help=help_, description=description)
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
