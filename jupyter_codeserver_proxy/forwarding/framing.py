"""The framing of HTTP/1 responses (RFC 9112): finds where heads and bodies end, as raw bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .errors import MalformedResponseError

SWITCHING_PROTOCOLS = 101
"""The status of a response that accepts an upgrade to a websocket."""
FRAMING = frozenset({b"content-length", b"transfer-encoding"})
"""The fields that say where a body ends."""
MAX_HEAD = 64 * 1024
"""Bytes in a response's head, at most; Tornado has the same limit for requests."""
MAX_LINE = 16 * 1024
"""Bytes in a chunk's size line or in one trailer, at most."""

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_TEXT = rb"[\t\x20-\x7e\x80-\xff]*"
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: (" + _TEXT + rb"))?")
_FIELD_LINES = re.compile(rb"(?:\r\n" + _TOKEN + rb":" + _TEXT + rb")*")
_TRAILER = re.compile(
    rb"(?:" + _TOKEN + rb":" + _TEXT + rb")?\r\n"
)  # also the empty line behind them
_DIGITS = re.compile(rb"[0-9]{1,19}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[\t ]*(?:;" + _TEXT + rb")?\r\n")


@dataclass(frozen=True)
class ResponseHead:
    """A status line and field lines, as bytes on the wire."""

    version: int
    """The minor version: 0 or 1."""
    status: int
    reason: bytes
    fields: list[tuple[bytes, bytes]]
    """Names in lower case, each with its line as it arrived."""

    def with_content_length(self, length: int) -> ResponseHead:
        """Returns the head for another body of this many bytes."""
        replaced = {b"content-length", b"transfer-encoding", b"trailer", b"etag"}
        kept = [field for field in self.fields if field[0] not in replaced]
        return replace(self, fields=[*kept, (b"content-length", b"Content-Length: %d" % length)])

    @property
    def forbids_content_length(self) -> bool:
        """Whether RFC 9110 (section 8.6) forbids Content-Length, as no such response has a body."""
        return self.status < 200 or self.status == 204  # noqa: PLR2004 -- as in the RFC

    def values(self, name: bytes) -> list[bytes]:
        """Returns the values of all fields of this (lower-case) name, lists split at commas."""
        values = [line[len(name) + 1 :] for field, line in self.fields if field == name]
        return [item.strip() for value in values for item in value.split(b",")]


def parse_head(block: bytes) -> ResponseHead:
    """Parses a response's head, which is given without the empty line at its end.

    Raises:
        MalformedResponseError: the head breaks RFC 9112, as a bare CR, LF or NUL does.
    """
    first, separator, rest = block.partition(b"\r\n")
    status_line = _STATUS_LINE.fullmatch(first)
    if not status_line or not _FIELD_LINES.fullmatch(separator + rest):
        raise MalformedResponseError("its head is not HTTP/1")
    version, status, reason = status_line.groups(b"")
    lines = rest.split(b"\r\n") if rest else []
    fields = [(line[: line.index(b":")].lower(), line) for line in lines]
    return ResponseHead(int(version), int(status), reason, fields)


class ContentLength:
    """A body of known length; zero if there is no body."""

    ends_with_stream = False
    """Whether the body ends with the connection; otherwise that is a cut."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.complete = length == 0

    def consume(self, data: bytes) -> int:
        """Follows the next bytes; returns how many of them belong to the body."""
        length = min(len(data), self._left)
        self._left -= length
        self.complete = self._left == 0
        return length


class UntilClose:
    """A body that ends with the connection."""

    complete = False
    ends_with_stream = True

    def consume(self, data: bytes) -> int:
        """Takes all bytes as the body."""
        return len(data)


class Chunked:
    """A chunked body with its trailers (RFC 9112, section 7.1), which is not decoded."""

    ends_with_stream = False

    def __init__(self) -> None:
        self.complete = False
        self._left = 0
        self._line = b""
        self._parse_line = self._parse_size

    def consume(self, data: bytes) -> int:
        """Follows the chunks to the end of the trailers.

        Raises:
            MalformedResponseError: the chunked framing is broken.
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
                self._parse_line(line)
        return at

    def _parse_size(self, line: bytes) -> None:
        size = _CHUNK_SIZE.fullmatch(line)
        if not size:
            raise MalformedResponseError("a chunk of its body has no size")
        self._left = int(size[1], 16)
        self._parse_line = self._parse_data_end if self._left else self._parse_trailer

    def _parse_data_end(self, line: bytes) -> None:
        if line != b"\r\n":
            raise MalformedResponseError("a chunk of its body is longer than its size")
        self._parse_line = self._parse_size

    def _parse_trailer(self, line: bytes) -> None:
        if not _TRAILER.fullmatch(line):
            raise MalformedResponseError("a trailer of its body is malformed")
        self.complete = line == b"\r\n"


def decode_chunked(body: bytes) -> bytes:
    """Returns the data in a complete chunked body, which `Chunked` has checked."""
    pieces = []
    while size := int(body.partition(b"\r\n")[0].partition(b";")[0], 16):
        start = body.index(b"\n") + 1
        pieces.append(body[start : start + size])
        body = body[start + size + 2 :]
    return b"".join(pieces)


Framing = ContentLength | UntilClose | Chunked


def body_framing(head: ResponseHead, method: str) -> Framing:
    """Returns the framing of the body behind this head, given the request's method.

    Raises:
        MalformedResponseError: the head contradicts itself, or has a coding other than chunked.
    """
    if not FRAMING.isdisjoint(option.lower() for option in head.values(b"connection")):
        raise MalformedResponseError("its Connection names a framing field")
    if method == "HEAD" or head.forbids_content_length or head.status == 304:  # noqa: PLR2004 -- RFC 9112, section 6.3
        return ContentLength(0)
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
    return ContentLength(int(length))
