"""A number that changes in steps over time."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class Steps:
    """A number for each instant: 0 before the first step, and each step's until the next.

    Attributes:
        times: POSIX seconds, ascending, each once.
        values: what holds from the time on.
    """

    times: tuple[int, ...] = ()
    values: tuple[int, ...] = ()

    def at(self, time: float) -> int:
        """What holds at a time."""
        place = bisect_right(self.times, time) - 1
        return self.values[place] if place >= 0 else 0

    def most(self, start: int, end: int) -> int:
        """The greatest from the start to before the end."""
        first, last = bisect_right(self.times, start), bisect_right(self.times, end - 1)
        return (
            max(self.values[first:last], default=0)
            if not first
            else max(self.values[first - 1 : last])
        )

    def integral(self, start: int, end: int) -> float:
        """The sum over a time, in units times seconds."""
        inside = [it for it in self.times if start < it < end]
        edges = [start, *inside, end]
        return sum(self.at(left) * (right - left) for left, right in pairwise(edges))


def total(spans: Iterable[tuple[int, int, int]]) -> Steps:
    """Add spans up, each a start, an exclusive end and an amount. Takes n log n time."""
    changes: dict[int, int] = {}
    for start, end, amount in spans:
        if start < end and amount:
            changes[start] = changes.get(start, 0) + amount
            changes[end] = changes.get(end, 0) - amount
    times = sorted(changes)
    return squeezed(times, accumulate(changes[time] for time in times))


def squeezed(times: Iterable[int], values: Iterable[int]) -> Steps:
    """Leave out the steps that change nothing."""
    kept: list[tuple[int, int]] = []
    for time, value in zip(times, values, strict=True):
        if value != (kept[-1][1] if kept else 0):
            kept.append((time, value))
    return Steps(tuple(time for time, _ in kept), tuple(value for _, value in kept))


def combined(parts: Iterable[Steps], how: Callable[[list[int]], int]) -> Steps:
    """One number out of several, wherever one of them changes.

    Args:
        parts: what is combined.
        how: gives the number of those that hold at the same time, in the parts' order.
    """
    parts = list(parts)
    current = [0] * len(parts)
    changes = sorted(
        (time, number, value)
        for number, part in enumerate(parts)
        for time, value in zip(part.times, part.values, strict=True)
    )
    times: list[int] = []
    values: list[int] = []
    for time, number, value in changes:
        current[number] = value
        if times and times[-1] == time:
            values[-1] = how(current)
        else:
            times.append(time)
            values.append(how(current))
    return squeezed(times, values)


def without_gaps(steps: Steps, shortest: int) -> Steps:
    """Fill dips that last less than so many seconds up to the lower of their two edges."""
    times, values = list(steps.times), list(steps.values)
    changed = True
    while changed:
        changed = False
        for place in range(1, len(times) - 1):
            edge = min(values[place - 1], values[place + 1])
            if values[place] < edge and times[place + 1] - times[place] < shortest:
                values[place] = edge
                changed = True
        kept = squeezed(times, values)
        changed = changed and len(kept.times) < len(times)
        times, values = list(kept.times), list(kept.values)
    return Steps(tuple(times), tuple(values))
