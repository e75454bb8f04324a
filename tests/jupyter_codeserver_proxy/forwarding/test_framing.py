"""The end of a response is found without decoding it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_codeserver_proxy.forwarding.errors import MalformedResponseError
from jupyter_codeserver_proxy.forwarding.framing import (
    MAX_LINE,
    Chunked,
    ContentLength,
    UntilClose,
    body_framing,
    decode_chunked,
    parse_head,
)


def test_a_head_keeps_its_lines() -> None:
    """Names are compared in lower case; lines are passed on unchanged."""
    head = parse_head(b"HTTP/1.1 200 All fine\r\nX-A: 1\r\nx-a:  2 \r\nEmpty:")
    assert (head.version, head.status, head.reason) == (1, 200, b"All fine")
    assert head.fields == [(b"x-a", b"X-A: 1"), (b"x-a", b"x-a:  2 "), (b"empty", b"Empty:")]
    assert head.values(b"x-a") == [b"1", b"2"]


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(b"HTTP/1.1 200", id="no reason"),
        pytest.param(b"HTTP/1.0 200 ", id="an empty reason"),
        pytest.param("HTTP/1.1 200 Schön\r\nX: \xff".encode("latin-1"), id="beyond ASCII"),
    ],
)
def test_what_is_unusual_but_allowed_is_read(block: bytes) -> None:
    """RFC 9112 allows an absent reason, and any byte from 0x80 on."""
    assert parse_head(block).status == 200


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2", id="another protocol"),
        pytest.param(b"HTTP/2 200 OK", id="another version"),
        pytest.param(b"HTTP/1.1 99 Low", id="no status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nno colon", id="a line without a colon"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX : 1", id="a space before the colon"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: 1\r\n folded", id="a folded line"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: 1\nSet-Cookie: a=b", id="a bare line feed"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: \x00", id="a NUL"),
    ],
)
def test_what_is_not_http_is_refused(block: bytes) -> None:
    """A response that two readers could understand differently is refused."""
    with pytest.raises(MalformedResponseError):
        parse_head(block)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        pytest.param(b"Content-Length: 5", ContentLength, id="a length"),
        pytest.param(
            b"Content-Length: 5\r\nContent-Length: 5", ContentLength, id="a length said twice"
        ),
        pytest.param(b"Transfer-Encoding: Chunked", Chunked, id="chunks"),
        pytest.param(b"X: 1", UntilClose, id="neither"),
    ],
)
def test_a_head_tells_how_its_body_ends(fields: bytes, kind: type) -> None:
    """A body ends by its length, by its chunks, or with the connection."""
    assert type(body_framing(parse_head(b"HTTP/1.1 200 OK\r\n" + fields), "GET")) is kind


@pytest.mark.parametrize(
    ("method", "status"),
    [
        pytest.param("HEAD", 200, id="HEAD"),
        pytest.param("GET", 204, id="204"),
        pytest.param("GET", 304, id="304"),
    ],
)
def test_some_responses_have_no_body(method: str, status: int) -> None:
    """Their Content-Length describes another response."""
    head = parse_head(b"HTTP/1.1 %d X\r\nContent-Length: 5" % status)
    assert body_framing(head, method).complete


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(b"Content-Length: 5\r\nTransfer-Encoding: chunked", id="two framings"),
        pytest.param(b"Content-Length: 5\r\nContent-Length: 6", id="two lengths"),
        pytest.param(b"Content-Length: +5", id="a sign"),
        pytest.param(b"Transfer-Encoding: gzip, chunked", id="another coding"),
    ],
)
def test_a_body_whose_end_is_unclear_is_refused(fields: bytes) -> None:
    """Request smuggling uses such responses."""
    with pytest.raises(MalformedResponseError):
        body_framing(parse_head(b"HTTP/1.1 200 OK\r\n" + fields), "GET")


def _taken(framing: Chunked | ContentLength, data: bytes, cuts: list[int]) -> int:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    total = 0
    for start, end in pairwise(edges):
        if framing.complete:
            break
        total += framing.consume(data[start:end])
    return total


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=40), max_size=6),
    extension=st.sampled_from([b"", b";a=1", b' ;n="x;y"']),
    trailers=st.sampled_from([b"", b"X-Sum: 1\r\n", b"A: 1\r\nB: 2\r\n"]),
    rest=st.binary(max_size=20),
    cuts=st.lists(st.integers(0, 400), max_size=8),
)
def test_chunks_are_followed_wherever_they_are_cut(
    chunks: list[bytes], extension: bytes, trailers: bytes, rest: bytes, cuts: list[int]
) -> None:
    """The exact end of a chunked body with trailers is found, in pieces of any size."""
    body = b"".join(b"%X%b\r\n%b\r\n" % (len(chunk), extension, chunk) for chunk in chunks)
    body += b"0\r\n" + trailers + b"\r\n"
    framing = Chunked()
    assert _taken(framing, body + rest, cuts) == len(body)
    assert framing.complete
    assert decode_chunked(body) == b"".join(chunks)


@given(length=st.integers(0, 50), rest=st.binary(max_size=20), cuts=st.lists(st.integers(0, 80)))
def test_a_length_is_counted_wherever_it_is_cut(length: int, rest: bytes, cuts: list[int]) -> None:
    """The bytes behind it belong to the next message."""
    framing = ContentLength(length)
    assert _taken(framing, bytes(length) + rest, cuts) == length
    assert framing.complete


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"x\r\n", id="no size"),
        pytest.param(b"-1\r\n", id="a negative size"),
        pytest.param(b"3\n", id="a bare line feed"),
        pytest.param(b"2\r\nabc\r\n", id="more than its size"),
        pytest.param(b"0\r\nX: 1\n", id="a bad trailer"),
        pytest.param(b"1" + b"0" * MAX_LINE, id="a line without end"),
    ],
)
def test_chunks_that_are_none_are_refused(body: bytes) -> None:
    """A body with broken chunked framing is refused."""
    with pytest.raises(MalformedResponseError):
        Chunked().consume(body)
