"""The command line `python -m benchmarks`: measures, and says which targets are reached."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_codeserver_proxy.codeserver import executable

from . import console, machine, plot, report
from .errors import NotPossibleError
from .measurements import SERVERS, Contender, Step
from .preparation import chromium, prepared
from .results import Results, from_json
from .runs import Bench, visits

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def parser() -> argparse.ArgumentParser:
    """Returns the parser of the command line."""
    result = console.parser(
        "python -m benchmarks",
        "VS Code in Jupyter, measured beside the peer and beside code-server itself. "
        "A whole run takes more than an hour, on a machine that does nothing else.",
    )
    console.add_choice(result, "--only", [step.value for step in Step])
    console.add_choice(result, "--contender", [server.value for server in SERVERS])
    add = result.add_argument
    add("--plot", type=Path, metavar="FILE", help="draw the short table to FILE, as .svg or .png")
    add("--from-json", type=Path, metavar="FILE", help="measure nothing: report what --json wrote")
    add("--short", action="store_true", help="print the short table alone")
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    options = parser().parse_args(arguments)
    return console.exit_status(lambda: _work(options))


def _work(options: argparse.Namespace) -> int:
    results = _read(options.from_json) if options.from_json else _measure(options)
    if options.plot:
        _draw(results, options.plot)
    parts = [report.short_table(results)]
    if not options.short:
        parts += [report.full_table(results), report.machine(results), report.notes()]
    return console.show(parts, report.verdicts(results), check=options.check)


def _read(file: Path) -> Results:
    try:
        return from_json(json.loads(file.read_text(encoding="utf-8")))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise NotPossibleError(f"{file} is not what --json writes.") from error


def _draw(results: Results, file: Path) -> None:
    try:
        plot.draw(results, file)
    except ImportError as error:
        raise NotPossibleError(
            f"--plot needs matplotlib: pip install matplotlib ({error})."
        ) from error
    except ValueError as error:
        raise NotPossibleError(f"{file} cannot be drawn: {error}.") from error


def _measure(options: argparse.Namespace) -> Results:
    chosen = [Contender(name) for name in options.contender or SERVERS]
    plan = visits(options.repeat, chosen, [Step(name) for name in options.only or Step])
    code_server = executable.find("", os.environ).path.absolute()
    browser = chromium()
    results = Results(machine.describe(code_server, browser))
    with prepared(code_server, compressed=Contender.OURS in chosen) as setup:
        console.take_all(plan, Bench(setup, browser).take, results, options.json)
    return results


if __name__ == "__main__":
    console.run(main)
