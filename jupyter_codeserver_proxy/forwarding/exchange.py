"""One request and its response over a connection to upstream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .connection import DisconnectedError, UpstreamError
from .framing import (
    SWITCHING_PROTOCOLS,
    Chunked,
    Length,
    MalformedResponseError,
    body_framing,
    unchunked,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    from .connection import Connection
    from .framing import Framing, ResponseHead
    from .headers import RequestHead
    from .upstream import Upstream

_FINAL = 200
_MOST_INTERIM = 1000  # 1xx responses before the one that counts; a storm would hold everybody up
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class HeadTooLargeError(UpstreamError):
    """Upstream takes no request head of this size, and says no more than that."""

    def __init__(self) -> None:
        super().__init__(
            "What the browser sends along, mostly this site's cookies, is larger than code-server "
            "takes. Delete this site's cookies in the browser's settings, and log in again."
        )


class Exchange:
    """A request that is sent, and its response as raw bytes: framing and trailers included."""

    def __init__(self, upstream: Upstream, request: RequestHead) -> None:
        self._upstream = upstream
        self._request = request
        # Only a request that may be repeated goes onto a connection that upstream may be closing.
        self._repeatable = not request.has_body and request.method in _IDEMPOTENT
        self.sent = not request.has_body
        """Whether the request was sent to its end."""
        self._sending = False
        self._deaf = False
        self._aborted = False
        self._keeps_alive = False
        self._framing: Framing = Length(0)
        self._connection: Connection | None = None

    async def begin(self) -> None:
        """Connects and sends the head.

        Raises:
            ExhaustedError: descriptors are few.
            UnreachableError: nothing listens.
        """
        await self._connect(fresh=not self._repeatable)

    async def send(self, data: bytes) -> None:
        """Sends a piece of the body. If upstream has stopped reading, its answer will say why."""
        await self._send(b"%x\r\n%b\r\n" % (len(data), data) if self._request.chunked else data)

    async def end(self) -> None:
        """Ends the body."""
        if self._request.chunked:
            await self._send(b"0\r\n\r\n")
        self.sent = True

    async def response(self, interim: Callable[[ResponseHead], Awaitable[None]]) -> ResponseHead:
        """The final response's head, or that of a 101; other 1xx responses go to `interim`.

        Raises:
            UpstreamError: there is no answer.
            MalformedResponseError: the answer is not HTTP/1.
        """
        connection = self._connected()
        try:
            return await self._final(connection, interim)
        except DisconnectedError:
            stale = connection.pooled and not connection.heard
            if not stale or self._aborted:
                raise
        self._upstream.discard(connection)
        await self._connect(fresh=True)
        return await self._final(self._connected(), interim)

    @property
    def complete(self) -> bool:
        """Whether the response was read to its end."""
        return self._framing.complete

    @property
    def until_close(self) -> bool:
        """Whether only the connection's end tells the body's."""
        return self._framing.ends_with_stream

    def received(self) -> bytes:
        """What has come of the body so far, without waiting.

        Raises:
            MalformedResponseError: its chunks are no chunks.
        """
        return self._body(self._connected().take_unread())

    async def beginning(self) -> bytes:
        """The first piece of the body, which is waited for; empty if there is no body.

        Raises:
            DisconnectedError: the body was cut.
            MalformedResponseError: its chunks are no chunks.
        """
        return self.received() or (b"" if self.complete else await self.read())

    async def read(self) -> bytes:
        """The next piece of the body; empty at the end of one that only the connection's end ends.

        Raises:
            DisconnectedError: the body was cut.
            MalformedResponseError: its chunks are no chunks.
        """
        data = await self._connected().receive()
        if not data:
            if not self._framing.ends_with_stream:
                raise DisconnectedError("the connection ended within a response")
            self._framing = Length(0)
        return self._body(data)

    async def whole(self) -> bytes:
        """All of the body, as the bytes that it is about.

        Raises:
            DisconnectedError: the body was cut.
            MalformedResponseError: its chunks are no chunks.
        """
        framing = self._framing
        pieces = [self.received()]
        while not self.complete:
            pieces.append(await self.read())
        body = b"".join(pieces)
        return unchunked(body) if isinstance(framing, Chunked) else body

    def abort(self) -> None:
        """Ends it from outside; whoever reads or writes is woken with an error."""
        self._aborted = True
        if self._connection is not None:
            self._connection.abort()

    def close(self) -> None:
        """Returns the connection to the pool if it can serve again."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        whole = self.sent and self._framing.complete
        if whole and self._keeps_alive and not self._deaf and not self._aborted:
            self._upstream.release(connection)
        elif self._sending:
            connection.abort()  # the sender closes it; a closed socket would never wake it
        else:
            self._upstream.discard(connection)

    def detach(self) -> tuple[socket.socket, bytes]:
        """The connection's socket, and what was read from it beyond the response's head."""
        connection, self._connection = self._connected(), None
        return self._upstream.detach(connection), connection.take_unread()

    async def _connect(self, *, fresh: bool) -> None:
        self._connection = await self._upstream.connect(fresh=fresh)
        if self._aborted:
            self._connection.abort()
        self._deaf = False
        await self._send(self._request.block)

    async def _send(self, data: bytes) -> None:
        connection = self._connection
        if connection is None:
            return
        self._sending = True
        try:
            await connection.send(data)
        except DisconnectedError:
            self._deaf = True
        finally:
            self._sending = False
            if self._connection is None:
                self._upstream.discard(connection)

    def _connected(self) -> Connection:
        if self._connection is None:
            raise DisconnectedError("the connection was closed")
        return self._connection

    async def _final(
        self, connection: Connection, interim: Callable[[ResponseHead], Awaitable[None]]
    ) -> ResponseHead:
        interims = 0
        while (head := await connection.head()).status < _FINAL:
            if head.status == SWITCHING_PROTOCOLS:
                return head
            if (interims := interims + 1) > _MOST_INTERIM:
                raise MalformedResponseError("it does not come to an answer")
            await interim(head)
        self._framing = body_framing(head, self._request.method)
        closes = b"close" in [option.lower() for option in head.values(b"connection")]
        self._keeps_alive = head.version == 1 and not closes
        return head

    def _body(self, data: bytes) -> bytes:
        taken = self._framing.take(data)
        if taken < len(data):
            self._connected().give_back(data[taken:])
        return data[:taken]
