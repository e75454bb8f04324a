"""Pooled HTTP/1 connections and websockets to one unix socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .connection import open_connection
from .splice import HALF_OPEN, Websockets
from .traffic import Traffic

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from .connection import Connection

MAX_IDLE = 16
"""Idle connections in the pool; a browser opens six to one host."""


class Upstream:
    """The server behind one unix socket; each start of code-server gets a new one.

    Args:
        path: the socket.
        traffic: counts what is forwarded.
        half_open: seconds for which one direction of a websocket outlives the other.
    """

    def __init__(
        self, path: Path, traffic: Traffic | None = None, half_open: float = HALF_OPEN
    ) -> None:
        self.path = path
        self.traffic = traffic if traffic is not None else Traffic()
        self.websockets = Websockets(self.traffic, half_open)
        self._idle: list[Connection] = []
        self._active: set[Connection] = set()

    async def connect(self, *, fresh: bool = False) -> Connection:
        """Returns a connection, which the caller releases, discards or detaches.

        Args:
            fresh: whether to open a new one in any case, and take none from the pool.

        Raises:
            ExhaustedError: file descriptors are running out.
            UnreachableError: nothing listens on the socket.
        """
        connection = None if fresh else self._take_idle()
        if connection is None:
            connection = await open_connection(self.path)
        connection.response_started = False
        self._active.add(connection)
        return connection

    def release(self, connection: Connection) -> None:
        """Returns a connection to the pool; its response was read to the end."""
        self._active.discard(connection)
        if len(self._idle) < MAX_IDLE:
            connection.pooled = True
            self._idle.append(connection)
        else:
            connection.close()

    def discard(self, connection: Connection) -> None:
        """Closes a connection that cannot serve another request."""
        self._active.discard(connection)
        connection.close()

    def detach(self, connection: Connection) -> socket.socket:
        """Returns a connection's socket, for another protocol than HTTP."""
        self._active.discard(connection)
        return connection.detach()

    def close(self) -> None:
        """Ends all connections and websockets."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()
        for connection in self._active:
            connection.abort()
        for splice in tuple(self.websockets.splices):
            splice.close()

    def has_window(self) -> bool:
        """Whether a VS Code window is open; websockets of applications do not count."""
        return any("reconnectionToken=" in splice.target for splice in self.websockets.splices)

    def _take_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_stale():
                return connection
            connection.close()
        return None
