"""`python -m z2jh.cluster`: says what of the cluster is missing, and makes it when asked to."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from z2jh.check import custom, layers, program
from z2jh.check.pools import parse
from z2jh.check.problems import UnusableError

from . import place, plan, wish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .plan import Change

_EXIT_STATUS = """\
exit status:
  0  the plan was printed; with --apply: the cluster is as the values say
  1  stopped: a call failed, or the answer to the question was no
  2  a wrong argument, values that cannot be used, or gcloud is missing
"""
_DESCRIPTION = """\
Prints the calls of gcloud that make the cluster as the values of an environment say. What exists is
looked up first and left alone, so that running it again goes on where it stopped. Nothing is
changed without --apply. Nothing is deleted but the pool that GKE itself makes with a cluster.
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m z2jh.cluster",
        description=_DESCRIPTION,
        epilog=_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
    """Run the command line; gives its exit status."""
    arguments = parser().parse_intermixed_args(argv)
    try:
        changes = _plan(arguments)
    except plan.CallError as error:
        return program.fail("cluster", error, 1, as_json=arguments.json)
    except UnusableError as error:
        return program.fail("cluster", error, 2, as_json=arguments.json)
    _print(changes, as_json=arguments.json)
    if not arguments.billing_account:
        print("cluster: without --billing-account no budget is made", file=sys.stderr)
    if not arguments.apply:
        return 0
    if not (arguments.yes or _agreed(f"make these {len(changes)} calls?")):
        return 1
    try:
        plan.apply(changes, _run, lambda line: print(line, file=sys.stderr))
    except plan.CallError as error:
        print(f"cluster: {error}", file=sys.stderr)
        return 1
    return 0


def _plan(arguments: argparse.Namespace) -> list[Change]:
    stack = layers.stack(arguments.environment, arguments.layer, arguments.values)
    pools, problems = parse(stack)
    problems = [*custom.check(stack), *problems]
    if problems:
        raise UnusableError(str(problems[0]))
    where = place.place(stack) if arguments.all else place.own(stack)
    resources = wish.resources(where, pools, arguments.billing_account)
    if arguments.all:
        return list(plan.everything(resources))
    if not shutil.which("gcloud"):
        raise UnusableError("gcloud is not on PATH: install it, or see every call with --all")
    return list(plan.missing(where, resources, _run))


def _print(changes: list[Change], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(change) for change in changes], indent=1))
        return
    for change in changes:
        print(change)


def _agreed(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() == "y"
    except EOFError:
        return False


def _run(call: tuple[str, ...]) -> plan.Answer:
    try:
        done = subprocess.run(call, capture_output=True, text=True, check=False)
    except OSError as error:
        return plan.Answer(127, "", str(error))
    return plan.Answer(done.returncode, done.stdout, done.stderr)


if __name__ == "__main__":
    sys.exit(program.run(main))
