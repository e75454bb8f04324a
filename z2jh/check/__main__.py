"""`python -m z2jh.check`: says what is wrong with the values, one line each."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from . import chart as charts
from . import layers, program, secrecy
from .problems import Problem, UnusableError
from .whole import check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .chart import Chart, Pin
    from .layers import Stack

_EXIT_STATUS = """\
exit status:
  0  nothing is wrong
  1  something is: each line says what, where, and what to do
  2  a wrong argument; a file, helm or the chart cannot be used
"""
_LEFT_OUT = "the chart's schema and what it renders"
_DESCRIPTION = """\
Checks the hub's values: every combination of layers, or one environment with the layers named. It
reaches no cluster. The chart is the one that Z2JH_CHART names (a folder or a .tgz), else the one
that was pulled before; without it, the schema and what it renders are left out, which is said.
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m z2jh.check",
        description=_DESCRIPTION,
        epilog=_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
    """Run the command line; gives its exit status."""
    arguments = parser().parse_intermixed_args(argv)
    try:
        stacks = _stacks(arguments)
        pinned = charts.pin()
        chart, why_not = _chart(pinned, arguments)
        problems = [
            *(charts.mismatch(pinned, chart) if chart else ()),
            *secrecy.check_files(arguments.values.with_name("secrets")),
        ]
        for stack in stacks:
            if not (chart and problems):  # a wrong chart says wrong things of the values
                problems += check(stack, pinned, chart, renders=not arguments.no_render)
    except UnusableError as error:
        return program.fail("hub-check", error, 2, as_json=arguments.json)
    problems = list(dict.fromkeys(problems))
    if arguments.json:
        _print_json(stacks, chart, problems, why_not)
    else:
        _print(stacks, chart, problems, why_not)
    return 1 if problems else 0


def _stacks(arguments: argparse.Namespace) -> list[Stack]:
    if arguments.environment:
        return [layers.stack(arguments.environment, arguments.layer, arguments.values)]
    return list(layers.combinations(arguments.values))


def _chart(pinned: Pin, arguments: argparse.Namespace) -> tuple[Chart | None, str]:
    """The chart, or why there is none."""
    named = os.environ.get("Z2JH_CHART", "")
    try:
        if arguments.pull:
            return charts.read(charts.pull(pinned, charts.CACHE)), ""
        return charts.read(charts.find(pinned, named, charts.CACHE)), ""
    except charts.NoChartError as error:
        if arguments.pull or arguments.need_chart or named:
            raise
        return None, str(error)


def _print(stacks: list[Stack], chart: Chart | None, problems: list[Problem], why: str) -> None:
    for problem in problems:
        print(problem)
    if why:
        print(f"not checked: {_LEFT_OUT}, because {why}")
    held = f"chart {chart.version}" if chart else "no chart"
    found = f"{len(problems)} problem(s)" if problems else "nothing is wrong"
    print(f"{len(stacks)} combination(s) of layers, {held}: {found}")


def _print_json(
    stacks: list[Stack], chart: Chart | None, problems: list[Problem], why: str
) -> None:
    answer = {
        "layers": [stack.name for stack in stacks],
        "chart": chart.version if chart else None,
        "not_checked": why,
        "problems": [asdict(problem) for problem in problems],
    }
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    sys.exit(program.run(main))
