"""One HTTP/1 connection to a unix socket, carrying one request at a time."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import time
from typing import TYPE_CHECKING

from jupyter_codeserver_proxy.system import descriptors

from .errors import DisconnectedError, ExhaustedError, MalformedResponseError, UnreachableError
from .framing import MAX_HEAD, parse_head

if TYPE_CHECKING:
    from pathlib import Path

    from .framing import ResponseHead

READ_SIZE = 256 * 1024
"""Bytes read from the socket at once, and the most that is buffered for a slow browser."""
CONNECT_TIMEOUT = 5.0
"""Seconds to wait for room in the backlog of a socket that many connect to at once."""


class Connection:
    """A connection to upstream, in the pool or in use by one request."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.pooled = False
        """Whether it has been in the pool, where upstream may have closed it."""
        self.response_started = False
        """Whether any byte arrived since it was last taken from the pool."""
        self._buffer = b""
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[bytes] | None = None
        self._watched = False

    async def send(self, data: bytes) -> None:
        """Sends all of the data; waits while upstream does not read.

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
        """Returns the next bytes, or none at the end of the connection.

        Raises:
            DisconnectedError: the connection was reset.
        """
        if self._buffer:
            return self.take_buffer()
        try:
            data = await self._receive()
        except OSError as error:
            raise DisconnectedError("the connection was reset") from error
        if len(data) == READ_SIZE:
            await asyncio.sleep(0)  # a socket that is never empty must not block the event loop
        return data

    async def _receive(self) -> bytes:
        # asyncio's sock_recv registers with the kernel and unregisters for each read. Here the
        # socket stays watched between responses, which saves a twentieth of a small request. The
        # first bytes of a response take a while; the others are mostly there already.
        if self.response_started or not self._watched:
            with contextlib.suppress(BlockingIOError):
                return self._sock.recv(READ_SIZE)
        if not self._watched:
            self._loop.add_reader(self._sock, self._on_readable)
            self._watched = True
        self._waiting = self._loop.create_future()
        try:
            return await self._waiting
        finally:
            self._waiting = None

    def _on_readable(self) -> None:
        waiting = self._waiting
        if waiting is None or waiting.done():
            # Nobody reads: the bytes stay in the socket, so that upstream is slowed down.
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
        """Closes the socket; nothing may be waiting for it."""
        self._unwatch()
        self._sock.close()

    def detach(self) -> socket.socket:
        """Returns the socket, for another protocol than HTTP."""
        self._unwatch()
        return self._sock

    async def head(self) -> ResponseHead:
        """Returns the next response's head.

        Raises:
            DisconnectedError: the connection ended before the head did.
            MalformedResponseError: the head is not HTTP/1.
        """
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            if len(data) > MAX_HEAD:
                raise MalformedResponseError("its head does not end")
            more = await self.receive()
            if not more:
                raise DisconnectedError("the connection ended before a response came")
            self.response_started = True
            data += more
        self._buffer = data[end + 4 :]
        return parse_head(data[:end])

    def take_buffer(self) -> bytes:
        """Returns the bytes that have been read and not used, without waiting."""
        data, self._buffer = self._buffer, b""
        return data

    def push_back(self, data: bytes) -> None:
        """Puts bytes back that were read beyond the end of a message."""
        self._buffer = data

    def is_stale(self) -> bool:
        """Whether upstream closed this idle connection, or sent bytes without a request."""
        if self._buffer:
            return True
        if self._watched:
            return False  # if it ends at this very moment, the exchange sends the request again
        try:
            self._sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def abort(self) -> None:
        """Ends the connection from outside; a pending read or write fails."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)


async def open_connection(path: Path) -> Connection:
    """Returns a new connection to the unix socket at `path`.

    Raises:
        ExhaustedError: file descriptors are running out.
        UnreachableError: nothing listens.
    """
    if descriptors.left() < descriptors.RESERVE // 2:
        raise ExhaustedError
    try:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    except OSError as error:  # the whole machine has no descriptor left
        raise ExhaustedError from error
    sock.settimeout(0)
    deadline = time.monotonic() + CONNECT_TIMEOUT
    try:
        # asyncio's sock_connect mistakes a full backlog (EAGAIN) for a connection in progress.
        while (  # noqa: ASYNC110 -- the kernel has no event for room in a backlog
            code := sock.connect_ex(str(path))
        ) == errno.EAGAIN and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
    except BaseException as error:
        sock.close()
        if isinstance(error, OSError):  # the path is too long for a socket
            raise UnreachableError(f"no connection to its socket: {error}") from error
        raise
    if code:
        sock.close()
        raise UnreachableError(f"no connection to its socket: {os.strerror(code)}")
    return Connection(sock)
