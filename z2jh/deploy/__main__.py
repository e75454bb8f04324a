"""`python -m z2jh.deploy`: checks, shows the difference, asks, upgrades, waits, tries the hub."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from z2jh.check import chart as charts
from z2jh.check import layers, secrecy, whole
from z2jh.check.helm import HelmError
from z2jh.check.layers import get
from z2jh.check.problems import UnusableError
from z2jh.cluster import wish

from . import difference, smoke
from .release import Release

if TYPE_CHECKING:
    from collections.abc import Sequence

    from z2jh.check.chart import Chart
    from z2jh.check.layers import Stack

_EXIT_STATUS = """\
exit status:
  0  deployed and well; nothing to change; with --plan: the difference was shown
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
    add("--rollback", nargs="?", const="", metavar="REVISION", help="go back instead")
    add("--wait", type=int, default=_WAIT, help="minutes for the upgrade (default: %(default)s)")
    add("--url", default="", help="try the hub there (default: its first host name)")
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives its exit status."""
    arguments = parser().parse_intermixed_args(argv)
    try:
        stack = layers.stack(arguments.environment, arguments.layer, arguments.values)
        release = Release(wish.own(stack), arguments.wait)
        if arguments.rollback is not None:
            return _roll_back(arguments, stack, release)
        return _deploy(arguments, stack, release)
    except UnusableError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 2


def _deploy(arguments: argparse.Namespace, stack: Stack, release: Release) -> int:
    chart = charts.read(charts.find(charts.pin(), os.environ.get("Z2JH_CHART", "")))
    if not _is_right(arguments, stack, chart):
        return 1
    release.check_secret(get(stack.values, "hub", "existingSecret"))
    lines = difference.between(release.manifests(), release.would_be(chart.folder, stack))
    print("\n".join(lines) or "nothing would change")
    if arguments.plan or not lines:
        return 0
    if not (arguments.yes or _agreed(f"deploy this to {release.place.context}?")):
        return 1
    try:
        release.upgrade(chart.folder, stack)
    except HelmError as error:
        return _failed(arguments, str(error))
    return _try(arguments, stack)


def _is_right(arguments: argparse.Namespace, stack: Stack, chart: Chart) -> bool:
    """Whether there is nothing to mend; says what there is."""
    pinned = charts.pin()
    problems = [
        *charts.mismatch(pinned, chart),
        *secrecy.check_files(arguments.values.with_name("secrets")),
    ]
    problems = problems or whole.check(stack, pinned, chart)
    for problem in problems:
        print(problem)
    return not problems


def _roll_back(arguments: argparse.Namespace, stack: Stack, release: Release) -> int:
    print(release.history())
    goal = f"revision {arguments.rollback}" if arguments.rollback else "the revision before"
    if not (arguments.yes or _agreed(f"go back to {goal} on {release.place.context}?")):
        return 1
    try:
        release.rollback(arguments.rollback)
    except HelmError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 1
    return _try(arguments, stack)


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
    print(f"deploy: {said}\ndeploy: to go back: {back}", file=sys.stderr)
    return 1


def _agreed(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() == "y"
    except EOFError:
        return False


if __name__ == "__main__":
    sys.exit(main())
