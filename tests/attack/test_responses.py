"""Ambiguous responses, cut responses, and responses without a request."""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.attack.conftest import Server

pytestmark = pytest.mark.attack

OK = b"HTTP/1.1 200 OK\r\n"
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
SIZE = b"%d" % len(EVIL)
LENGTH = b"Content-Length: " + SIZE
CHUNKED = b"Transfer-Encoding: chunked"
CHUNK = b"%x\r\n%b\r\n" % (len(EVIL), EVIL)
CHUNKS = CHUNK + b"0\r\n\r\n"
EARLY = b"0\r\n\r\n" + EVIL
END = b"\r\n\r\n"

# What upstream sends, and how many bytes of it the browser gets unchanged; 0: it gets a 502, or
# sees that the response is cut.
Vector = tuple[bytes, int]


def whole(response: bytes, junk: bytes = b"") -> Vector:
    """The response arrives unchanged; bytes behind it do not."""
    return response + junk, len(response)


def refused(response: bytes) -> Vector:
    """The browser gets no complete response."""
    return response, 0


def lengths() -> Iterator[Vector]:
    """Yields Content-Length in every spelling, once and twice."""
    good = (b"%b", b" %b\t", b"000%b")
    bad = (b"", b"+%b", b"-%b", b"%b, 1", b"%b;", b"%b.0", b"0x%b", b"1e1", b"\0%b", b"9" * 20)
    for value in good:
        yield whole(OK + b"Content-Length:" + value.replace(b"%b", SIZE) + END + EVIL, EVIL)
    for value in bad:
        line = b"Content-Length:" + value.replace(b"%b", SIZE)
        yield refused(OK + line + END + EVIL)
        yield refused(OK + line + b"\r\n" + LENGTH + END + EVIL)
    yield refused(OK + b"Content-Length: 0\r\n" + LENGTH + END + EVIL)


def codings() -> Iterator[Vector]:
    """Yields Transfer-Encoding in every spelling, with and without another framing."""
    good = (b" chunked", b"cHUNKED", b"\tchunked \t")
    bad = (
        *(b"", b" identity", b" xchunked", b" chunked, gzip", b" gzip, chunked", b" ,chunked"),
        *(b" chunked, chunked", b" chunked;q=1", b' "chunked"', b" \x0bchunked", b" chunked\0"),
    )
    names = (b"Transfer-Encoding ", b" Transfer-Encoding", b"X: 1\rTransfer-Encoding")
    for value in good:
        line = b"Transfer-Encoding:" + value
        yield whole(OK + line + END + CHUNKS, EVIL)
        for other in (LENGTH, CHUNKED, b"Transfer-Encoding: gzip"):
            yield refused(OK + other + b"\r\n" + line + END + EARLY)
            yield refused(OK + line + b"\r\n" + other + END + EARLY)
    for value in bad:
        yield refused(OK + b"Transfer-Encoding:" + value + END + EARLY)
    for name in names:
        yield refused(OK + name + b": chunked" + END + EARLY)


def connections() -> Iterator[Vector]:
    """Yields framing fields that Connection names."""
    names = (b"content-length", b"Transfer-Encoding")
    forms = (b"%b", b"close, %b", b"x\r\nConnection: %b")
    framings = ((LENGTH, EVIL), (CHUNKED, CHUNKS))
    for name, form, (line, body) in product(names, forms, framings):
        head = OK + b"Connection: " + form.replace(b"%b", name) + b"\r\n" + line
        yield refused(head + END + body)


