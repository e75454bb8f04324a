"""Counts of what is forwarded, for metrics and for the judgement of activity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone


@dataclass
class Traffic:
    """Counts of what has been forwarded since Jupyter started.

    Attributes:
        websockets: websockets that are open now.
        bytes_up: bytes sent to upstream.
        bytes_down: bytes sent to browsers.
        last_up: when a browser last sent something; idle windows send keepalives, too.
    """

    websockets: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    last_up: datetime | None = None

    def count_request(self) -> None:
        """Notes the time of a request."""
        self.last_up = datetime.now(timezone.utc)

    def count_up(self, number: int) -> None:
        """Counts bytes sent to upstream."""
        self.bytes_up += number
        self.last_up = datetime.now(timezone.utc)

    def count_down(self, number: int) -> None:
        """Counts bytes sent to a browser."""
        self.bytes_down += number
