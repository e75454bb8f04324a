"""A notebook for each kernel, which prints `total 6`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

CPP = [
    "#include <iostream>\n#include <vector>\nstd::vector<int> numbers{1, 2, 3}; // kept",
    """int total(const std::vector<int> &all) {
    int sum = 0;
    for (int each : all)
        sum += each; // one by one
    return sum;
}""",
    'std::cout << "total " << total(numbers) << std::endl;',
]

NOTEBOOKS = {
    "python3": ["numbers = [1, 2, 3]", "print('total', sum(numbers))"],
    "ir": ["numbers <- c(1, 2, 3)", "cat('total', sum(numbers))"],
    "bash": ["let total=1+2+3", "echo total $total"],
    "cpp": CPP,
    "java": ["int total = 1 + 2 + 3;", 'System.out.println("total " + total);'],
    "jslab": ["const numbers = [1, 2, 3]", "console.log('total', numbers.length * 2)"],
    "tslab": ["const total: number = 6", "console.log('total', total)"],
    "octave": ["numbers = [1 2 3];", "printf('total %d', sum(numbers))"],
    "julia": ["numbers = [1, 2, 3];", 'println("total ", sum(numbers))'],
}


def notebook(kernel: str, cells: Sequence[str], language: str = "") -> str:
    """Return a notebook that names its kernel, and its language as JupyterLab does."""
    made: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": cell,
        }
        for number, cell in enumerate(cells)
    ]
    metadata = {"kernelspec": {"name": kernel, "display_name": "", "language": language}}
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
