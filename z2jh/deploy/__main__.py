"""`python -m z2jh.deploy`: checks, shows the difference, asks, upgrades, waits, tries the hub."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from z2jh import console
from z2jh.check.rendering import chart as charts
from z2jh.check.rendering.helm import HelmError
from z2jh.check.rules import examples, secret_scan
from z2jh.check.run import check
from z2jh.cluster import place
from z2jh.hubvalues import layers
from z2jh.hubvalues.layers import get

from . import difference, smoke
from .release import MissingError, Release, earlier

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from z2jh.check.rendering.chart import Chart, Pin
    from z2jh.hubvalues.layers import Stack

    from .release import Revision

_WAIT = 15  # minutes: the hook pulls the image onto every node first
_PATIENCE = 180  # seconds for the first certificate


def parser() -> console.Parser:
    """Returns the command line."""
    description = "Deploys an environment's values, and checks them before and the hub after."
    result = console.Parser(prog="python -m z2jh.deploy", description=description)
    add = result.add_argument
    add("environment", choices=layers.ENVIRONMENTS)
    add("layer", nargs="*", help="more layers: classes/NAME, exams, sandbox")
    add("--values", type=Path, default=layers.FOLDER, help="where the layers are, if not here")
    add("--plan", action="store_true", help="show the difference and stop")
    add("--yes", action="store_true", help="do not ask")
    goal = "go back instead, to the last revision that was well or to one that is named"
    add("--rollback", nargs="?", const="", metavar="REVISION", help=goal)
    add("--wait", type=int, default=_WAIT, help="minutes for the upgrade (default: %(default)s)")
    add("--url", default="", help="try the hub there (default: its first host name)")
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit status."""
    return console.main("deploy", parser().parse_intermixed_args, _run, argv)


def _run(arguments: argparse.Namespace) -> int:
    stack = layers.stack(arguments.environment, arguments.layer, arguments.values)
    if arguments.rollback is not None:
        return _roll_back(arguments, stack)
    return _deploy(arguments, stack)


def _deploy(arguments: argparse.Namespace, stack: Stack) -> int:
    named = os.environ.get("Z2JH_CHART", "")
    pinned = charts.pin()
    chart = charts.read(charts.find(pinned, named, charts.CACHE))
    if not _is_right(arguments, stack, pinned, chart):
        return 1
    release = Release(place.own(stack), arguments.wait)
    release.check_secret(get(stack.values, "hub", "existingSecret"))
    is_needed = _show(release, chart, stack)
    if arguments.plan:
        return 0
    if is_needed:
        if not (arguments.yes or console.agreed(f"deploy this to {release.place.context}?")):
            return 1
        try:
            release.upgrade(chart.path, stack)
        except HelmError as error:
            return _failed(arguments, str(error))
    return _try(arguments, stack)


def _show(release: Release, chart: Chart, stack: Stack) -> bool:
    """Shows what would change, and returns whether there is a reason to deploy."""
    revisions = release.revisions()
    now = release.manifests() if revisions else []
    lines = difference.between(now, release.would_be(chart.path, stack))
    console.show("\n".join(lines) or "nothing would change")
    if lines or not revisions or revisions[-1].status == "deployed":
        return bool(lines)
    # Then the cluster may have only a part of what helm shows as deployed.
    console.show(f"but the last deployment is '{revisions[-1].status}', so it is made again")
    return True


def _is_right(arguments: argparse.Namespace, stack: Stack, pinned: Pin, chart: Chart) -> bool:
    """Shows what is to be mended, and returns whether nothing is."""
    problems = [
        *charts.mismatch(pinned, chart),
        *secret_scan.check_files(arguments.values.with_name("secrets")),
    ]
    problems = problems or check(stack, pinned, chart) or examples.check(stack)
    for problem in problems:
        console.show(str(problem))
    return not problems


def _roll_back(arguments: argparse.Namespace, stack: Stack) -> int:
    release = Release(place.own(stack), arguments.wait)
    revisions = release.revisions()
    console.show("\n".join(map(str, revisions)))
    goal = _goal(revisions, arguments.rollback)
    question = f"go back to revision {goal.number} on {release.place.context}?"
    if not (arguments.yes or console.agreed(question)):
        return 1
    try:
        release.rollback(goal)
    except HelmError as error:
        return console.fail("deploy", error, 1)
    return _try(arguments, stack)


def _goal(revisions: list[Revision], named: str) -> Revision:
    """Returns the revision to go back to."""
    if not named:
        goal = earlier(revisions)
        if not goal:
            raise MissingError("there is no earlier revision that was well: mend and deploy")
        return goal
    numbers = {str(revision.number): revision for revision in revisions}
    if named in numbers:
        return numbers[named]
    known = ", ".join(numbers) or "none"
    raise MissingError(f"no revision '{named}': helm remembers {known}")


def _try(arguments: argparse.Namespace, stack: Stack) -> int:
    url = arguments.url or f"https://{get(stack.values, 'proxy', 'https', 'hosts')[0]}"
    try:
        version = smoke.wait(url, _PATIENCE)
    except smoke.NotWellError as error:
        return _failed(arguments, str(error))
    console.show(f"{url} is well: JupyterHub {version}")
    return 0


def _failed(arguments: argparse.Namespace, said: str) -> int:
    back = f"make rollback ENV={arguments.environment}"
    if arguments.values.resolve() != layers.FOLDER:
        back += f" VALUES={arguments.values}"
    console.tell(f"deploy: {said}\ndeploy: to go back: {back}")
    return 1


if __name__ == "__main__":
    sys.exit(console.run(main))
