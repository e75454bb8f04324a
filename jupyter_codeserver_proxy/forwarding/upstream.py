"""Pooled HTTP/1 connections to one unix socket, and a count of what passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from .connection import connected
from .splice import HALF_OPEN

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from .connection import Connection
    from .splice import Splice

MAX_IDLE = 16
"""Idle connections kept; a browser opens six to one host."""


@dataclass
class Traffic:
    """What has been forwarded, for metrics."""

    websockets: int = 0
    """How many are open now."""
    bytes_up: int = 0
    bytes_down: int = 0
    last_up: datetime | None = None
    """When a browser last sent something; the windows that are merely open do so too."""

    def count_request(self) -> None:
        """Notes that a browser asked for something."""
        self.last_up = datetime.now(timezone.utc)

    def count_up(self, number: int) -> None:
        """Counts bytes towards upstream."""
        self.bytes_up += number
        self.last_up = datetime.now(timezone.utc)

    def count_down(self, number: int) -> None:
        """Counts bytes towards the browser."""
        self.bytes_down += number


class Upstream:
    """The server behind one unix socket; a new one for each start of that server."""

    def __init__(
        self, path: Path, traffic: Traffic | None = None, half_open: float = HALF_OPEN
    ) -> None:
        self.path = path
        self.half_open = half_open
        """Seconds for which one direction of a websocket outlives the other."""
        self.traffic = traffic if traffic is not None else Traffic()
        self.splices: set[Splice] = set()
        self._idle: list[Connection] = []
        self._active: set[Connection] = set()

    async def connect(self, *, fresh: bool = False) -> Connection:
        """A connection that is ours until it is released or discarded.

        Raises:
            ExhaustedError: descriptors are few.
            UnreachableError: nothing listens.
        """
        connection = None if fresh else self._pooled()
        if connection is None:
            connection = await connected(self.path)
        connection.heard = False
        self._active.add(connection)
        return connection

    def release(self, connection: Connection) -> None:
        """Keeps a connection whose response was read to its end for the next request."""
        self._active.discard(connection)
        if len(self._idle) < MAX_IDLE:
            connection.pooled = True
            self._idle.append(connection)
        else:
            connection.close()

    def discard(self, connection: Connection) -> None:
        """Closes a connection that is of no more use."""
        self._active.discard(connection)
        connection.close()

    def detach(self, connection: Connection) -> socket.socket:
        """Hands the socket over to who speaks another protocol on it."""
        self._active.discard(connection)
        return connection.detach()

    def close(self) -> None:
        """Ends every connection, websockets included."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()
        for connection in self._active:
            connection.abort()
        for splice in tuple(self.splices):
            splice.close()

    def has_window(self) -> bool:
        """Whether a VS Code window is open; an application behind `proxy/PORT/` is none."""
        return any("reconnectionToken=" in splice.target for splice in self.splices)

    def _pooled(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_stale():
                return connection
            connection.close()
        return None
