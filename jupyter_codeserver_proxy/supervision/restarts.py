"""When code-server may be started again: with back-off, and not for ever."""

from __future__ import annotations

from collections import deque

# The n-th start within a minute comes so many seconds after the one before it, and there is no
# sixth.
BACKOFF = (0.0, 0.5, 1.0, 2.0, 4.0)
_WINDOW = 60.0


class Restarts:
    """The starts of the last minute, and what they allow.

    Args:
        backoff: seconds from the start before, for each start within a minute; its length is
            how many there may be.
    """

    def __init__(self, backoff: tuple[float, ...] = BACKOFF) -> None:
        self._backoff = backoff
        self._starts: deque[float] = deque()

    def wait(self, now: float) -> float | None:
        """Seconds until the next start may be; None: there were too many."""
        while self._starts and self._starts[0] <= now - _WINDOW:
            self._starts.popleft()
        count = len(self._starts)
        if count >= len(self._backoff):
            return None
        last = self._starts[-1] if self._starts else now
        return max(0.0, last + self._backoff[count] - now)

    def record(self, now: float) -> None:
        """Note a start."""
        self._starts.append(now)

    def forget(self) -> None:
        """Begin anew: somebody asked."""
        self._starts.clear()
