"""Where an HTTP/1 response's head and body begin and end (RFC 9112), without decoding them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Protocol

SWITCHING_PROTOCOLS = 101
"""The status that makes a connection a websocket's."""
FRAMING = frozenset({b"content-length", b"transfer-encoding"})
"""The fields that tell where a body ends."""
MAX_HEAD = 64 * 1024
"""Bytes that a response's head may have: what Tornado allows a request's."""
MAX_LINE = 16 * 1024
"""Bytes that a chunk's size line or one trailer may have."""

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_TEXT = rb"[\t\x20-\x7e\x80-\xff]*"
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: (" + _TEXT + rb"))?")
_FIELD_LINES = re.compile(rb"(?:\r\n" + _TOKEN + rb":" + _TEXT + rb")*")
_TRAILER = re.compile(rb"(?:" + _TOKEN + rb":" + _TEXT + rb")?\r\n")  # or their end
_DIGITS = re.compile(rb"[0-9]{1,19}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[\t ]*(?:;" + _TEXT + rb")?\r\n")


class MalformedResponseError(Exception):
    """What came from upstream is not an HTTP/1 response."""


@dataclass(frozen=True)
class ResponseHead:
    """A status line and the field lines below it, as bytes on the wire."""

    version: int
    """The minor version: 0 or 1."""
    status: int
    reason: bytes
    fields: list[tuple[bytes, bytes]]
    """Names in lower case, each with its whole line as it came."""

    def with_length(self, length: int) -> ResponseHead:
        """The head of the same response with another body, of so many bytes."""
        own = {b"content-length", b"transfer-encoding", b"trailer", b"etag"}
        kept = [field for field in self.fields if field[0] not in own]
        return replace(self, fields=[*kept, (b"content-length", b"Content-Length: %d" % length)])

    @property
    def tells_no_length(self) -> bool:
        """Whether RFC 9110 forbids it (section 8.6), as there is no body whatever the request."""
        return self.status < 200 or self.status == 204  # noqa: PLR2004 -- the RFC's

    def values(self, name: bytes) -> list[bytes]:
        """Every value of the fields of this (lower-case) name, with list syntax taken apart."""
        values = [line[len(name) + 1 :] for field, line in self.fields if field == name]
        return [item.strip() for value in values for item in value.split(b",")]


def parse_head(block: bytes) -> ResponseHead:
    """Reads a response's head, without the empty line that ends it.

    Raises:
        MalformedResponseError: it breaks RFC 9112; a bare CR, LF or NUL among it.
    """
    first, separator, rest = block.partition(b"\r\n")
    status_line = _STATUS_LINE.fullmatch(first)
    if not status_line or not _FIELD_LINES.fullmatch(separator + rest):
        raise MalformedResponseError("its head is not HTTP/1")
    version, status, reason = status_line.groups(b"")
    lines = rest.split(b"\r\n") if rest else []
    fields = [(line[: line.index(b":")].lower(), line) for line in lines]
    return ResponseHead(int(version), int(status), reason, fields)


class Framing(Protocol):
    """Tells how much of the bytes that follow a head still belong to its message."""

    complete: bool
    ends_with_stream: bool
    """Whether the end of the connection is the message's, and not a cut."""

    def take(self, data: bytes) -> int:
        """Counts in the next bytes; returns how many of them are the message's."""


class Length:
    """A body whose length is known in advance (zero for one that is not there)."""

    ends_with_stream = False

    def __init__(self, length: int) -> None:
        self._left = length
        self.complete = length == 0

    def take(self, data: bytes) -> int:
        """Counts down what is left."""
        taken = min(len(data), self._left)
        self._left -= taken
        self.complete = self._left == 0
        return taken


class UntilClose:
    """A body that the end of the connection ends."""

    complete = False
    ends_with_stream = True

    def take(self, data: bytes) -> int:
        """Everything is body."""
        return len(data)


class Chunked:
    """A chunked body (RFC 9112, section 7.1), its trailers included, followed but not decoded."""

    ends_with_stream = False

    def __init__(self) -> None:
        self.complete = False
        self._left = 0
        self._line = b""
        self._expects = self._size

    def take(self, data: bytes) -> int:
        """Follows chunks to the end of the trailers.

        Raises:
            MalformedResponseError: the chunks do not follow one another as they say.
        """
        at = 0
        while at < len(data) and not self.complete:
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            end = data.find(b"\n", at) + 1 or len(data)
            self._line += data[at:end]
            at = end
            if len(self._line) > MAX_LINE:
                raise MalformedResponseError("a line of its chunked body is too long")
            if self._line.endswith(b"\n"):
                line, self._line = self._line, b""
                self._expects(line)
        return at

    def _size(self, line: bytes) -> None:
        size = _CHUNK_SIZE.fullmatch(line)
        if not size:
            raise MalformedResponseError("a chunk of its body has no size")
        self._left = int(size[1], 16)
        self._expects = self._data_end if self._left else self._trailer

    def _data_end(self, line: bytes) -> None:
        if line != b"\r\n":
            raise MalformedResponseError("a chunk of its body is longer than its size")
        self._expects = self._size

    def _trailer(self, line: bytes) -> None:
        if not _TRAILER.fullmatch(line):
            raise MalformedResponseError("a trailer of its body is none")
        self.complete = line == b"\r\n"


def unchunked(body: bytes) -> bytes:
    """The data of a chunked body that `Chunked` has followed to its end."""
    pieces = []
    while size := int(body.partition(b"\r\n")[0].partition(b";")[0], 16):
        begin = body.index(b"\n") + 1
        pieces.append(body[begin : begin + size])
        body = body[begin + size + 2 :]
    return b"".join(pieces)


def body_framing(head: ResponseHead, method: str) -> Framing:
    """How the body behind this head is delimited, given the request's method.

    Raises:
        MalformedResponseError: the head contradicts itself, or names a coding other than chunked.
    """
    if not FRAMING.isdisjoint(option.lower() for option in head.values(b"connection")):
        raise MalformedResponseError("its Connection names what tells where its body ends")
    if method == "HEAD" or head.tells_no_length or head.status == 304:  # noqa: PLR2004 -- RFC 9112, section 6.3
        return Length(0)
    codings = [coding.lower() for coding in head.values(b"transfer-encoding")]
    lengths = set(head.values(b"content-length"))
    if codings:
        if codings != [b"chunked"] or lengths:
            raise MalformedResponseError("its length is given in two ways or an unknown one")
        return Chunked()
    if not lengths:
        return UntilClose()
    length = lengths.pop()
    if lengths or not _DIGITS.fullmatch(length):
        raise MalformedResponseError("its Content-Length is not one number")
    return Length(int(length))