def heads() -> Iterator[Vector]:
    """Yields malformed status lines and field lines, and endless heads."""
    firsts = (
        *(b"HTTP/1.1 99 Low", b"HTTP/1.1 1000 High", b"HTTP/2 200 OK", b"HTTP/1.2 200 OK", b""),
        *(b"http/1.1 200 OK", b"HTTP/1.1  200 OK", b"HTTP/1.1 200\0", b"HTTP/1.1 200 a\rb"),
    )
    lines = (
        *(b"X: a\rb", b"X: a\nb", b"X: \0", b"X : 1", b": 1", b"no colon", b"X\xe4: 1"),
        *(b"X: 1\r\n 2", b"\tX: 1"),
    )
    for first in firsts:
        yield refused(first + b"\r\n" + LENGTH + END + EVIL)
    for line in lines:
        yield refused(OK + line + b"\r\n" + LENGTH + END + EVIL)
    yield refused(OK.replace(b"\r", b"") + LENGTH + b"\n\n" + EVIL)
    yield refused(OK + b"X: " + b"x" * 400_000)
    yield refused(OK + b"X: 1\r\n" * 60_000)


def chunks() -> Iterator[Vector]:
    """Yields chunks and trailers, good and bad."""
    sizes = (
        *(b"", b"-5", b"+5", b"0x5", b" 5", b"g", b"5;a=\rb", b"5;a=\0", b"5 x"),
        *(b"1" * 17, b"1" * 20_000),
    )
    trailers = (
        *(b"X: a\rb", b"X: \0", b"X: a\nY: b", b"X : 1", b"no colon", b" folded", b"\0"),
        b"X: " + b"x" * 20_000,
    )
    head = OK + CHUNKED + END
    yield whole(head + CHUNK + b"0;a=1\r\nX: 1\r\nY: \xe4\r\n\r\n", EVIL)
    for size in sizes:
        yield refused(head + size + b"\r\nhello\r\n" + EARLY)
    for end in (b"", b"\n", b"\r\r\n", b"de\r\n"):
        yield refused(head + b"3\r\nabc" + end + EARLY)
    for trailer in trailers:
        yield refused(head + CHUNK + b"0\r\n" + trailer + END)


def bodiless() -> Iterator[Vector]:
    """Yields responses without a body that are followed by bytes."""
    for first in (b"HTTP/1.1 204 No\r\n", b"HTTP/1.1 304 Not\r\n"):
        yield whole(first + b"X: 1" + END, EVIL)
    yield whole(b"HTTP/1.1 304 Not\r\n" + LENGTH + END, EVIL)


def interims() -> Iterator[Vector]:
    """Yields interim responses: some, a storm, and some with a body."""
    hints = b"HTTP/1.1 103 Hints\r\nLink: </a>" + END
    yield whole(hints * 20 + OK + LENGTH + END + EVIL, EVIL)
    yield refused(hints.replace(b"103", b"100") * 5000)
    yield refused(b"HTTP/1.1 101 Unasked\r\n\r\n" + EVIL)
    yield refused(b"HTTP/1.1 103 Hints\r\nX: a\rb" + END + EVIL)


def cuts() -> Iterator[Vector]:
    """Yields a response cut after each byte."""
    chunked = OK + CHUNKED + b"\r\nTrailer: X" + END + CHUNK + b"0\r\nX: 1" + END
    for response in (OK + LENGTH + END + EVIL, chunked):
        for at in range(len(response)):
            yield refused(response[:at])


def received(server: Server, size: int) -> bytes:
    """Returns what a browser gets up to that size, or the whole response if there is one."""
    wire = server.gateway.connect()
    wire.send(server.gateway.head(b"GET /odd"))
    with suppress(EOFError, ConnectionError):
        if size:
            return wire.read(size)
        message = wire.message()
        return b"" if message.status == 502 and message.content.count(b"\n") == 1 else message.head
    return b""


@pytest.mark.parametrize(
    "kind", [lengths, codings, connections, heads, chunks, bodiless, interims, cuts]
)
def test_a_response_arrives_or_is_seen_not_to(
    recorded: Server, kind: Callable[[], Iterator[Vector]]
) -> None:
    """Bytes that upstream sends without a request never answer the next request."""
    recorded.hangs_up = kind is cuts
    for recorded.response, size in kind():
        got = received(recorded, size)
        assert got == recorded.response[:size], recorded.response
        recorded.assert_serves_the_next()
