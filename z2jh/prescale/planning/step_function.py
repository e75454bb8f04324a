"""Step functions: integers that change at certain times."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class StepFunction:
    """An integer at each instant: 0 before the first step.

    Attributes:
        times: POSIX seconds of the steps, ascending and distinct.
        values: value from each step until the next.
    """

    times: tuple[int, ...] = ()
    values: tuple[int, ...] = ()

    def at(self, time: float) -> int:
        """Returns the value at a time."""
        place = bisect_right(self.times, time) - 1
        return self.values[place] if place >= 0 else 0

    def maximum(self, start: int, end: int) -> int:
        """Returns the greatest value from the start to before the end."""
        first, last = bisect_right(self.times, start), bisect_right(self.times, end - 1)
        return max(self.values[max(0, first - 1) : last], default=0)

    def integral(self, start: int, end: int) -> float:
        """Returns the integral over a time, in units times seconds."""
        inside = [time for time in self.times if start < time < end]
        edges = [start, *inside, end]
        return sum(self.at(left) * (right - left) for left, right in pairwise(edges))


def total(spans: Iterable[tuple[int, int, int]]) -> StepFunction:
    """Adds up spans in O(n log n); each is a start, an exclusive end and an amount."""
    changes: dict[int, int] = {}
    for start, end, amount in spans:
        if start < end and amount:
            changes[start] = changes.get(start, 0) + amount
            changes[end] = changes.get(end, 0) - amount
    times = sorted(changes)
    return simplified(times, accumulate(changes[time] for time in times))


def simplified(times: Iterable[int], values: Iterable[int]) -> StepFunction:
    """Removes the steps that change nothing."""
    kept: list[tuple[int, int]] = []
    for time, value in zip(times, values, strict=True):
        if value != (kept[-1][1] if kept else 0):
            kept.append((time, value))
    return StepFunction(tuple(time for time, _ in kept), tuple(value for _, value in kept))


def combined(parts: Iterable[StepFunction], how: Callable[[list[int]], int]) -> StepFunction:
    """Combines functions: `how` maps the simultaneous values of all, in their order, to one."""
    parts = list(parts)
    current = [0] * len(parts)
    changes = sorted(
        (time, number, value)
        for number, part in enumerate(parts)
        for time, value in zip(part.times, part.values, strict=True)
    )
    results: dict[int, int] = {}
    for time, number, value in changes:
        current[number] = value
        results[time] = how(current)
    return simplified(results, results.values())


def without_gaps(steps: StepFunction, shortest: int) -> StepFunction:
    """Raises dips that last less than `shortest` seconds to the lower of their two edges."""
    while True:
        times, values = steps.times, list(steps.values)
        for place in range(1, len(times) - 1):
            edge = min(values[place - 1], values[place + 1])
            if values[place] < edge and times[place + 1] - times[place] < shortest:
                values[place] = edge
        steps = simplified(times, values)
        if len(steps.times) == len(times):
            return steps
