"""One forwarded request: sends it upstream, and its response to the browser."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from jupyter_codeserver_proxy.system import descriptors

from .errors import (
    DisconnectedError,
    ExhaustedError,
    HeadTooLargeError,
    MalformedResponseError,
)
from .exchange import Exchange
from .framing import SWITCHING_PROTOCOLS
from .headers import is_upgrade, request_head, response_head, wants_close
from .initiator import is_navigation
from .splice import splice

if TYPE_CHECKING:
    from tornado.http1connection import HTTP1Connection
    from tornado.httputil import HTTPServerRequest

    from .decision import Forward
    from .framing import ResponseHead
    from .headers import ClientInfo

_DELAY = 3.0  # seconds without a response after which upstream is late
_NO_LIMIT = 1 << 62
_CONTINUE = 100
_HEAD_TOO_LARGE = 431


@dataclass(eq=False)
class Transfer:
    """The state of one forwarded request.

    Responses bypass Tornado's own writing: the browser gets upstream's framing, trailers and
    interim responses.

    Attributes:
        request: the browser's request.
        client: the client that sent it.
        prefix: our path on Jupyter's server, without a slash at its end.
        cookies: Jupyter's own `Set-Cookie` lines, which the response gets.
        forward: where to send the request, and what happens to its response.
        responding: passes the response on while the request's body is being sent.
        response_started: whether the browser may have got a part of the response.
        closes: whether the browser's connection ends with the response.
        stream: the browser's connection.
        exchange: the exchange with upstream; an internal redirect begins another one.
    """

    request: HTTPServerRequest
    client: ClientInfo
    prefix: bytes
    cookies: list[bytes]
    forward: Forward
    responding: asyncio.Future[None] | None = None
    response_started: bool = False
    _delay_timer: asyncio.TimerHandle | None = None

    def __post_init__(self) -> None:
        request = self.request
        self._method = request.method or ""
        self._is_upgrade = is_upgrade(self._method, request.headers)
        self.closes = request.version == "HTTP/1.0" or wants_close(request.headers)
        # Every connection of Tornado's HTTP/1 server is one of these.
        self._connection = cast("HTTP1Connection", request.connection)
        self.stream = self._connection.stream
        self.exchange = self._new_exchange()

    def _new_exchange(self) -> Exchange:
        version, headers = self.request.version, self.request.headers
        head = request_head(self._method, self.forward.target, version, headers, self.client)
        return Exchange(self.forward.upstream, head)

    async def begin(self) -> None:
        """Connects, and sends the request's head.

        Raises:
            ExhaustedError: file descriptors are running out.
            UnreachableError: nothing listens.
        """
        self.forward.upstream.traffic.count_request()
        # A websocket keeps two descriptors, and a page opens some. With none left, Tornado cannot
        # accept the connection on which to explain it, and logs that forever.
        lasting = self._is_upgrade or is_navigation(self._method, self.request.headers)
        if lasting and descriptors.left() < descriptors.RESERVE:
            raise ExhaustedError
        await self.exchange.begin()
        if not self.exchange.sent:
            self._connection.set_max_body_size(_NO_LIMIT)

    async def send(self, data: bytes) -> None:
        """Sends a piece of the request's body, as fast as upstream reads."""
        self.forward.upstream.traffic.count_up(len(data))
        await self.exchange.send(data)

    async def response_head(self) -> ResponseHead:
        """Returns the head of the response to pass on, after following an internal redirect.

        Raises:
            UpstreamError: there is no response, or it is not HTTP/1.
        """
        head = await self._upstream_head()
        redirect = self.forward.internal_redirect(head)
        if redirect:
            await self.exchange.read_body()
            self.exchange.close()
            self.forward = redirect
            self.exchange = self._new_exchange()
            await self.exchange.begin()
            head = await self._upstream_head()
        if head.status == SWITCHING_PROTOCOLS and not self._is_upgrade:
            raise MalformedResponseError("it switches protocols unasked")
        return head

    async def _upstream_head(self) -> ResponseHead:
        self._start_delay_timer()
        try:
            return await self.exchange.response(self._pass_interim)
        finally:
            if self._delay_timer:
                self._delay_timer.cancel()

    def _start_delay_timer(self) -> None:
        self._delay_timer = asyncio.get_running_loop().call_later(_DELAY, self._on_delay)

    def _on_delay(self) -> None:
        self.forward.on_delay()
        self._start_delay_timer()

    async def _pass_interim(self, head: ResponseHead) -> None:
        # Tornado answers `Expect: 100-continue` itself. HTTP/1.0 has no interim responses.
        if head.status != _CONTINUE and self.request.version != "HTTP/1.0":
            await self.stream.write(self._browser_head(head))

    async def first_piece(self, head: ResponseHead) -> bytes:
        """Returns the head for the browser, and the body as far as it has been read.

        Raises:
            HeadTooLargeError: upstream refused the request's head without a word.
            UpstreamError: the body was cut, or its framing is broken.
        """
        # Tornado would send a second response if the rest of the request's body were malformed.
        self.closes |= not self.exchange.sent
        if rewrite := self.forward.rewrite(head):
            body = rewrite(await self.exchange.read_body())
            return self._browser_head(head.with_content_length(len(body))) + body
        self.closes |= self.exchange.until_close
        body = self.exchange.buffered_body()
        if head.status == _HEAD_TOO_LARGE:
            if not (body or self.exchange.complete):
                with suppress(DisconnectedError):  # node does not read the rest, and resets
                    body = await self.exchange.read()
            if not body:  # node's own response, which browsers show as a blank page
                raise HeadTooLargeError
        return self._browser_head(head) + body

    async def pass_on(self, piece: bytes) -> None:
        """Sends the first piece to the browser, and then the rest as fast as the browser reads.

        Raises:
            UpstreamError: the body was cut, or its framing is broken.
            StreamClosedError: the browser has left.
        """
        self.response_started = True
        while piece:
            self.forward.upstream.traffic.count_down(len(piece))
            await self.stream.write(piece)
            piece = b"" if self.exchange.complete else await self.exchange.read()

    def open_websocket(self, head: ResponseHead) -> None:
        """Joins upstream's connection and the browser's, which Tornado has detached."""
        sock, early = self.exchange.detach()
        greeting = self._browser_head(head) + early
        websockets = self.forward.upstream.websockets
        splice(self.stream, sock, self.forward.target, greeting, websockets)

    def _browser_head(self, head: ResponseHead) -> bytes:
        added = self.cookies + self.forward.header_lines(head)
        if self.closes:
            added.append(b"Connection: close")
        return response_head(head, self.prefix, self.client, added)
