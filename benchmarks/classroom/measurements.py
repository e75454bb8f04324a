"""The rows of the table, and the targets."""

from __future__ import annotations

from enum import Enum

from benchmarks.measurements import (
    MEBIBYTES,
    MILLISECONDS,
    SECONDS,
    Contender,
    Row,
    Target,
    above,
    at,
)


class Step(str, Enum):
    """A measurement that can run by itself; the value is its name on the command line."""

    FIRST_CELL = "first-cell"
    LINES = "lines"
    PYTHON = "python"
    KERNELS_MEMORY = "kernels-memory"
    PYTHON_MEMORY = "python-memory"


_LAB, _OFF, _OURS = Contender.JUPYTERLAB, Contender.OFF, Contender.OURS

CONTENDERS = {
    Step.FIRST_CELL: (_LAB, _OURS),
    Step.LINES: (_LAB, _OURS),
    Step.PYTHON: (_OURS,),
    Step.KERNELS_MEMORY: (_OFF, _OURS),
    Step.PYTHON_MEMORY: (_OFF, _OURS, Contender.PYRIGHT),
}

# fmt: off
ROWS = (
    Row("first-cell", Step.FIRST_CELL, "`dice.ipynb`: Run All to its output", SECONDS,
        targets=(at(1.5, _LAB),)),
    Row("first-cell-page", Step.FIRST_CELL, "the same from opening the page", SECONDS),
    Row("lines", Step.LINES, "10,000 lines of output", SECONDS,
        targets=(at(1.2, _LAB),)),
    Row("diagnostic", Step.PYTHON, "`temperature.py`: opened to its error", SECONDS,
        targets=(Target(3.0),)),
    Row("completion", Step.PYTHON, "completion: typed to shown", MILLISECONDS,
        targets=(Target(0.150),)),
    Row("kernels-memory", Step.KERNELS_MEMORY, "code-server with `dice.ipynb` (PSS)", MEBIBYTES,
        targets=(above(15 * 2**20, _OFF),)),
    Row("python-memory", Step.PYTHON_MEMORY, "code-server with `temperature.py` (PSS)", MEBIBYTES,
        targets=(above(150 * 2**20, _OFF),)),
    Row("checker-memory", Step.PYTHON_MEMORY, "of that the type checker (PSS)", MEBIBYTES),
)
# fmt: on
