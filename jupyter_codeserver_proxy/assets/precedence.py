"""Has workbench.js arrive first: a browser compiles it while the others arrive."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from statistics import linear_regression
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Browser = tuple[str | None, ...]  # whatever tells one from another

# The others may come too early, and take turns with the last of it, at hardly any loss; if they
# come too late, the link has stood idle. So an estimate is not waited for to its end, nor longer
# than a browser takes to compile workbench.js.
_PRUDENCE = 0.75
_LONGEST = 1.0  # seconds

_HALF = 0.5


def still_under_way(taken: Sequence[tuple[float, float]]) -> float:
    """For how long a file that has been handed over still travels, in seconds.

    Kernels, proxies and routers hold a part of it. They fill at the beginning; from then on it is
    taken at the link's own rate. So what they hold is where the line of its first half begins,
    and, counted from its end, what that of its second half has not had the time for: the lesser
    holds, as the rate may have changed. A proxy that takes all of it at once, as a hub's does, is
    no different from a fast link: 0.0.

    Args:
        taken: after how many seconds, which share of the file had been taken, in order.
    """
    first = [(seconds, share) for seconds, share in taken if share <= _HALF]
    second = [(seconds, share) for seconds, share in taken if share > _HALF]
    for half in (first, second):
        if not half or half[0][0] == half[-1][0]:
            return 0.0  # too fast to tell
    whole, share = taken[-1]
    if share < 1.0:
        return 0.0  # the browser has left
    held = linear_regression(*zip(*first, strict=True)).intercept
    rate = linear_regression(*zip(*second, strict=True)).slope
    return max(0.0, min(held / rate, 1 / rate - whole))


class Delivery:
    """A file on its way to a browser."""

    def __init__(self) -> None:
        """Begins now."""
        self._begun = time.monotonic()
        self._taken: list[tuple[float, float]] = []
        self._over = asyncio.Event()

    def taken(self, share: float) -> None:
        """So much of the file has been taken, from 0 to 1."""
        self._taken.append((time.monotonic() - self._begun, share))

    def end(self) -> None:
        """No more of it comes."""
        seconds = min(_LONGEST, _PRUDENCE * still_under_way(self._taken))
        asyncio.get_running_loop().call_later(seconds, self._finish)

    async def over(self) -> None:
        """Wait until most of it has arrived."""
        await self._over.wait()

    def _finish(self) -> None:
        self._over.set()


class Precedence:
    """The latest delivery to each browser."""

    def __init__(self) -> None:
        """Nothing is under way."""
        # Forgotten with their last user: the block below, the timer, whoever waits.
        self._deliveries: WeakValueDictionary[Browser, Delivery] = WeakValueDictionary()

    @contextmanager
    def first(self, browser: Browser) -> Iterator[Delivery]:
        """Deliver within this block what goes first."""
        delivery = self._deliveries[browser] = Delivery()
        try:
            yield delivery
        finally:
            delivery.end()

    async def others(self, browser: Browser) -> None:
        """Wait until what goes first is there, if it is under way."""
        if delivery := self._deliveries.get(browser):
            await delivery.over()
