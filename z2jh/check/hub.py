"""What the rules look at: the values of one hub, and the pools of its cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from z2jh.hubvalues.layers import Stack, Values
    from z2jh.hubvalues.pools import Pool
    from z2jh.problems import Problem


@dataclass(frozen=True)
class Hub:
    """One hub, with its layers and the pools of its cluster."""

    stack: Stack
    values: Values  # the layers, over the chart's defaults where the chart is at hand
    pools: list[Pool]

    def problem(self, message: str, *path: str | int) -> Problem:
        """Returns a problem with one value."""
        return self.stack.problem(path, message)
