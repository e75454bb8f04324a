"""`python -m z2jh.deploy`: checks, shows the difference, asks, upgrades, waits, tries the hub."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from z2jh.check import chart as charts
from z2jh.check import examples, layers, program, secrecy, whole
from z2jh.check.helm import HelmError
from z2jh.check.layers import get
from z2jh.check.problems import UnusableError
from z2jh.cluster import place

from . import difference, smoke
from .release import MissingError, Release, earlier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from z2jh.check.chart import Chart
    from z2jh.check.layers import Stack

    from .release import Revision

_EXIT_STATUS = """\
exit status:
  0  deployed, or nothing to change, and the hub is well; with --plan: the difference was shown
  1  the values are wrong, the answer was no, or the upgrade or the hub failed
  2  a wrong argument; the chart, helm, kubectl or the cluster cannot be used
"""
_WAIT = 15  # minutes: the hook pulls the image onto every node first
_PATIENCE = 180  # seconds for the first certificate


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m z2jh.deploy",
        description="Deploys an environment's values, with what is checked before and after.",
        epilog=_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
    """Run the command line; gives its exit status."""
    arguments = parser().parse_intermixed_args(argv)
    try:
        stack = layers.stack(arguments.environment, arguments.layer, arguments.values)
        if arguments.rollback is not None:
            return _roll_back(arguments, stack)
        return _deploy(arguments, stack)
    except UnusableError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 2


def _deploy(arguments: argparse.Namespace, stack: Stack) -> int:
    named = os.environ.get("Z2JH_CHART", "")
    chart = charts.read(charts.find(charts.pin(), named, charts.CACHE))
    if not _is_right(arguments, stack, chart):
        return 1
    release = Release(place.own(stack), arguments.wait)
    release.check_secret(get(stack.values, "hub", "existingSecret"))
    is_needed = _show(release, chart, stack)
    if arguments.plan:
        return 0
    if is_needed:
        if not (arguments.yes or _agreed(f"deploy this to {release.place.context}?")):
            return 1
        try:
            release.upgrade(chart.path, stack)
        except HelmError as error:
            return _failed(arguments, str(error))
    return _try(arguments, stack)


def _show(release: Release, chart: Chart, stack: Stack) -> bool:
    """Print what would change; whether there is a reason to deploy."""
    revisions = release.revisions()
    now = release.manifests() if revisions else []
    lines = difference.between(now, release.would_be(chart.path, stack))
    print("\n".join(lines) or "nothing would change")
    if lines or not revisions or revisions[-1].status == "deployed":
        return bool(lines)
    # What helm shows as deployed may then be there in part.
    print(f"but the last deployment is '{revisions[-1].status}', so it is made again")
    return True


def _is_right(arguments: argparse.Namespace, stack: Stack, chart: Chart) -> bool:
    """Whether there is nothing to mend; says what there is."""
    pinned = charts.pin()
    problems = [
        *charts.mismatch(pinned, chart),
        *secrecy.check_files(arguments.values.with_name("secrets")),
    ]
    problems = problems or whole.check(stack, pinned, chart) or examples.check(stack)
    for problem in problems:
        print(problem)
    return not problems


def _roll_back(arguments: argparse.Namespace, stack: Stack) -> int:
    release = Release(place.own(stack), arguments.wait)
    revisions = release.revisions()
    print("\n".join(str(each) for each in revisions))
    goal = _goal(revisions, arguments.rollback)
    question = f"go back to revision {goal.number} on {release.place.context}?"
    if not (arguments.yes or _agreed(question)):
        return 1
    try:
        release.rollback(goal)
    except HelmError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 1
    return _try(arguments, stack)


def _goal(revisions: list[Revision], named: str) -> Revision:
    """The revision to go back to."""
    if not named:
        goal = earlier(revisions)
        if not goal:
            raise MissingError("there is no earlier revision that was well: mend and deploy")
        return goal
    for each in revisions:
        if str(each.number) == named:
            return each
    known = ", ".join(str(each.number) for each in revisions) or "none"
    raise MissingError(f"no revision '{named}': helm remembers {known}")


def _try(arguments: argparse.Namespace, stack: Stack) -> int:
    url = arguments.url or f"https://{get(stack.values, 'proxy', 'https', 'hosts')[0]}"
    try:
        version = smoke.wait(url, _PATIENCE)
    except smoke.NotWellError as error:
        return _failed(arguments, str(error))
    print(f"{url} is well: JupyterHub {version}")
    return 0


def _failed(arguments: argparse.Namespace, said: str) -> int:
    back = f"make rollback ENV={arguments.environment}"
    if arguments.values.resolve() != layers.FOLDER:
        back += f" VALUES={arguments.values}"
    print(f"deploy: {said}\ndeploy: to go back: {back}", file=sys.stderr)
    return 1


def _agreed(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() == "y"
    except EOFError:
        return False


if __name__ == "__main__":
    sys.exit(program.run(main))
