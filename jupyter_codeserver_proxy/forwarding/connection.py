"""One HTTP/1 connection to a unix socket, carrying one request at a time.

UpstreamError
├── ExhaustedError       no descriptor is left for a connection
├── UnreachableError     nothing listens on the socket
├── DisconnectedError    the connection ended before the response did
└── HeadTooLargeError    it took the request's head for too large (`exchange`)
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import time
from typing import TYPE_CHECKING

from jupyter_codeserver_proxy.system import descriptors

from .framing import MAX_HEAD, MalformedResponseError, parse_head

if TYPE_CHECKING:
    from pathlib import Path

    from .framing import ResponseHead

READ_SIZE = 256 * 1024
"""Bytes read from the socket at once, which is also all that a slow browser makes us hold."""
CONNECT_PATIENCE = 5.0
"""Seconds to wait for room in the backlog of a socket that many connect to at once."""


class UpstreamError(Exception):
    """Upstream did not answer."""


class ExhaustedError(UpstreamError):
    """No descriptor is left for another connection."""

    def __init__(self) -> None:
        super().__init__("too many files and connections are open at once")


class UnreachableError(UpstreamError):
    """Nothing listens on the socket."""


class DisconnectedError(UpstreamError):
    """The connection ended before the response did."""


class Connection:
    """It is ours from when it is taken from the pool until it is returned."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.pooled = False
        """Whether it waited in the pool, where upstream may have closed it meanwhile."""
        self.heard = False
        """Whether anything came back since it was last taken from the pool."""
        self._unread = b""
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[bytes] | None = None
        self._watched = False

    async def send(self, data: bytes) -> None:
        """Writes all of it, waiting while upstream does not read.

        Raises:
            DisconnectedError: upstream has closed its end.
        """
        try:
            with contextlib.suppress(BlockingIOError):
                data = data[self._sock.send(data) :]
            if data:
                await self._loop.sock_sendall(self._sock, data)
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
            data = await self._received()
        except OSError as error:
            raise DisconnectedError("the connection was reset") from error
        if len(data) == READ_SIZE:
            await asyncio.sleep(0)  # a socket that is never empty must not keep the loop
        return data

    async def _received(self) -> bytes:
        # asyncio's sock_recv tells the kernel twice for each piece; this stays watched from one
        # response to the next, which is a twentieth of a small request. The first piece of a
        # response takes its time, and the others are mostly there already.
        if self.heard or not self._watched:
            with contextlib.suppress(BlockingIOError):
                return self._sock.recv(READ_SIZE)
        if not self._watched:
            self._loop.add_reader(self._sock, self._readable)
            self._watched = True
        self._waiting = self._loop.create_future()
        try:
            return await self._waiting
        finally:
            self._waiting = None

    def _readable(self) -> None:
        waiting = self._waiting
        if waiting is None or waiting.done():
            # Nobody asks for more yet: it waits in the socket, so that upstream waits too.
            self._unwatch()
            return
        try:
            waiting.set_result(self._sock.recv(READ_SIZE))
        except BlockingIOError:
            return
        except OSError as error:
            waiting.set_exception(error)

    def _unwatch(self) -> None:
        if self._watched:
            self._loop.remove_reader(self._sock)
            self._watched = False

    def close(self) -> None:
        """Closes it; nobody waits for it any more."""
        self._unwatch()
        self._sock.close()

    def detach(self) -> socket.socket:
        """The socket, for who speaks another protocol on it."""
        self._unwatch()
        return self._sock

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
        if self._unread:
            return True
        if self._watched:
            return False  # an end that comes this very moment is for the exchange, which asks anew
        try:
            self._sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def abort(self) -> None:
        """Ends it from outside: whoever waits for it is woken with an error."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)


async def connected(path: Path) -> Connection:
    """A new connection to the unix socket at `path`.

    Raises:
        ExhaustedError: descriptors are few.
        UnreachableError: nothing listens.
    """
    if descriptors.left() < descriptors.RESERVE // 2:
        raise ExhaustedError
    try:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    except OSError as error:  # of the whole machine
        raise ExhaustedError from error
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
    return Connection(sock)
