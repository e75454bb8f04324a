"""Open websockets: bytes pass both ways, without framing or a size limit."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING, Protocol

from tornado.iostream import SSLIOStream, StreamClosedError

from .pump import READ_SIZE, Pump

if TYPE_CHECKING:
    from tornado.iostream import IOStream

    from .traffic import Traffic

HALF_OPEN = 10.0
"""Seconds for which one direction outlives the other: browsers close with a FIN alone."""

# TCP drops a vanished peer after two minutes: seconds of silence, seconds between probes, probes.
_KEEPALIVE = (
    ("TCP_KEEPIDLE", 60),
    ("TCP_KEEPALIVE", 60),
    ("TCP_KEEPINTVL", 15),
    ("TCP_KEEPCNT", 4),
)


class Splice(Protocol):
    """An open websocket.

    Attributes:
        target: the request target, below our prefix.
    """

    target: str

    def close(self) -> None:
        """Closes both ends at once."""


@dataclass
class Websockets:
    """The open websockets of one upstream.

    Attributes:
        traffic: counts what they forward.
        half_open: seconds for which one direction outlives the other.
        splices: one for each open websocket.
    """

    traffic: Traffic
    half_open: float
    splices: set[Splice] = field(default_factory=set)

    def add(self, splice: Splice) -> None:
        """Counts a websocket that has opened."""
        self.splices.add(splice)
        self.traffic.websockets += 1

    def remove(self, splice: Splice) -> None:
        """Uncounts a websocket that has closed."""
        self.splices.remove(splice)
        self.traffic.websockets -= 1


def splice(
    browser: IOStream,
    upstream: socket.socket,
    target: str,
    greeting: bytes,
    websockets: Websockets,
) -> None:
    """Joins two connections until either fails or both directions have ended.

    Args:
        browser: the browser's connection, detached from the HTTP server.
        upstream: a connection on which upstream has accepted the upgrade.
        target: the request target, below our prefix.
        greeting: sent to the browser first: the head of the 101 response and the bytes behind it.
        websockets: the websockets of this upstream, which this one joins.
    """
    kind = _TlsSplice if isinstance(browser, SSLIOStream) else _SocketSplice
    opened = kind(browser, upstream, target, websockets)
    websockets.add(opened)
    opened.start(greeting)


@dataclass(eq=False)
class _SocketSplice:
    browser: InitVar[IOStream]
    upstream: socket.socket
    target: str
    websockets: Websockets
    _half_open_timer: asyncio.TimerHandle | None = None

    def __post_init__(self, browser: IOStream) -> None:
        self._early, self._browser = _take_over(browser)
        traffic = self.websockets.traffic
        self._up = Pump(self._browser, self.upstream, traffic.count_up, self._on_end, self.close)
        self._down = Pump(
            self.upstream, self._browser, traffic.count_down, self._on_end, self.close
        )

    def start(self, greeting: bytes) -> None:
        self._down.start(greeting)
        self._up.start(self._early)

    def close(self) -> None:
        if self not in self.websockets.splices:
            return
        self.websockets.remove(self)
        if self._half_open_timer:
            self._half_open_timer.cancel()
        for pump in (self._up, self._down):
            pump.stop()
        for sock in (self._browser, self.upstream):
            sock.close()

    def _on_end(self) -> None:
        if self._half_open_timer:
            self.close()
        else:
            loop = asyncio.get_running_loop()
            self._half_open_timer = loop.call_later(self.websockets.half_open, self.close)


def _set_options(stream: IOStream) -> None:
    stream.set_nodelay(True)
    sock = stream.socket
    if sock.family == socket.AF_UNIX:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        if option := getattr(socket, name, None):  # macOS calls the first one differently
            sock.setsockopt(socket.IPPROTO_TCP, option, value)


def _take_over(stream: IOStream) -> tuple[bytes, socket.socket]:
    """Returns what the HTTP server has read beyond the request, and a socket of our own."""
    _set_options(stream)
    sock = stream.socket.dup()
    early = b""
    with contextlib.suppress(StreamClosedError):
        while (read := asyncio.ensure_future(stream.read_bytes(READ_SIZE, partial=True))).done():
            early += read.result()
    stream.close()
    return early, sock


@dataclass(eq=False)
class _TlsSplice:
    """A splice over TLS, which has no half-close: when one side ends, both end."""

    browser: IOStream
    upstream: socket.socket
    target: str
    websockets: Websockets
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def start(self, greeting: bytes) -> None:
        _set_options(self.browser)
        self._task = self._loop.create_task(self._run(greeting))

    def close(self) -> None:
        self.browser.close()
        with contextlib.suppress(OSError):
            self.upstream.shutdown(socket.SHUT_RDWR)

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
            self.upstream.close()
            self.websockets.remove(self)

    async def _pump_up(self) -> None:
        with contextlib.suppress(OSError):  # StreamClosedError is one
            while data := await self.browser.read_bytes(READ_SIZE, partial=True):
                self.websockets.traffic.count_up(len(data))
                await self._loop.sock_sendall(self.upstream, data)

    async def _pump_down(self, greeting: bytes) -> None:
        data = greeting
        with contextlib.suppress(OSError):
            while data:
                self.websockets.traffic.count_down(len(data))
                await self.browser.write(data)
                data = await self._loop.sock_recv(self.upstream, READ_SIZE)
