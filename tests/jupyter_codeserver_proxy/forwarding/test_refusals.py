"""Ambiguous messages are refused before upstream or the browser sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.jupyter_codeserver_proxy.forwarding.conftest import (
        Gateway,
        RawUpstream,
        Wire,
    )

    Serve = Callable[[Callable[[Wire], None]], RawUpstream]

OURS = b"Sec-Fetch-Site: same-origin"
LENGTH = b"Content-Length: 3"
CHUNKED = b"Transfer-Encoding: chunked"


def answering(wire: Wire) -> None:
    """Responds with the target; reads a body by its framing, as code-server does."""
    while True:
        target = wire.message().target
        if target == b"/slow":
            wire.until(b"\r\n\r\n")  # answered when the next request has arrived
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(target), target))


def test_the_next_client_gets_its_own_answer(gateway: Gateway, serve: Serve) -> None:
    """A request in a body stays there, even if Connection names Content-Length."""
    serve(answering)
    smuggled = b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n"
    lines = [b"Connection: Content-Length", b"Content-Length: %d" % len(smuggled)]
    gateway.ask(b"GET /first", *lines, body=smuggled)
    assert gateway.ask(b"GET /mine").content == b"/mine"


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        pytest.param([b"Connection: Content-Length", LENGTH], 400, id="a length for one hop"),
        pytest.param([b"Connection: close, TRANSFER-encoding", CHUNKED], 400, id="chunks for one"),
        pytest.param([b"Connection: host", LENGTH], 400, id="a host for one hop"),
        pytest.param([b"Connection: X-Forwarded-Host", LENGTH], 400, id="what we say ourselves"),
        pytest.param([CHUNKED, LENGTH], 400, id="two framings"),
        pytest.param([CHUNKED, CHUNKED], 400, id="chunks of chunks"),
        pytest.param([b"Transfer-Encoding: gzip, chunked"], 400, id="another coding"),
        pytest.param([b"Transfer-Encoding: identity"], 400, id="an old coding"),
        pytest.param([LENGTH, LENGTH], 400, id="a length said twice"),
        pytest.param([LENGTH, b"Content-Length: 4"], 400, id="two lengths"),
        pytest.param([b"Content-Length: +3"], 400, id="a sign"),
        pytest.param([b"Content-Length:"], 400, id="no length"),
        pytest.param([b"Content-Length: " + b"9" * 30], 400, id="more than there is"),
        pytest.param([b"Content-Length: " + b"9" * 9000], 400, id="more than Python reads"),
        pytest.param([b"Content-Encoding: gzip", LENGTH], 415, id="a compressed body"),
        pytest.param([b"Content-Encoding: identity, BR", CHUNKED], 415, id="compressed chunks"),
    ],
)
def test_an_unclear_body_is_refused_by_its_head(
    gateway: Gateway, serve: Serve, lines: list[bytes], status: int
) -> None:
    """The refusal is one line; upstream sees nothing, and the rest is not read as a request."""
    upstream = serve(answering)
    wire = gateway.connect()
    wire.send(gateway.head(b"POST /", *lines, OURS) + b"abc" + gateway.head(b"GET /next"))
    answer = wire.message()
    assert answer.status == status
    assert answer.content.count(b"\n") == 1
    assert answer.fields[b"content-type"] == [b"text/plain; charset=UTF-8"]
    assert wire.rest() == b""
    assert not upstream.connections


def test_http_1_0_has_no_chunks(gateway: Gateway, serve: Serve) -> None:
    """A server that follows HTTP/1.0 would see another end of the body."""
    upstream = serve(answering)
    wire = gateway.connect()
    head = gateway.head(b"POST /", CHUNKED, OURS).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    wire.send(head + b"3\r\nabc\r\n0\r\n\r\n")
    assert wire.message().status == 400
    assert not upstream.connections


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([b"Connection: keep-alive, TE", b"TE: trailers"], id="fields for one hop"),
        pytest.param([b"Connection: upgrade"], id="an upgrade to nothing"),
        pytest.param([b"Connection: Upgrade", b"Upgrade: h2c"], id="an upgrade that we do not do"),
        pytest.param([b"Content-Encoding: gzip"], id="an encoding of nothing"),
        pytest.param([b"Content-Encoding: Identity", b"Content-Length: 0"], id="none"),
    ],
)
def test_what_is_merely_odd_passes(gateway: Gateway, serve: Serve, lines: list[bytes]) -> None:
    """Odd requests of proxies and old clients pass."""
    serve(answering)
    assert gateway.ask(b"GET /odd", *lines).content == b"/odd"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"z\r\n", id="a chunk without a size"),
        pytest.param(b"3\r\nabcdef\r\n", id="more than its size"),
        pytest.param(b"3;a=b\r\nabc\r\n0\r\n\r\n", id="an extension"),
        pytest.param(b"3\r\nabc\r\n0\r\nX: 1\r\n\r\n", id="a trailer"),
        pytest.param(b"3\r\nabc\r\n0\r\nX: \r\0\r\n\r\n", id="a trailer with control characters"),
    ],
)
def test_an_upload_that_turns_out_bad_ends_its_connection(
    gateway: Gateway, serve: Serve, body: bytes
) -> None:
    """Upstream sees a cut upload, never a complete one, and no other request."""
    seen: list[bytes] = []

    def play(wire: Wire) -> None:
        assert wire.until(b"\r\n\r\n")
        seen.append(wire.rest())

    upstream = serve(play)
    wire = gateway.connect()
    wire.send(gateway.head(b"POST /", CHUNKED, OURS) + body)
    assert wire.rest()[:13] in {b"HTTP/1.1 400 ", b""}  # Tornado before 6.6 just hangs up
    upstream.stop()
    assert not any(upload.endswith(b"0\r\n\r\n") for upload in seen)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"Connection: content-length\r\nContent-Length: 2", id="a length for one hop"),
        pytest.param(b"Connection: Transfer-Encoding\r\n" + CHUNKED, id="chunks for one hop"),
    ],
)
def test_upstream_may_not_hide_where_its_answer_ends(
    gateway: Gateway, serve: Serve, head: bytes
) -> None:
    """A browser would read the rest of the connection as the body."""

    def play(wire: Wire) -> None:
        wire.message()
        wire.send(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\nok")

    serve(play)
    assert gateway.ask(b"GET /").status == 502


def playing(response: bytes) -> Callable[[Wire], None]:
    """Returns an upstream that responds once."""

    def play(wire: Wire) -> None:
        wire.message()
        wire.send(response)

    return play


@pytest.mark.parametrize("trailer", [b"X: a\rb", b"X: \0", b"X : 1", b"no colon", b" folded"])
def test_a_bad_trailer_cuts_the_answer(gateway: Gateway, serve: Serve, trailer: bytes) -> None:
    """A trailer that would be refused in a head is not passed on."""
    chunks = b"\r\n\r\n2\r\nok\r\n0\r\n" + trailer + b"\r\n\r\n"
    serve(playing(b"HTTP/1.1 200 OK\r\n" + CHUNKED + chunks))
    assert gateway.ask(b"GET /").status == 502


@pytest.mark.parametrize("line", [LENGTH, CHUNKED])
def test_a_response_that_has_no_body_tells_no_length(
    gateway: Gateway, serve: Serve, line: bytes
) -> None:
    """RFC 9110 forbids it; a client that believed it would read the next response as the body."""
    hints = b"HTTP/1.1 103 Early Hints\r\nX: 1\r\n"
    none = b"HTTP/1.1 204 No Content\r\nX: 1\r\n"
    serve(playing(hints + line + b"\r\n\r\n" + none + line + b"\r\n\r\n"))
    wire = gateway.connect()
    wire.send(gateway.head(b"GET /"))
    expected = hints + b"\r\n" + none + b"\r\n"
    assert wire.read(len(expected)) == expected


def test_interim_responses_end(gateway: Gateway, serve: Serve) -> None:
    """An upstream that sends only interim responses is given up."""

    def play(wire: Wire) -> None:
        wire.message()
        while True:
            wire.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)

    serve(play)
    assert gateway.ask(b"GET /").status == 502


def test_an_answer_before_the_end_of_the_body_is_the_last(gateway: Gateway, serve: Serve) -> None:
    """Tornado would send a second response if the rest of the body were malformed."""

    def play(wire: Wire) -> None:
        wire.until(b"\r\n\r\n")
        wire.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno")
        wire.rest()

    serve(play)
    wire = gateway.connect()
    wire.send(gateway.head(b"POST /", CHUNKED, OURS))
    answer = wire.message()
    assert (answer.content, answer.fields[b"connection"]) == (b"no", [b"close"])


def test_a_method_that_is_none_is_refused_in_a_line(gateway: Gateway) -> None:
    """The refusal leaves no traceback in Jupyter's log."""
    before = gateway.log.stat().st_size
    answer = gateway.ask(b"FOO /")
    assert (answer.status, answer.content) == (405, b"Method Not Allowed.\n")
    assert b"Traceback" not in gateway.log.read_bytes()[before:]
