"""Simulated time and chance."""

from __future__ import annotations

import math
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .parameters import Parameters


class Environment:
    """A queue of events, which runs them in order of simulated time.

    Events are callables in a heap. SimPy, with a process for each student, takes four times as
    long for the same events, and a term has 160,000 logins.

    Attributes:
        now: POSIX seconds.
        random: seeded by the parameters.
    """

    def __init__(self, start: float, parameters: Parameters) -> None:
        self.now = start
        self.parameters = parameters
        self.random = Random(parameters.seed)  # noqa: S311 -- a simulation
        self._events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = count()

    def at(self, time: float, callback: Callable[..., None], *arguments: Any) -> None:  # noqa: ANN401 -- passed on
        """Calls back at a time."""
        heappush(self._events, (time, next(self._order), callback, arguments))

    def run(self, end: float) -> None:
        """Runs all events before the end."""
        events = self._events
        while events and events[0][0] < end:
            self.now, _, callback, arguments = heappop(events)
            callback(*arguments)
        self.now = end

    def log_normal(self, median: float, sigma: float) -> float:
        """Draws a duration."""
        return median * math.exp(self.random.gauss(0, sigma)) if median else 0.0
