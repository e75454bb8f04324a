"""The data plane: a request that is let in goes to code-server's socket, byte for byte."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from jupyter_server.utils import url_path_join
from tornado import web
from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamClosedError

from jupyter_codeserver_proxy.system import descriptors

from .access import GuardedHandler
from .access_log import log_unseen
from .connection import ExhaustedError, UpstreamError
from .exchange import Exchange, HeadTooLargeError
from .framing import SWITCHING_PROTOCOLS, MalformedResponseError
from .headers import (
    Visitor,
    has_body,
    is_upgrade,
    request_head,
    response_head,
    wants_close,
)
from .refusals import RefusedRequestError, check
from .sender import is_navigation
from .splice import splice

if TYPE_CHECKING:
    from tornado.http1connection import HTTP1Connection

    from .framing import ResponseHead
    from .headers import RequestHead
    from .upstream import Upstream

_NO_LIMIT = 1 << 62
_CONTINUE = 100
_LATE = 3.0  # seconds after which a response is late, and again after as many
_HEAD_TOO_LARGE = 431


@web.stream_request_body
class ProxyHandler(GuardedHandler):
    """Forwards what is below `{base_url}codeserver/`; a subclass says where to.

    Heads are cleaned (see `headers`); bodies and websockets pass as they are. Jupyter's
    `last_activity` is not touched. Responses bypass Tornado's own writing: upstream's framing,
    trailers and interim responses are what the browser gets.
    """

    _forwarded = False
    _exchange: Exchange | None = None
    _answering: asyncio.Future[None] | None = None

    @abstractmethod
    async def upstream(self) -> Upstream | None:
        """Whom to forward this request to; it is authenticated and authorised by now.

        None says that the request has been answered instead: with a page, or a 503.
        """

    async def unanswered(self, error: UpstreamError | MalformedResponseError) -> None:
        """Answers for an upstream that did not: it has ended, or does not speak HTTP."""
        self.clear()
        if isinstance(error, HeadTooLargeError):
            await self._say(_HEAD_TOO_LARGE, str(error))
        else:
            status = 503 if isinstance(error, ExhaustedError) else 502
            await self._say(status, f"code-server did not answer: {error}. Reload to try again.")

    def late(self) -> None:
        """Hears that upstream has not begun to answer for some seconds, and again after as many."""

    def rewritten(self, body: bytes) -> bytes:
        """What the browser gets instead of a body for which `rewrites` is true."""
        return body

    def rewrites(self, head: ResponseHead) -> bool:  # noqa: ARG002 -- a subclass looks at it
        """Whether a response's body is read whole and rewritten before it is passed on."""
        return False

    def instead(self, head: ResponseHead) -> str | None:  # noqa: ARG002 -- a subclass looks at it
        """Another target to ask for, where a response is not passed on: a redirect, mostly."""
        return None

    def added(self, head: ResponseHead) -> list[bytes]:  # noqa: ARG002 -- a subclass looks at it
        """Field lines that a response is given on its way."""
        return []

    @cached_property
    def prefix(self) -> str:
        """Our path on Jupyter's server, without a slash at its end."""
        return url_path_join(self.base_url, "codeserver")

    @cached_property
    def target(self) -> str:
        """The request target below our path, as it arrived."""
        return str(self.request.uri)[len(self.prefix) :]

    async def admitted(self) -> None:
        """Sends a request that has a body upstream; the body follows as it arrives."""
        try:
            check(self.request)
        except RefusedRequestError as error:
            self.set_header("Connection", "close")  # who knows where the next one begins
            await self._say(error.status, str(error))
            self.detach().close()  # Tornado would still answer what it has read of that
            return
        # Without a body it can wait for the method: what is answered before that, Tornado takes
        # for a refusal of a body to come, and closes the browser's connection.
        if has_body(self.request.headers):
            await self._send()

    async def _say(self, status: int, line: str) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        await self.finish(f"{line}\n")

    async def _send(self) -> None:
        upstream = await self.upstream()
        if upstream is None:
            return
        headers = self.request.headers
        self._upgrades = is_upgrade(self.request.method or "", headers)
        self._closes = self.request.version == "HTTP/1.0" or wants_close(headers)
        # Every connection of Tornado's HTTP/1 server is one of these.
        self._connection = cast("HTTP1Connection", self.request.connection)
        self._client = self._connection.stream
        self._visitor = self._seen_visitor()
        self._upstream = upstream
        upstream.traffic.count_request()
        head = self._request_head()
        self._exchange = Exchange(upstream, head)
        try:
            self._check_descriptors()
            await self._exchange.begin()
        except UpstreamError as error:
            await self._fail(error)
            return
        if head.has_body:
            self._connection.set_max_body_size(_NO_LIMIT)
            self._answering = asyncio.ensure_future(self._answer(self._exchange))
            # Nobody awaits it when the browser leaves amid the upload.
            self._answering.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _check_descriptors(self) -> None:
        """Refuses what would keep two descriptors, or is a page that asks for such, in time.

        Once there is none, Tornado cannot even accept who asks why, and says so for ever.
        """
        lasting = self._upgrades or is_navigation(self.request.method or "", self.request.headers)
        if lasting and descriptors.left() < descriptors.RESERVE:
            raise ExhaustedError

    async def data_received(self, chunk: bytes) -> None:
        """Passes on a piece of the request's body, as fast as upstream reads."""
        if self._exchange is not None:
            self._upstream.traffic.count_up(len(chunk))
            await self._exchange.send(chunk)

    def on_connection_close(self) -> None:
        """Ends the upstream request of a browser that has left."""
        super().on_connection_close()
        if self._exchange is not None:
            self._exchange.abort()

    async def _forward(self, *_path: str) -> None:
        try:
            if not has_body(self.request.headers):
                await self._send()
            if self._exchange is None or self._finished:
                return
            if self._answering is None:
                await self._answer(self._exchange)
            else:
                await self._exchange.end()
                await self._answering
        except StreamClosedError:
            self.log.debug("The browser left before its answer was complete")
        except (UpstreamError, MalformedResponseError) as error:
            await self._fail(error)
        else:
            self._conclude()

    get = head = post = put = patch = delete = options = _forward

    async def _answer(self, exchange: Exchange) -> None:
        try:
            head = await self._response(exchange)
            if target := self.instead(head):
                await exchange.whole()
                exchange.close()
                self.target = target
                self._exchange = exchange = Exchange(self._upstream, self._request_head())
                await exchange.begin()
                head = await self._response(exchange)
            if head.status == SWITCHING_PROTOCOLS:
                self._open_websocket(exchange, head)
            else:
                await self._pass(exchange, head)
        finally:
            exchange.close()

    async def _response(self, exchange: Exchange) -> ResponseHead:
        self._wait_on()
        try:
            return await exchange.response(self._pass_interim)
        finally:
            self._lateness.cancel()

    def _wait_on(self) -> None:
        self._lateness = asyncio.get_running_loop().call_later(_LATE, self._has_waited)

    def _has_waited(self) -> None:
        self.late()
        self._wait_on()

    async def _pass_interim(self, head: ResponseHead) -> None:
        # Tornado itself answers `Expect: 100-continue`, and HTTP/1.0 knows no such thing.
        if head.status != _CONTINUE and self.request.version != "HTTP/1.0":
            await self._client.write(self._response_head(head))

    async def _pass(self, exchange: Exchange, head: ResponseHead) -> None:
        self.set_status(head.status)
        # An answer before the body's end is the connection's last: Tornado would send a second one
        # if the rest of the body is bad.
        self._closes |= not exchange.sent
        if self.rewrites(head):
            body = self.rewritten(await exchange.whole())
            piece = self._response_head(head.with_length(len(body))) + body
        else:
            self._closes |= exchange.until_close
            is_refusal = head.status == _HEAD_TOO_LARGE
            body = await exchange.beginning() if is_refusal else exchange.received()
            if is_refusal and not body:  # node's own, which would be a blank page
                raise HeadTooLargeError
            piece = self._response_head(head) + body
        self._headers_written = self._forwarded = True
        while piece:
            self._upstream.traffic.count_down(len(piece))
            await self._client.write(piece)
            piece = b"" if exchange.complete else await exchange.read()

    def _open_websocket(self, exchange: Exchange, head: ResponseHead) -> None:
        if not self._upgrades:
            raise MalformedResponseError("it switches protocols unasked")
        if self._client.closed():  # as a browser that leaves at this moment does
            raise StreamClosedError
        self.set_status(head.status)
        self._log()
        sock, early = exchange.detach()
        greeting = self._response_head(head) + early
        splice(self.detach(), sock, self.target, greeting, self._upstream)

    def _conclude(self) -> None:
        if self._finished:
            return
        self.finish()
        if self._closes:
            self._client.close()

    def set_default_headers(self) -> None:
        """Leaves them to `flush`, as a forwarded response has none of Jupyter's."""

    def flush(self, include_footers: bool = False) -> asyncio.Future[None]:  # noqa: FBT001, FBT002 -- Tornado's
        """Writes what Jupyter itself answers; of a forwarded response nothing is left to write."""
        if self._forwarded:
            written = asyncio.get_running_loop().create_future()
            written.set_result(None)
            return written
        if not self._headers_written:
            answered, self._headers = self._headers, HTTPHeaders()
            super().set_default_headers()
            defaults, self._headers = self._headers, answered
            for name, value in defaults.get_all():
                if name not in answered:
                    self._headers.add(name, value)
        return super().flush(include_footers)

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Leaves paths alone, which need not be UTF-8."""
        return value.decode("latin-1") if name is None else super().decode_argument(value, name)

    def _log(self) -> None:
        if not log_unseen(self):
            super()._log()

    async def _fail(self, error: UpstreamError | MalformedResponseError) -> None:
        if self._client.closed():
            return
        if not self._headers_written:
            await self.unanswered(error)
            if isinstance(error, ExhaustedError):
                self._client.close()  # it takes one itself
            return
        self.log.warning("An answer of code-server's to %s was cut: %s", self.request.path, error)
        self._client.close()  # or a cut answer would look like a whole one

    def _seen_visitor(self) -> Visitor:
        request = self.request
        origin = request.headers.get("Origin", "") if self._upgrades else ""
        identity = self.identity_provider
        tokens: set[str | None] = {identity.token}
        if self.token_authenticated:
            tokens.add(identity.get_token(self))
        return Visitor(
            host=request.host,
            scheme=request.protocol,
            address=request.remote_ip or "",
            origin_host=urlsplit(origin).netloc,
            login_cookie=identity.get_cookie_name(self),
            tokens=frozenset(token for token in tokens if token),
        )

    def _request_head(self) -> RequestHead:
        request = self.request
        return request_head(
            request.method, self.target, request.version, request.headers, self._visitor
        )

    def _response_head(self, head: ResponseHead) -> bytes:
        added = self._own_cookies() + self.added(head)
        if self._closes:
            added.append(b"Connection: close")
        return response_head(head, self.prefix.encode("latin-1"), self._visitor, added)

    def _own_cookies(self) -> list[bytes]:
        """What Jupyter sets: who comes with a token is logged in by its first answer."""
        new: dict[str, Any] = getattr(self, "_new_cookie", {})
        values = [morsel.OutputString(None) for morsel in new.values()]
        values += self._headers.get_list("Set-Cookie")
        return [f"Set-Cookie: {value}".encode("latin-1") for value in values]
