"""`python -m z2jh.check`: says what is wrong with the values, one line each."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from z2jh import console
from z2jh.hubvalues import layers

from .rendering import chart as charts
from .rules import secret_scan
from .run import check

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from z2jh.hubvalues.layers import Stack
    from z2jh.problems import Problem

    from .rendering.chart import Chart, Pin

_LEFT_OUT = "the chart's schema and what it renders"
_DESCRIPTION = """\
Checks the hub's values: every combination of layers, or one environment with the layers named. It
reaches no cluster. The chart is the one that Z2JH_CHART names (a folder or a .tgz), else the one
that was pulled before. Without a chart, its schema and what it renders are not checked, and the
output says so.
"""


def parser() -> console.Parser:
    """Returns the command line."""
    result = console.Parser(prog="python -m z2jh.check", description=_DESCRIPTION)
    add = result.add_argument
    add("environment", nargs="?", help=" or ".join(layers.ENVIRONMENTS))
    add("layer", nargs="*", help="more layers: classes/NAME, exams, sandbox")
    add("--values", type=Path, default=layers.FOLDER, help="where the layers are, if not here")
    add("--pull", action="store_true", help="have helm fetch the pinned chart first")
    add("--need-chart", action="store_true", help="without a chart, end with status 2")
    add("--no-render", action="store_true", help="leave helm out")
    add("--json", action="store_true", help="for machines: what was checked, and each problem")
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit status."""
    return console.main("hub-check", parser().parse_intermixed_args, _check, argv)


def _check(arguments: argparse.Namespace) -> int:
    stacks = _stacks(arguments)
    pinned = charts.pin()
    chart, why_not = _chart(pinned, arguments)
    problems = [
        *(charts.mismatch(pinned, chart) if chart else ()),
        *secret_scan.check_files(arguments.values.with_name("secrets")),
    ]
    for stack in stacks:
        if not (chart and problems):  # a wrong chart says wrong things of the values
            problems += check(stack, pinned, chart, renders=not arguments.no_render)
    problems = list(dict.fromkeys(problems))
    (_show_json if arguments.json else _show)(stacks, chart, problems, why_not)
    return 1 if problems else 0


def _stacks(arguments: argparse.Namespace) -> list[Stack]:
    if arguments.environment:
        return [layers.stack(arguments.environment, arguments.layer, arguments.values)]
    return list(layers.combinations(arguments.values))


def _chart(pinned: Pin, arguments: argparse.Namespace) -> tuple[Chart | None, str]:
    """Returns the chart, or None and the reason."""
    named = os.environ.get("Z2JH_CHART", "")
    try:
        if arguments.pull:
            return charts.read(charts.pull(pinned, charts.CACHE)), ""
        return charts.read(charts.find(pinned, named, charts.CACHE)), ""
    except charts.NoChartError as error:
        if arguments.pull or arguments.need_chart or named:
            raise
        return None, str(error)


def _show(stacks: list[Stack], chart: Chart | None, problems: list[Problem], why: str) -> None:
    lines = [str(problem) for problem in problems]
    if why:
        lines.append(f"not checked: {_LEFT_OUT}, because {why}")
    at_hand = f"chart {chart.version}" if chart else "no chart"
    found = f"{len(problems)} problem(s)" if problems else "nothing is wrong"
    console.show("\n".join([*lines, f"{len(stacks)} combination(s) of layers, {at_hand}: {found}"]))


def _show_json(stacks: list[Stack], chart: Chart | None, problems: list[Problem], why: str) -> None:
    console.show_json({
        "layers": [stack.name for stack in stacks],
        "chart": chart.version if chart else None,
        "not_checked": why,
        "problems": [
            {"where": problem.where, "path": problem.path, "message": problem.message}
            for problem in problems
        ],
    })  # fmt: skip


if __name__ == "__main__":
    sys.exit(console.run(main))
