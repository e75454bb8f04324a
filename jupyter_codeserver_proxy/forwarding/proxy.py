"""Tornado's handler for requests that are forwarded, once they are authorized."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jupyter_server.utils import url_path_join
from tornado import web
from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamClosedError

from .access import GuardedHandler
from .access_log import skip_log
from .errors import ExhaustedError, HeadTooLargeError, UpstreamError
from .framing import SWITCHING_PROTOCOLS
from .headers import ClientInfo, has_body, is_upgrade
from .refusals import RefusedRequestError, check
from .transfer import Transfer

if TYPE_CHECKING:
    from .decision import Forward


@web.stream_request_body
class ProxyHandler(GuardedHandler):
    """Forwards requests below `{base_url}codeserver/`, as a subclass decides.

    Heads are filtered (see `headers`); bodies and websockets pass unchanged. Forwarding does not
    touch Jupyter's `last_activity`.
    """

    _transfer: Transfer | None = None

    @abstractmethod
    async def decide(self) -> Forward | None:
        """Decides what happens to this authorized request.

        Returns:
            How to forward it; None if it has been answered here.
        """

    async def on_upstream_error(self, error: UpstreamError) -> None:
        """Answers a request that upstream did not answer."""
        self.clear()
        if isinstance(error, HeadTooLargeError):
            await self.finish_text(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, str(error))
        else:
            status = 503 if isinstance(error, ExhaustedError) else 502
            line = f"code-server did not answer: {error}. Reload to try again."
            await self.finish_text(status, line)

    @cached_property
    def prefix(self) -> str:
        """Our path on Jupyter's server, without a slash at its end."""
        return url_path_join(self.base_url, "codeserver")

    @cached_property
    def target(self) -> str:
        """The request target below our prefix, as it arrived."""
        return str(self.request.uri)[len(self.prefix) :]

    # The request's way, from top to bottom

    async def on_authorized(self) -> None:
        """Refuses an ambiguous request; begins to forward a request that has a body."""
        try:
            check(self.request)
        except RefusedRequestError as error:
            self.set_header("Connection", "close")  # nobody knows where the next request begins
            await self.finish_text(error.status, str(error))
            self.detach().close()  # or Tornado would read and answer the rest
            return
        # A request without a body waits for its method: Tornado mistakes an answer before that for
        # the refusal of a body to come, and closes the browser's connection.
        if has_body(self.request.headers):
            await self._begin()

    async def _begin(self) -> None:
        forward = await self.decide()
        if forward is None:
            return
        client, prefix = self._client_info(), self.prefix.encode("latin-1")
        transfer = Transfer(self.request, client, prefix, self._cookie_lines(), forward)
        self._transfer = transfer
        try:
            await transfer.begin()
        except UpstreamError as error:
            await self._fail(error)
            return
        if has_body(self.request.headers):
            # Upstream may respond while the body is being sent.
            transfer.responding = asyncio.ensure_future(self._respond(transfer))
            # Nobody awaits it if the browser leaves amid the upload.
            transfer.responding.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def data_received(self, chunk: bytes) -> None:
        """Sends a piece of the request's body upstream."""
        if self._transfer is not None:
            await self._transfer.send(chunk)

    async def _forward(self, *_path: str) -> None:
        try:
            if not has_body(self.request.headers):
                await self._begin()
            transfer = self._transfer
            if transfer is None or self._finished:
                return
            if transfer.responding is None:
                await self._respond(transfer)
            else:
                await transfer.exchange.end()
                await transfer.responding
        except StreamClosedError:
            self.log.debug("The browser left before its answer was complete")
        except UpstreamError as error:
            await self._fail(error)
        else:
            if not self._finished:
                self.finish()
                if transfer.closes:
                    transfer.stream.close()

    get = head = post = put = patch = delete = options = _forward

    async def _respond(self, transfer: Transfer) -> None:
        try:
            head = await transfer.response_head()
            if head.status == SWITCHING_PROTOCOLS:
                if transfer.stream.closed():  # the browser left at this very moment
                    raise StreamClosedError
                self.set_status(head.status)
                self._log()
                self.detach()
                transfer.open_websocket(head)
            else:
                piece = await transfer.first_piece(head)
                self.set_status(head.status)
                self._headers_written = True
                await transfer.pass_on(piece)
        finally:
            transfer.exchange.close()

    async def _fail(self, error: UpstreamError) -> None:
        transfer = self._transfer
        if transfer is None or transfer.stream.closed():
            return
        if not transfer.response_started:
            await self.on_upstream_error(error)
            if isinstance(error, ExhaustedError):
                transfer.stream.close()  # it takes a descriptor itself
            return
        self.log.warning("An answer of code-server's to %s was cut: %s", self.request.path, error)
        transfer.stream.close()  # otherwise the response would look complete

    def on_connection_close(self) -> None:
        """Ends the upstream request of a browser that has left."""
        super().on_connection_close()
        if self._transfer is not None:
            self._transfer.exchange.abort()

    # What Jupyter adds

    def set_default_headers(self) -> None:
        """Leaves Jupyter's headers to `flush`, as a forwarded response gets none."""

    def flush(self, include_footers: bool = False) -> asyncio.Future[None]:  # noqa: FBT001, FBT002 -- Tornado's
        """Sends Jupyter's own answers; a forwarded response has been sent already."""
        if self._transfer is not None and self._transfer.response_started:
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
        """Decodes paths as Latin-1, as they need not be UTF-8."""
        return value.decode("latin-1") if name is None else super().decode_argument(value, name)

    def _log(self) -> None:
        if not skip_log(self):
            super()._log()

    def _client_info(self) -> ClientInfo:
        request = self.request
        origin = request.headers.get("Origin", "")
        checks_origin = origin and is_upgrade(request.method or "", request.headers)
        identity = self.identity_provider
        used = identity.get_token(self) if self.token_authenticated else None
        return ClientInfo(
            host=request.host,
            scheme=request.protocol,
            address=request.remote_ip or "",
            origin_host=urlsplit(origin).netloc if checks_origin else "",
            login_cookie=identity.get_cookie_name(self),
            tokens=frozenset(filter(None, (identity.token, used))),
        )

    def _cookie_lines(self) -> list[bytes]:
        """Returns Jupyter's own cookies: the first response to a token logs the user in."""
        new: dict[str, Any] = getattr(self, "_new_cookie", {})
        values = [morsel.OutputString(None) for morsel in new.values()]
        values += self._headers.get_list("Set-Cookie")
        return [f"Set-Cookie: {value}".encode("latin-1") for value in values]
