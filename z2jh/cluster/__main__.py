"""`python -m z2jh.cluster`: says what the cluster lacks, and makes it when asked to."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from z2jh import console
from z2jh.hubvalues import custom, layers, pools
from z2jh.problems import FileError, UnusableError

from . import desired_state, place, plan

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from .plan import Change

_DESCRIPTION = """\
Prints the calls of gcloud that make the cluster as the values of an environment say. It looks up
first what exists, and leaves that alone, so that running it again goes on where it stopped. It
changes nothing without --apply, and deletes nothing but the pool that GKE itself makes with a
cluster.
"""


def parser() -> console.Parser:
    """Returns the command line."""
    result = console.Parser(prog="python -m z2jh.cluster", description=_DESCRIPTION)
    add = result.add_argument
    add("environment", choices=layers.ENVIRONMENTS)
    add("layer", nargs="*", help="more layers, such as sandbox")
    add("--values", type=Path, default=layers.FOLDER, help="where the layers are, if not here")
    add("--billing-account", default="", help="who pays; without it no budget is made")
    add("--all", action="store_true", help="print every call, without looking what exists")
    add("--apply", action="store_true", help="make the calls, after asking")
    add("--yes", action="store_true", help="with --apply: do not ask")
    add("--json", action="store_true", help="the plan for machines")
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit status."""
    return console.main("cluster", parser().parse_intermixed_args, _make, argv)


def _make(arguments: argparse.Namespace) -> int:
    changes = _plan(arguments)
    if arguments.json:
        console.show_json([asdict(change) for change in changes])
    elif changes:
        console.show("\n".join(map(str, changes)))
    if not arguments.billing_account:
        console.tell("cluster: without --billing-account no budget is made")
    if not arguments.apply:
        return 0
    if not (arguments.yes or console.agreed(f"make these {len(changes)} calls?")):
        return 1
    plan.apply(changes, _run, console.tell)
    return 0


def _plan(arguments: argparse.Namespace) -> list[Change]:
    stack = layers.stack(arguments.environment, arguments.layer, arguments.values)
    if problems := custom.check(stack):
        raise FileError(str(problems[0]))
    found, problems = pools.read(stack)
    if problems:
        raise FileError(str(problems[0]))
    where = place.place(stack) if arguments.all else place.own(stack)
    resources = desired_state.resources(where, found, arguments.billing_account)
    if arguments.all:
        return list(plan.everything(resources))
    if not shutil.which("gcloud"):
        raise UnusableError("gcloud is not on PATH: install it, or see every call with --all")
    return list(plan.missing(where, resources, _run))


def _run(call: tuple[str, ...]) -> plan.Answer:
    try:
        done = subprocess.run(call, capture_output=True, text=True, check=False)
    except OSError as error:
        return plan.Answer(127, "", str(error))
    return plan.Answer(done.returncode, done.stdout, done.stderr)


if __name__ == "__main__":
    sys.exit(console.run(main))
