"""Pooled HTTP/1 connections to one unix socket.

UpstreamError
├── UnreachableError     nothing listens on the socket
└── DisconnectedError    the connection ended before the response did
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from .framing import MAX_HEAD, MalformedResponseError, parse_head

if TYPE_CHECKING:
    from pathlib import Path

    from .framing import ResponseHead
    from .splice import Splice

READ_SIZE = 256 * 1024
"""Bytes read from the socket at once, which is also all that a slow browser makes us hold."""
MAX_IDLE = 16
"""Idle connections kept; a browser opens six to one host."""
CONNECT_PATIENCE = 5.0
"""Seconds to wait for room in the backlog of a socket that many connect to at once."""


class UpstreamError(Exception):
    """Upstream did not answer."""


class UnreachableError(UpstreamError):
    """Nothing listens on the socket."""


class DisconnectedError(UpstreamError):
    """The connection ended before the response did."""


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


class Connection:
    """One connection to upstream, carrying one request at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.pooled = False
        """Whether it waited in the pool, where upstream may have closed it meanwhile."""
        self.heard = False
        """Whether anything came back since it was last taken from the pool."""
        self._unread = b""
        self._loop = asyncio.get_running_loop()

    async def send(self, data: bytes) -> None:
        """Writes all of it, waiting while upstream does not read.

        Raises:
            DisconnectedError: upstream has closed its end.
        """
        try:
            await self._loop.sock_sendall(self.sock, data)
        except OSError as error:
            raise DisconnectedError("the connection ended while the request was sent") from error

    async def receive(self) -> bytes:
        """The next bytes, or nothing at the end.

        Raises:
            DisconnectedError: the connection was reset.
        """
        if self._unread:
            data, self._unread = self._unread, b""
            return data
        try:
            data = await self._loop.sock_recv(self.sock, READ_SIZE)
        except OSError as error:
            raise DisconnectedError("the connection was reset") from error
        if len(data) == READ_SIZE:
            await asyncio.sleep(0)  # a socket that is never empty must not keep the loop
        return data

    async def head(self) -> ResponseHead:
        """The next response's head.

        Raises:
            DisconnectedError: the connection ended before the head did.
            MalformedResponseError: it is not HTTP/1.
        """
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            if len(data) > MAX_HEAD:
                raise MalformedResponseError("its head does not end")
            more = await self.receive()
            if not more:
                raise DisconnectedError("the connection ended before a response came")
            self.heard = True
            data += more
        self._unread = data[end + 4 :]
        return parse_head(data[:end])

    def take_unread(self) -> bytes:
        """What has been received already, without waiting."""
        data, self._unread = self._unread, b""
        return data

    def give_back(self, data: bytes) -> None:
        """Returns what was received beyond the end of a message."""
        self._unread = data

    def is_stale(self) -> bool:
        """Whether upstream closed this idle connection, or sent what nobody asked for."""
        try:
            self.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return bool(self._unread)
        except OSError:
            return True
        return True

    def abort(self) -> None:
        """Ends it from outside: whoever waits for it is woken with an error."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


class Upstream:
    """The server behind one unix socket; a new one for each start of that server."""

    def __init__(self, path: Path, traffic: Traffic | None = None) -> None:
        self.path = path
        self.traffic = traffic if traffic is not None else Traffic()
        self.splices: set[Splice] = set()
        self._idle: list[Connection] = []
        self._active: set[Connection] = set()

    async def connect(self, *, fresh: bool = False) -> Connection:
        """A connection that is ours until it is released or discarded.

        Raises:
            UnreachableError: nothing listens.
        """
        connection = None if fresh else self._pooled()
        if connection is None:
            connection = Connection(await _connected(self.path))
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
            connection.sock.close()

    def discard(self, connection: Connection) -> None:
        """Closes a connection that is of no more use."""
        self._active.discard(connection)
        connection.sock.close()

    def detach(self, connection: Connection) -> socket.socket:
        """Hands the socket over to who speaks another protocol on it."""
        self._active.discard(connection)
        return connection.sock

    def close(self) -> None:
        """Ends every connection, websockets included."""
        for connection in self._idle:
            connection.sock.close()
        self._idle.clear()
        for connection in self._active:
            connection.abort()
        for splice in tuple(self.splices):
            splice.close()

    def _pooled(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_stale():
                return connection
            connection.sock.close()
        return None


async def _connected(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(0)
    deadline = time.monotonic() + CONNECT_PATIENCE
    try:
        # asyncio's sock_connect would take a full backlog (EAGAIN) for a connection under way.
        while (  # noqa: ASYNC110 -- the kernel has no event for room in a backlog
            code := sock.connect_ex(str(path))
        ) == errno.EAGAIN and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
    except BaseException as error:
        sock.close()
        if isinstance(error, OSError):  # a path too long for a socket
            raise UnreachableError(f"no connection to its socket: {error}") from error
        raise
    if code:
        sock.close()
        raise UnreachableError(f"no connection to its socket: {os.strerror(code)}")
    return sock
