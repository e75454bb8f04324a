"""The command line `python -m benchmarks.classroom`: measures, and says what is reached."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from benchmarks import console, machine, report
from benchmarks.errors import NotPossibleError
from benchmarks.preparation import chromium, prepared
from benchmarks.results import Results
from jupyter_codeserver_proxy.codeserver import executable

from .measurements import ROWS, Step
from .runs import Classroom, visits, write_files

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def parser() -> argparse.ArgumentParser:
    """Returns the parser of the command line."""
    result = console.parser(
        "python -m benchmarks.classroom",
        "A notebook and a Python file in VS Code, measured beside JupyterLab and beside Pyright. "
        "A whole run takes half an hour, on a machine that does nothing else.",
    )
    console.add_choice(result, "--only", [step.value for step in Step])
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    options = parser().parse_args(arguments)
    return console.exit_status(lambda: _work(options))


def _work(options: argparse.Namespace) -> int:
    results = _measure(options)
    parts = [report.full_table(results, ROWS), report.machine(results)]
    return console.show(parts, report.verdicts(results, ROWS), check=options.check)


def _measure(options: argparse.Namespace) -> Results:
    plan = visits(options.repeat, [Step(name) for name in options.only or Step])
    code_server = executable.find("", os.environ).path.absolute()
    installation = executable.installation(code_server)
    if installation is None:
        raise NotPossibleError(f"{code_server} is no code-server with a node of its own.")
    browser = chromium()
    results = Results(machine.describe(code_server, browser))
    with prepared(code_server, compressed=True) as setup:
        write_files(setup.workspace)
        classroom = Classroom(setup, installation.root / "lib/node", browser)
        console.take_all(plan, classroom.take, results, options.json)
    return results


if __name__ == "__main__":
    console.run(main)
