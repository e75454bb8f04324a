"""Decides when code-server may be started again: with a back-off, and five times a minute."""

from __future__ import annotations

from collections import deque

# Seconds from the previous start to the n-th start within a minute. A sixth start is refused.
BACKOFF = (0.0, 0.5, 1.0, 2.0, 4.0)
_WINDOW = 60.0


class Restarts:
    """The starts of the last minute, and when the next one may be.

    Args:
        backoff: seconds from the previous start, for each start within a minute. Its length is
            the number of starts that a minute may have.
    """

    def __init__(self, backoff: tuple[float, ...] = BACKOFF) -> None:
        self._backoff = backoff
        self._starts: deque[float] = deque()

    def wait(self, now: float) -> float | None:
        """Returns the seconds until the next start; None after too many starts."""
        while self._starts and self._starts[0] <= now - _WINDOW:
            self._starts.popleft()
        count = len(self._starts)
        if count >= len(self._backoff):
            return None
        last = self._starts[-1] if self._starts else now
        return max(0.0, last + self._backoff[count] - now)

    def record(self, now: float) -> None:
        """Records a start."""
        self._starts.append(now)

    def forget(self) -> None:
        """Forgets all starts, as a person asks for one."""
        self._starts.clear()
