"""Computes when bytes that enter a slow link leave it."""

from __future__ import annotations

from dataclasses import dataclass

_MIN_BUFFER = 64 << 10  # bytes


@dataclass(frozen=True)
class Profile:
    """An access link, the same in both directions.

    Attributes:
        megabits: the rate of payload in Mbit/s (10^6 bits); headers of TCP and IP do not count.
        round_trip: the round trip in milliseconds, half of it each way.
    """

    megabits: float
    round_trip: float

    @property
    def rate(self) -> float:
        """The rate in bytes a second."""
        return self.megabits * 1e6 / 8

    @property
    def delay(self) -> float:
        """The seconds from one end to the other."""
        return self.round_trip / 2000

    @property
    def buffer(self) -> int:
        """The bytes that may wait: the bandwidth-delay product, as is the rule for routers."""
        return max(_MIN_BUFFER, round(self.rate * 2 * self.delay))


class Pacer:
    """One direction of a link: a queue that drains at a rate, followed by a delay.

    It is a token bucket without a reserve of tokens: bytes leave in the order in which they came,
    from whatever connection. Times are seconds of any clock.
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._free_at = 0.0

    def full_for(self, now: float) -> float:
        """Returns the seconds until the queue accepts bytes again; 0.0 if it does now."""
        backlog = self._free_at - now - self._profile.buffer / self._profile.rate
        return max(0.0, backlog)

    def send(self, now: float, size: int) -> float:
        """Queues `size` bytes at the time `now`; returns when the last of them arrives."""
        self._free_at = max(now, self._free_at) + size / self._profile.rate
        return self._free_at + self._profile.delay
