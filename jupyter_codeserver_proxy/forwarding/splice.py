"""The two byte pumps of an open websocket: no framing, no size cap, with back-pressure."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Protocol

from tornado.iostream import SSLIOStream, StreamClosedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tornado.iostream import IOStream

    from .upstream import Upstream

READ_SIZE = 64 * 1024
"""Bytes moved at once, and the most that a reader which does not read makes us hold."""


HALF_OPEN = 10.0
"""Seconds for which one direction goes on when the other has ended: browsers close by FIN alone."""

# A peer that has vanished is gone two minutes later: seconds of silence, between probes, probes.
_KEEPALIVE = (
    ("TCP_KEEPIDLE", 60),
    ("TCP_KEEPALIVE", 60),
    ("TCP_KEEPINTVL", 15),
    ("TCP_KEEPCNT", 4),
)


class _Pump:
    """Moves bytes from one socket to another; reads on only when all of them are written."""

    def __init__(
        self,
        source: socket.socket,
        sink: socket.socket,
        count: Callable[[int], None],
        ended: Callable[[], None],
        failed: Callable[[], None],
    ) -> None:
        self._source = source
        self._sink = sink
        self._count = count
        self._ended = ended
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._pending = memoryview(b"")

    def start(self, early: bytes) -> None:
        """Passes on what had been read before, then what comes."""
        self._loop.add_reader(self._source, self._read)
        if early:
            self._write(early)

    def stop(self) -> None:
        """Leaves both sockets alone."""
        self._loop.remove_reader(self._source)
        self._loop.remove_writer(self._sink)

    def _read(self) -> None:
        try:
            data = self._source.recv(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._failed()
            return
        if data:
            self._write(data)
        else:
            self._finish()

    def _write(self, data: bytes) -> None:
        self._count(len(data))
        try:
            sent = self._sink.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._failed()
            return
        if sent < len(data):
            self._pending = memoryview(data)[sent:]
            self._loop.remove_reader(self._source)
            self._loop.add_writer(self._sink, self._flush)

    def _flush(self) -> None:
        try:
            sent = self._sink.send(self._pending)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._failed()
            return
        self._pending = self._pending[sent:]
        if not self._pending:
            self._loop.remove_writer(self._sink)
            self._loop.add_reader(self._source, self._read)

    def _finish(self) -> None:
        self._loop.remove_reader(self._source)
        try:
            self._sink.shutdown(socket.SHUT_WR)
        except OSError:
            self._failed()
        else:
            self._ended()


class Splice(Protocol):
    """An open websocket.

    Attributes:
        target: what the browser asked for, below our prefix.
    """

    target: str

    def close(self) -> None:
        """Closes both ends at once."""


def splice(
    client: IOStream,
    upstream: socket.socket,
    target: str,
    greeting: bytes,
    connections: Upstream,
) -> None:
    """Joins a browser's connection and one to upstream until either fails or both have ended.

    Args:
        client: the browser's connection, detached from the HTTP server.
        upstream: a connection on which upstream has agreed to the upgrade.
        target: what the browser asked for.
        greeting: what goes to the browser first: the head of that response, and what followed it.
        connections: counts what passes, and keeps this one while it is open.
    """
    kind = _TlsSplice if isinstance(client, SSLIOStream) else _SocketSplice
    opened = kind(client, upstream, target, connections)
    connections.splices.add(opened)
    connections.traffic.websockets += 1
    opened.start(greeting)


class _SocketSplice:
    def __init__(
        self,
        client: IOStream,
        upstream: socket.socket,
        target: str,
        connections: Upstream,
    ) -> None:
        self.target = target
        self._early, self._client = _taken_over(client)
        self._upstream = upstream
        self._traffic = connections.traffic
        self._splices = connections.splices
        self._half_open = connections.half_open
        self._ending: asyncio.TimerHandle | None = None
        self._up = _Pump(self._client, upstream, self._traffic.count_up, self._ended, self.close)
        self._down = _Pump(
            upstream, self._client, self._traffic.count_down, self._ended, self.close
        )

    def start(self, greeting: bytes) -> None:
        self._down.start(greeting)
        self._up.start(self._early)

    def close(self) -> None:
        if self not in self._splices:
            return
        self._splices.remove(self)
        self._traffic.websockets -= 1
        if self._ending:
            self._ending.cancel()
        for half in (self._up, self._down):
            half.stop()
        for sock in (self._client, self._upstream):
            sock.close()

    def _ended(self) -> None:
        if self._ending:
            self.close()
        else:
            loop = asyncio.get_running_loop()
            self._ending = loop.call_later(self._half_open, self.close)


def _prepare(stream: IOStream) -> None:
    stream.set_nodelay(True)
    sock = stream.socket
    if sock.family == socket.AF_UNIX:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        if option := getattr(socket, name, None):  # macOS has another name for the first
            sock.setsockopt(socket.IPPROTO_TCP, option, value)


def _taken_over(stream: IOStream) -> tuple[bytes, socket.socket]:
    """What the HTTP server has read beyond the request, and a socket of our own."""
    _prepare(stream)
    sock = stream.socket.dup()
    early = b""
    with contextlib.suppress(StreamClosedError):
        while (read := asyncio.ensure_future(stream.read_bytes(READ_SIZE, partial=True))).done():
            early += read.result()
    stream.close()
    return early, sock


class _TlsSplice:
    """TLS knows no half-close: when either side ends, both do."""

    def __init__(
        self,
        client: IOStream,
        upstream: socket.socket,
        target: str,
        connections: Upstream,
    ) -> None:
        self.target = target
        self._client = client
        self._upstream = upstream
        self._traffic = connections.traffic
        self._splices = connections.splices
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None

    def start(self, greeting: bytes) -> None:
        _prepare(self._client)
        self._task = self._loop.create_task(self._run(greeting))

    def close(self) -> None:
        self._client.close()
        with contextlib.suppress(OSError):
            self._upstream.shutdown(socket.SHUT_RDWR)

    async def _run(self, greeting: bytes) -> None:
        pumps = [
            self._loop.create_task(self._pump_up()),
            self._loop.create_task(self._pump_down(greeting)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            self.close()
            await asyncio.wait(pumps)
        finally:
            self.close()
            self._upstream.close()
            self._splices.discard(self)
            self._traffic.websockets -= 1

    async def _pump_up(self) -> None:
        with contextlib.suppress(OSError):  # StreamClosedError is one
            while data := await self._client.read_bytes(READ_SIZE, partial=True):
                self._traffic.count_up(len(data))
                await self._loop.sock_sendall(self._upstream, data)

    async def _pump_down(self, greeting: bytes) -> None:
        data = greeting
        with contextlib.suppress(OSError):
            while data:
                self._traffic.count_down(len(data))
                await self._client.write(data)
                data = await self._loop.sock_recv(self._upstream, READ_SIZE)
