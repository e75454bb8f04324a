"""One request and its response over a connection to upstream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import DisconnectedError, MalformedResponseError
from .framing import (
    SWITCHING_PROTOCOLS,
    Chunked,
    ContentLength,
    body_framing,
    decode_chunked,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    from .connection import Connection
    from .framing import Framing, ResponseHead
    from .headers import RequestHead
    from .upstream import Upstream

_FINAL = 200
_MAX_INTERIM = 1000  # 1xx responses before the final one; an endless storm would block everybody
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class Exchange:
    """Sends one request, and reads its response as raw bytes with framing and trailers."""

    def __init__(self, upstream: Upstream, request: RequestHead) -> None:
        self._upstream = upstream
        self._request = request
        # Upstream may be closing a pooled connection, so only a repeatable request uses one.
        self._repeatable = not request.has_body and request.method in _IDEMPOTENT
        self.sent = not request.has_body
        """Whether the request was sent to its end."""
        self._sending = False
        self._upstream_stopped_reading = False
        self._aborted = False
        self._keeps_alive = False
        self._framing: Framing = ContentLength(0)
        self._connection: Connection | None = None

    async def begin(self) -> None:
        """Connects and sends the head.

        Raises:
            ExhaustedError: file descriptors are running out.
            UnreachableError: nothing listens.
        """
        await self._connect(fresh=not self._repeatable)

    async def send(self, data: bytes) -> None:
        """Sends a piece of the body; drops it if upstream has stopped reading."""
        await self._send(b"%x\r\n%b\r\n" % (len(data), data) if self._request.chunked else data)

    async def end(self) -> None:
        """Ends the body."""
        if self._request.chunked:
            await self._send(b"0\r\n\r\n")
        self.sent = True

    async def response(self, on_interim: Callable[[ResponseHead], Awaitable[None]]) -> ResponseHead:
        """Returns the head of the final response, or of a 101.

        Sends the request once more if the pooled connection turns out to be closed.

        Args:
            on_interim: called with the head of each other 1xx response.

        Raises:
            UpstreamError: there is no response, or it is not HTTP/1.
        """
        connection = self._open_connection()
        try:
            return await self._final(connection, on_interim)
        except DisconnectedError:
            stale = connection.pooled and not connection.response_started
            if not stale or self._aborted:
                raise
        self._upstream.discard(connection)
        await self._connect(fresh=True)
        return await self._final(self._open_connection(), on_interim)

    @property
    def complete(self) -> bool:
        """Whether the response was read to its end."""
        return self._framing.complete

    @property
    def until_close(self) -> bool:
        """Whether the body ends with the connection."""
        return self._framing.ends_with_stream

    def buffered_body(self) -> bytes:
        """Returns the body as far as it has been read, without waiting.

        Raises:
            MalformedResponseError: the chunked framing is broken.
        """
        return self._body(self._open_connection().take_buffer())

    async def read(self) -> bytes:
        """Returns the next piece of the body; none where the connection's end ends it.

        Raises:
            UpstreamError: the body was cut, or its chunked framing is broken.
        """
        data = await self._open_connection().receive()
        if not data:
            if not self._framing.ends_with_stream:
                raise DisconnectedError("the connection ended within a response")
            self._framing = ContentLength(0)
        return self._body(data)

    async def read_body(self) -> bytes:
        """Returns all of the body, without its chunked framing.

        Raises:
            UpstreamError: the body was cut, or its chunked framing is broken.
        """
        framing = self._framing
        pieces = [self.buffered_body()]
        while not self.complete:
            pieces.append(await self.read())
        body = b"".join(pieces)
        return decode_chunked(body) if isinstance(framing, Chunked) else body

    def abort(self) -> None:
        """Ends the exchange from outside; a pending read or write fails."""
        self._aborted = True
        if self._connection is not None:
            self._connection.abort()

    def close(self) -> None:
        """Returns the connection to the pool if it can serve again, and closes it otherwise."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        finished = self.sent and self._framing.complete
        failed = self._upstream_stopped_reading or self._aborted
        if finished and self._keeps_alive and not failed:
            self._upstream.release(connection)
        elif self._sending:
            # A closed socket would not wake the pending send, which closes it afterwards.
            connection.abort()
        else:
            self._upstream.discard(connection)

    def detach(self) -> tuple[socket.socket, bytes]:
        """Returns the connection's socket, and the bytes read beyond the response's head."""
        connection, self._connection = self._open_connection(), None
        return self._upstream.detach(connection), connection.take_buffer()

    async def _connect(self, *, fresh: bool) -> None:
        self._connection = await self._upstream.connect(fresh=fresh)
        if self._aborted:
            self._connection.abort()
        self._upstream_stopped_reading = False
        await self._send(self._request.block)

    async def _send(self, data: bytes) -> None:
        connection = self._connection
        if connection is None:
            return
        self._sending = True
        try:
            await connection.send(data)
        except DisconnectedError:
            self._upstream_stopped_reading = True  # its response may say why
        finally:
            self._sending = False
            if self._connection is None:
                self._upstream.discard(connection)

    def _open_connection(self) -> Connection:
        if self._connection is None:
            raise DisconnectedError("the connection was closed")
        return self._connection

    async def _final(
        self, connection: Connection, on_interim: Callable[[ResponseHead], Awaitable[None]]
    ) -> ResponseHead:
        interims = 0
        while (head := await connection.head()).status < _FINAL:
            if head.status == SWITCHING_PROTOCOLS:
                return head
            if (interims := interims + 1) > _MAX_INTERIM:
                raise MalformedResponseError("it does not come to an answer")
            await on_interim(head)
        self._framing = body_framing(head, self._request.method)
        closes = b"close" in [option.lower() for option in head.values(b"connection")]
        self._keeps_alive = head.version == 1 and not closes
        return head

    def _body(self, data: bytes) -> bytes:
        length = self._framing.consume(data)
        if length < len(data):
            self._open_connection().push_back(data[length:])
        return data[:length]
