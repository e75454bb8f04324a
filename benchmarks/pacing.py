"""When bytes that enter a slow link come out of it."""

from __future__ import annotations

from dataclasses import dataclass

_LEAST_BUFFER = 64 << 10  # bytes


@dataclass(frozen=True)
class Profile:
    """An access link, the same in both directions.

    Attributes:
        megabits: its rate in Mbit/s (10^6 bits), of payload: headers of TCP and IP are free.
        round_trip: in milliseconds, half of it each way.
    """

    megabits: float
    round_trip: float

    @property
    def rate(self) -> float:
        """Bytes a second."""
        return self.megabits * 1e6 / 8

    @property
    def delay(self) -> float:
        """Seconds from one end to the other."""
        return self.round_trip / 2000

    @property
    def buffer(self) -> int:
        """Bytes that may wait: the bandwidth-delay product, which is the rule for routers."""
        return max(_LEAST_BUFFER, round(self.rate * 2 * self.delay))


class Pacer:
    """One direction of a link: a queue that is emptied at a rate, and then a delay.

    A token bucket that holds no tokens in reserve: bytes leave one after the other, in the order
    in which they came, whoever sent them. Times are seconds on any clock that the caller likes.
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._free_at = 0.0

    def full_for(self, now: float) -> float:
        """Seconds until the queue takes bytes again; 0.0 when it does."""
        backlog = self._free_at - now - self._profile.buffer / self._profile.rate
        return max(0.0, backlog)

    def send(self, now: float, size: int) -> float:
        """Queue `size` bytes at the time `now`.

        Returns:
            The time at which the last of them arrives.
        """
        self._free_at = max(now, self._free_at) + size / self._profile.rate
        return self._free_at + self._profile.delay
