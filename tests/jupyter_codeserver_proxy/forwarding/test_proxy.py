"""HTTP through a real Jupyter server to upstreams that misbehave on demand."""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.jupyter_codeserver_proxy.forwarding.conftest import RawUpstream, running_gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.jupyter_codeserver_proxy.forwarding.conftest import Gateway, Message, Wire

    Serve = Callable[[Callable[[Wire], None]], RawUpstream]

GIB = 1 << 30
SLACK = 32 << 20
"""Bytes that fit into the sockets and buffers between two ends, at most."""
POLICY = b"content-security-policy"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answering(response: bytes, heard: list[Message] | None = None) -> Callable[[Wire], None]:
    """Returns an upstream that sends the same response to every request."""

    def play(wire: Wire) -> None:
        while True:
            message = wire.message()
            if heard is not None:
                heard.append(message)
            wire.send(response)

    return play


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(b"Content-Length: 4\r\n\r\npage", id="a length"),
        pytest.param(
            b"Transfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n"
            b"1\r\np\r\n3;a=1\r\nage\r\n0\r\nX-A: 1\r\n\r\n",
            id="chunks",
        ),
        pytest.param(b"Connection: close\r\n\r\npage", id="until close"),
    ],
)
def test_a_body_is_rewritten_however_it_comes(
    gateway: Gateway, serve: Serve, response: bytes
) -> None:
    """The browser gets the new body and its length."""

    def play(wire: Wire) -> None:
        wire.message()
        wire.send(b'HTTP/1.1 200 OK\r\nETag: "1"\r\nX-Kept: 1\r\n' + response)

    serve(play)
    answer = gateway.ask(b"GET /rewritten")
    assert answer.body == b"rewritten: page"
    assert answer.fields[b"content-length"] == [b"15"]
    assert answer.fields[b"x-kept"] == [b"1"]
    assert not {b"transfer-encoding", b"trailer", b"etag"} & answer.fields.keys()


def test_another_target_is_asked_for_instead(gateway: Gateway, serve: Serve) -> None:
    """The browser gets the second response alone; both requests use one connection."""

    def play(wire: Wire) -> None:
        assert wire.message().target == b"/redirected"
        wire.send(b"HTTP/1.1 302 Found\r\nContent-Length: 5\r\n\r\nthere")
        assert wire.message().target == b"/rewritten"
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage")

    upstream = serve(play)
    answer = gateway.ask(b"GET /redirected")
    assert (answer.status, answer.body) == (200, b"rewritten: page")
    assert len(upstream.connections) == 1


@pytest.mark.parametrize("played", [b"garbage\r\n\r\n", b""], ids=["garbage", "an end"])
def test_the_other_target_may_fail_as_well(gateway: Gateway, serve: Serve, played: bytes) -> None:
    """Errors of the second request are answered like those of the first."""

    def play(wire: Wire) -> None:
        if wire.message().target == b"/redirected":
            wire.send(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n")
            wire.message()
        wire.send(played)

    serve(play)
    answer = gateway.ask(b"GET /redirected")
    assert answer.status == 502
    assert b"did not answer" in answer.body


@pytest.mark.parametrize(("status", "lines"), [(b"404 Not Found", [b"1"]), (b"200 OK", None)])
def test_a_response_can_be_given_a_line(
    gateway: Gateway, serve: Serve, status: bytes, lines: list[bytes] | None
) -> None:
    """The line is added to the response that asks for it."""
    serve(answering(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n"))
    assert gateway.ask(b"GET /added").fields.get(b"x-added") == lines


# Access


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        pytest.param([b"Sec-Fetch-Mode: navigate"], 302, id="a page"),
        pytest.param([b"Accept: text/html"], 302, id="a page, in an old browser"),
        pytest.param([b"Accept: */*"], 403, id="a script's request"),
        pytest.param([b"Sec-Fetch-Mode: cors", b"Accept: text/html"], 403, id="a fetch"),
        pytest.param(
            [b"Accept: text/html", b"Connection: Upgrade", b"Upgrade: websocket"],
            403,
            id="a websocket",
        ),
    ],
)
def test_a_stranger_reaches_nothing(
    gateway: Gateway, serve: Serve, lines: list[bytes], status: int
) -> None:
    """A person is redirected to the login page, other requests get 403; upstream sees neither."""
    upstream = serve(answering(OK))
    wire = gateway.connect()
    head = [b"GET /user/alice/codeserver/a HTTP/1.1", b"Host: " + gateway.host, *lines]
    wire.send(b"\r\n".join([*head, b"", b""]))
    answer = wire.message()
    assert answer.status == status
    assert (b"/user/alice/login" in answer.fields.get(b"location", [b""])[0]) is (status == 302)
    assert not upstream.connections


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        pytest.param([], 403, id="no word of where from"),
        pytest.param([b"Origin: http://evil.example"], 403, id="a foreign origin"),
        pytest.param([b"Origin: null"], 403, id="an opaque origin"),
        pytest.param([b"Sec-Fetch-Site: cross-site"], 403, id="a foreign site"),
        pytest.param([b"Referer: http://evil.example/"], 403, id="a foreign referer"),
        pytest.param(
            [b"Origin: http://HOST", b"Referer: http://HOST/user/bob/"],
            403,
            id="a neighbour's page",
        ),
        pytest.param(
            [b"Origin: http://HOST", b"Sec-Fetch-Site: cross-site"], 403, id="two words for it"
        ),
        pytest.param([b"Origin: http://HOST"], 200, id="this origin"),
        pytest.param([b"Sec-Fetch-Site: same-origin"], 200, id="this site"),
        pytest.param(
            [b"Authorization: token TOKEN", b"Origin: http://evil.example"], 200, id="a token"
        ),
    ],
)
@pytest.mark.parametrize("method", [b"POST", b"PUT", b"PATCH", b"DELETE"])
def test_unsafe_methods_need_our_origin(
    gateway: Gateway, serve: Serve, method: bytes, lines: list[bytes], status: int
) -> None:
    """VS Code's own requests pass without Jupyter's XSRF token; those of other sites do not."""
    heard: list[Message] = []
    serve(answering(OK, heard))
    filled = [
        line.replace(b"HOST", gateway.host).replace(b"TOKEN", gateway.token.encode())
        for line in lines
    ]
    answer = gateway.ask(method + b" /mint-key", *filled, b"Content-Length: 3", body=b"abc")
    assert answer.status == status
    assert [message.body for message in heard] == ([b"abc"] if status == 200 else [])


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        pytest.param([b"Sec-Fetch-Mode: navigate", b"Sec-Fetch-Dest: document"], 200, id="a link"),
        pytest.param([b"Sec-Fetch-Mode: navigate", b"Sec-Fetch-Dest: iframe"], 403, id="a frame"),
        pytest.param([b"Sec-Fetch-Mode: no-cors", b"Sec-Fetch-Dest: script"], 403, id="a script"),
        pytest.param([b"Sec-Fetch-Mode: no-cors", b"Sec-Fetch-Dest: empty"], 403, id="a fetch"),
        pytest.param([b"Authorization: token TOKEN"], 200, id="a program with a token"),
    ],
)
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_another_page_reads_nothing(
    gateway: Gateway, serve: Serve, method: bytes, lines: list[bytes], status: int
) -> None:
    """A page of a sister domain, such as another student's, may link here and nothing else."""
    upstream = serve(answering(OK))
    filled = [line.replace(b"TOKEN", gateway.token.encode()) for line in lines]
    answer = gateway.ask(method + b" /secret.js", b"Sec-Fetch-Site: same-site", *filled)
    assert answer.status == status
    assert bool(upstream.connections) is (status == 200)


@pytest.mark.parametrize(
    ("option", "status"),
    [
        ("allow_origin=https://portal.example", 200),
        (r"allow_origin_pat=https://.*\.example", 200),
        ("allow_origin=*", 403),
    ],
)
def test_an_origin_that_the_operator_names_is_let_in(
    tmp_path: Path, option: str, status: int
) -> None:
    """A named origin is allowed; `*` names none."""
    lines = (b"Sec-Fetch-Site: cross-site", b"Origin: https://portal.example")
    with running_gateway(tmp_path, f"--ServerApp.{option}") as gateway:
        upstream = RawUpstream(tmp_path / "0.sock", answering(OK))
        gateway.link.symlink_to(upstream.path)
        for method in (b"GET", b"POST"):
            answer = gateway.ask(method + b" /", *lines, b"Content-Length: 0")
            assert answer.status == status
        upstream.stop()


def test_a_user_who_may_only_read_gets_nothing(tmp_path: Path) -> None:
    """code-server is a terminal, so Jupyter's authorizer has to allow execution."""
    upstream = RawUpstream(tmp_path / "s", answering(OK))
    (tmp_path / "link").symlink_to(upstream.path)
    with running_gateway(
        tmp_path, "--ServerApp.authorizer_class=forwarding.ReadersOnly"
    ) as gateway:
        assert gateway.ask(b"GET /").status == 403
        assert gateway.open_websocket()[1].startswith(b"HTTP/1.1 403 ")
    assert not upstream.connections
    upstream.stop()


def test_the_first_visit_with_a_token_logs_in(gateway: Gateway, serve: Serve) -> None:
    """code-server's response carries Jupyter's login cookie; the token does not reach it."""
    heard: list[Message] = []
    serve(answering(OK, heard))
    wire = gateway.connect()
    token = gateway.token.encode()
    wire.send(
        b"GET /user/alice/codeserver/?folder=%2Fa&token=" + token + b" HTTP/1.1\r\n"
        b"Host: " + gateway.host + b"\r\n\r\n"
    )
    cookie = wire.message().fields[b"set-cookie"][0]
    assert b"Path=/user/alice/" in cookie
    assert heard[0].target == b"/?folder=%2Fa"
    assert token not in heard[0].head


def test_secrets_do_not_reach_upstream(gateway: Gateway, serve: Serve) -> None:
    """Jupyter's cookies and tokens are removed."""
    heard: list[Message] = []
    serve(answering(OK, heard))
    wire = gateway.connect()
    head = gateway.head(b"GET /?token=of-an-app", b"Authorization: Basic eDp5", b"X-XSRFToken: x")
    wire.send(head.replace(b"Cookie: ", b"Cookie: _xsrf=x; app=1; "))
    assert wire.message().content == b"ok"
    assert heard[0].target == b"/?token=of-an-app"
    assert heard[0].fields[b"cookie"] == [b"app=1"]
    assert not {b"authorization", b"x-xsrftoken"} & heard[0].fields.keys()


def test_jupyter_itself_may_answer(gateway: Gateway) -> None:
    """A subclass may answer a request itself, also an upload."""
    assert gateway.ask(b"GET /").content == b"not started"
    body = b"x" * 1_000_000
    length = b"Content-Length: %d" % len(body)
    answer = gateway.ask(b"POST /", length, b"Sec-Fetch-Site: same-origin", body=body)
    assert answer.status == 503


def test_what_jupyter_answers_has_its_headers(gateway: Gateway, serve: Serve) -> None:
    """Our own answers carry Jupyter's policy; forwarded responses do not."""
    assert POLICY in gateway.ask(b"GET /").fields
    serve(answering(OK))
    assert POLICY not in gateway.ask(b"GET /").fields
    assert POLICY in gateway.ask(b"POST /").fields
    serve(lambda wire: wire.close())
    assert POLICY in gateway.ask(b"GET /").fields


def _counted(gateway: Gateway, status: int) -> float:
    wire = gateway.connect()
    wire.send(gateway.head(b"GET /").replace(b"codeserver/", b"metrics", 1))
    wanted = f'handler="forwarding.ForwardingHandler",method="GET",status_code="{status}"'
    for line in wire.message().content.decode().splitlines():
        if line.startswith("http_request_duration_seconds_count") and wanted in line:
            return float(line.split()[-1])
    return 0


def test_jupyter_counts_and_logs_as_ever(gateway: Gateway, serve: Serve) -> None:
    """Every request is counted; failed ones are also logged."""
    serve(answering(OK))
    successes, failures = _counted(gateway, 200), _counted(gateway, 502)
    gateway.ask(b"GET /went-well")
    serve(lambda wire: wire.close())
    gateway.ask(b"GET /went-wrong?token=unlogged")
    assert _counted(gateway, 200) == successes + 1
    assert _counted(gateway, 502) == failures + 1
    log = gateway.log.read_text()
    assert "502 GET /user/alice/codeserver/went-wrong?token=[secret]" in log
    assert "went-well" not in log


def test_traffic_is_no_activity(gateway: Gateway, serve: Serve) -> None:
    """Forwarding does not change Jupyter's last_activity."""
    serve(answering(OK))
    before = gateway.state()["active"]
    gateway.ask(b"GET /")
    gateway.ask(b"POST /", b"Content-Length: 1", b"Sec-Fetch-Site: same-origin", body=b"x")
    assert gateway.state()["active"] == before


# Requests arrive unchanged


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(b"/a%2Fb", id="an encoded slash"),
        pytest.param(b"/a//b///", id="double slashes"),
        pytest.param(b"/%2e%2e/./..;/x", id="dots"),
        pytest.param(b"/%20%zz%", id="blanks, and what is no encoding"),
        pytest.param("/ä€".encode(), id="raw UTF-8"),
        pytest.param(b"/\xff\xfe%ff", id="no UTF-8 at all"),
        pytest.param(b"/p?", id="an empty query"),
        pytest.param(b"/p?a=b=c&&d+e%2B?f#g", id="an odd query"),
        pytest.param(b"//evil.example/x", id="what looks like a host"),
        pytest.param(b"/http://evil.example/x", id="what looks like a URL"),
        pytest.param(b"/" + b"x" * 8000, id="a long one"),
    ],
)
def test_a_target_arrives_byte_for_byte(gateway: Gateway, serve: Serve, target: bytes) -> None:
    """A target is not decoded, normalised or encoded on the way."""
    heard: list[Message] = []
    serve(answering(OK, heard))
    assert gateway.ask(b"GET " + target).content == b"ok"
    assert heard[0].target == target


@pytest.mark.parametrize(
    "target", [pytest.param(b"*", id="asterisk"), pytest.param(b"http://h/x", id="absolute")]
)
def test_targets_of_other_forms_are_not_ours(gateway: Gateway, serve: Serve, target: bytes) -> None:
    """They match no route and get a client error."""
    upstream = serve(answering(OK))
    wire = gateway.connect()
    wire.send(b"OPTIONS " + target + b" HTTP/1.1\r\nHost: " + gateway.host + b"\r\n\r\n")
    assert 400 <= wire.message().status < 500
    assert not upstream.connections


def test_an_upload_of_chunks_arrives(gateway: Gateway, serve: Serve) -> None:
    """The body arrives in chunks."""
    heard: list[Message] = []
    serve(answering(OK, heard))
    body = b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"
    chunked = b"Transfer-Encoding: chunked"
    assert gateway.ask(b"POST /", chunked, b"Sec-Fetch-Site: none", body=body).content == b"ok"
    assert heard[0].content == b"hello!"


def test_expect_is_answered_before_the_body(gateway: Gateway, serve: Serve) -> None:
    """A client that expects 100 gets it."""
    serve(answering(OK))
    wire = gateway.connect()
    wire.send(
        gateway.head(
            b"PUT /", b"Expect: 100-continue", b"Content-Length: 3", b"Sec-Fetch-Site: none"
        )
    )
    assert wire.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
    wire.send(b"abc")
    assert wire.message().content == b"ok"


def test_an_upload_that_is_refused_needs_not_be_sent(gateway: Gateway, serve: Serve) -> None:
    """With Expect, an unauthorized client is refused before it sends the body."""
    serve(answering(OK))
    wire = gateway.connect()
    wire.send(gateway.head(b"PUT /", b"Expect: 100-continue", b"Content-Length: 3"))
    assert wire.message().status == 403


def test_a_head_that_is_too_large_is_told_after_a_reset(gateway: Gateway, serve: Serve) -> None:
    """Node closes its connection with bytes unread, which resets it behind an empty 431."""

    def refuse(wire: Wire) -> None:
        wire.sock.recv(1)
        wire.send(b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n")

    serve(refuse)
    wire = gateway.connect()
    wire.send(gateway.head(b"POST /", b"Content-Length: 3", b"Sec-Fetch-Site: none") + b"abc")
    answer = wire.message()
    assert (answer.status, answer.content[:28]) == (431, b"What the browser sends along")


# Responses arrive unchanged


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(b"HTTP/1.1 200 Fine\r\nX: 1\r\nContent-Length: 3\r\n\r\nabc", id="a length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
            b"3;a=b\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n",
            id="chunks with an extension and trailers",
        ),
        pytest.param(b"HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n", id="204"),
        pytest.param(
            b"HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 9\r\n\r\n", id="304"
        ),
        pytest.param(
            b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\n"
            b"Content-Length: 2\r\n\r\nab",
            id="a range",
        ),
        pytest.param(
            b"HTTP/1.1 302 Found\r\nLocation: ./x?a=%2F\r\nContent-Length: 0\r\n\r\n",
            id="a redirect",
        ),
        pytest.param(b"HTTP/1.1 799 \r\nContent-Length: 0\r\n\r\n", id="a status nobody knows"),
        pytest.param(
            b"HTTP/1.1 500 Oops\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2; Max-Age=3\r\n"
            b"Content-Length: 1\r\n\r\nx",
            id="several cookies",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Security-Policy: default-src 'self'\r\n"
            b"Content-Length: 0\r\n\r\n",
            id="a policy of its own",
        ),
    ],
)
def test_a_response_arrives_byte_for_byte(gateway: Gateway, serve: Serve, response: bytes) -> None:
    """Head, framing and trailers are unchanged; Jupyter adds nothing; the connection stays open."""
    serve(answering(response))
    wire = gateway.connect()
    for _ in range(2):
        wire.send(gateway.head(b"GET /"))
        assert wire.read(len(response)) == response
    wire.send(gateway.head(b"GET /", b"Connection: close"))
    assert wire.rest().count(b"Connection: close\r\n") == 1


def test_compressed_bodies_stay_compressed(gateway: Gateway, serve: Serve) -> None:
    """A compressed body is not decoded on the way."""
    body = gzip.compress(b"hello" * 100)
    serve(
        answering(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
        )
    )
    assert gateway.ask(b"GET /", b"Accept-Encoding: gzip").content == body


def test_head_has_no_body(gateway: Gateway, serve: Serve) -> None:
    """Its Content-Length is that of a GET, and the connection is used again."""

    def play(wire: Wire) -> None:
        assert wire.message().start.startswith(b"HEAD ")
        wire.send(OK[:-2])
        wire.message()
        wire.send(OK)

    serve(play)
    wire = gateway.connect()
    wire.send(gateway.head(b"HEAD /"))
    assert wire.message(bodiless=True).fields[b"content-length"] == [b"2"]
    wire.send(gateway.head(b"GET /"))
    assert wire.message().content == b"ok"


def test_a_body_that_the_end_of_the_connection_ends_arrives(gateway: Gateway, serve: Serve) -> None:
    """The body's end also ends the browser's connection."""

    def play(wire: Wire) -> None:
        wire.message()
        wire.send(b"HTTP/1.1 200 OK\r\n\r\nuntil the end")

    serve(play)
    answer = gateway.ask(b"GET /")
    assert answer.content == b"until the end"
    assert answer.fields[b"connection"] == [b"close"]


def test_http_1_0_gets_no_chunks(gateway: Gateway, serve: Serve) -> None:
    """Upstream gets an HTTP/1.0 request, so it sends no chunks."""

    def play(wire: Wire) -> None:
        assert wire.message().start.endswith(b"HTTP/1.0")
        wire.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nplain")

    serve(play)
    wire = gateway.connect()
    wire.send(gateway.head(b"GET /").replace(b"HTTP/1.1", b"HTTP/1.0", 1))
    assert wire.rest().endswith(b"\r\n\r\nplain")


def test_early_hints_pass_and_continue_does_not(gateway: Gateway, serve: Serve) -> None:
    """103 reaches the browser before the final response; 100 does not."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
    serve(answering(b"HTTP/1.1 100 Continue\r\n\r\n" + hints + OK))
    wire = gateway.connect()
    wire.send(gateway.head(b"GET /"))
    assert wire.read(len(hints + OK)) == hints + OK


def test_a_stream_arrives_as_it_is_sent(gateway: Gateway, serve: Serve) -> None:
    """Server-sent events are not delayed."""
    go = threading.Event()

    def play(wire: Wire) -> None:
        wire.message()
        wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        assert go.wait(30)
        wire.send(b"3\r\ntwo\r\n0\r\n\r\n")

    serve(play)
    wire = gateway.connect()
    wire.send(gateway.head(b"GET /"))
    assert wire.until(b"one").endswith(b"one")
    go.set()
    assert wire.until(b"two")


def test_an_upload_and_its_answer_may_overlap(gateway: Gateway, serve: Serve) -> None:
    """An upstream that responds while it reads does not deadlock, with bodies of any size."""
    size = 32 << 20

    def play(wire: Wire) -> None:
        wire.until(b"\r\n\r\n")
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size >> 16):
            wire.send(wire.read(1 << 16))

    serve(play)
    wire = gateway.connect()
    wire.send(gateway.head(b"POST /", b"Content-Length: %d" % size, b"Sec-Fetch-Site: none"))
    block = os.urandom(1 << 16)
    sender = threading.Thread(target=wire.send, args=(block * (size >> 16),))
    sender.start()
    assert wire.message().content == block * (size >> 16)
    sender.join()


def test_a_refusal_amid_an_upload_arrives(gateway: Gateway, serve: Serve) -> None:
    """Upstream refuses and hangs up; its response is passed on, the rest of the body is not."""

    def play(wire: Wire) -> None:
        wire.until(b"\r\n\r\n")
        wire.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!")

    serve(play)
    size = 4 << 20
    length = b"Content-Length: %d" % size
    answer = gateway.ask(b"POST /", length, b"Sec-Fetch-Site: none", body=bytes(size))
    assert (answer.status, answer.content) == (413, b"no!")


# Pooled connections


def test_connections_are_used_again(gateway: Gateway, serve: Serve) -> None:
    """Many requests use one connection; a POST gets a new one, as a pooled one may be stale."""
    upstream = serve(answering(OK))
    for _ in range(5):
        gateway.ask(b"GET /")
    assert len(upstream.connections) == 1
    gateway.ask(b"POST /", b"Sec-Fetch-Site: none")
    assert len(upstream.connections) == 2


def test_a_connection_that_upstream_closed_is_replaced(gateway: Gateway, serve: Serve) -> None:
    """The browser does not notice that an idle connection was closed."""

    def play(wire: Wire) -> None:
        wire.message()
        wire.send(OK)

    upstream = serve(play)
    for _ in range(3):
        assert gateway.ask(b"GET /").content == b"ok"
    assert len(upstream.connections) == 3


def test_a_request_that_met_a_closing_connection_is_sent_again(
    gateway: Gateway, serve: Serve
) -> None:
    """Upstream reads it and closes without a response; it is sent again on a new connection."""
    heard: list[Message] = []

    def play(wire: Wire) -> None:
        heard.append(wire.message())
        if len(heard) != 2:
            wire.send(OK)
            heard.append(wire.message())

    upstream = serve(play)
    assert gateway.ask(b"GET /1").content == b"ok"
    assert gateway.ask(b"GET /2").content == b"ok"
    assert [message.target for message in heard] == [b"/1", b"/2", b"/2"]
    assert len(upstream.connections) == 2


def test_a_request_is_not_sent_a_third_time(gateway: Gateway, serve: Serve) -> None:
    """An upstream that never responds gets a request twice at most."""
    heard: list[Message] = []

    def play(wire: Wire) -> None:
        heard.append(wire.message())
        if len(heard) == 1:
            wire.send(OK)
            heard.append(wire.message())

    serve(play)
    gateway.ask(b"GET /1")
    assert gateway.ask(b"GET /2").status == 502
    assert len(heard) == 3


def test_a_post_is_never_sent_twice(gateway: Gateway, serve: Serve) -> None:
    """A POST may have had an effect, so it is sent once."""
    heard: list[Message] = []
    serve(lambda wire: heard.append(wire.message()))
    assert gateway.ask(b"POST /", b"Sec-Fetch-Site: none").status == 502
    assert len(heard) == 1


# Faults


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: 1\nY: 2\r\n\r\n", id="a bare line feed"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", id="no length"),
        pytest.param(b"HTTP/1.1 101 Switching\r\n\r\n", id="a switch unasked"),
        pytest.param(b"X" * 100_000, id="a head without end"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
            id="a chunk of the wrong size",
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="half a head"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_answer_is_a_502(gateway: Gateway, serve: Serve, garbage: bytes) -> None:
    """The 502 explains itself in one line."""

    def play(wire: Wire) -> None:
        wire.message()
        wire.send(garbage)

    serve(play)
    answer = gateway.ask(b"GET /")
    assert answer.status == 502
    assert answer.content.startswith(b"code-server did not answer: ")
    assert answer.content.count(b"\n") == 1


def test_a_socket_where_nobody_listens_is_a_502(gateway: Gateway, serve: Serve) -> None:
    """Requests with and without a body get a 502."""
    serve(answering(OK)).stop()
    assert gateway.ask(b"GET /").status == 502
    body = b"Content-Length: 3"
    assert gateway.ask(b"POST /", body, b"Sec-Fetch-Site: none", body=b"abc").status == 502


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", id="within a length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            id="between chunks",
        ),
    ],
)
def test_a_cut_answer_is_seen_to_be_cut(gateway: Gateway, serve: Serve, cut: bytes) -> None:
    """The browser's connection ends before the body does."""

    def play(wire: Wire) -> None:
        wire.message()
        wire.send(cut)

    serve(play)
    with pytest.raises(EOFError):
        gateway.ask(b"GET /")


def test_a_browser_that_leaves_ends_the_upstream_request(gateway: Gateway, serve: Serve) -> None:
    """The upstream request ends before its response has begun."""
    arrived, ended = threading.Event(), threading.Event()

    def play(wire: Wire) -> None:
        wire.message()
        arrived.set()
        assert wire.rest() == b""
        ended.set()

    serve(play)
    wire = gateway.connect()
    wire.send(gateway.head(b"GET /"))
    assert arrived.wait(30)
    wire.close()
    assert ended.wait(30)


def test_a_browser_that_leaves_amid_a_download_ends_it(gateway: Gateway, serve: Serve) -> None:
    """An endless upstream is stopped."""
    ended = threading.Event()

    def play(wire: Wire) -> None:
        wire.message()
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        try:
            while True:
                wire.send(bytes(1 << 16))
        except OSError:
            ended.set()

    serve(play)
    wire = gateway.connect()
    wire.send(gateway.head(b"GET /"))
    wire.read(1 << 20)
    wire.close()
    assert ended.wait(30)


def test_a_browser_that_leaves_amid_an_upload_ends_it(gateway: Gateway, serve: Serve) -> None:
    """Upstream does not wait for the rest; the connection is not used again."""
    arrived, ended = threading.Event(), threading.Event()

    def play(wire: Wire) -> None:
        wire.until(b"\r\n\r\n")
        wire.read(10)
        arrived.set()
        assert wire.rest() == b""
        ended.set()

    serve(play)
    wire = gateway.connect()
    wire.send(gateway.head(b"POST /", b"Content-Length: 1000", b"Sec-Fetch-Site: none"))
    wire.send(b"x" * 10)
    assert arrived.wait(30)
    wire.close()
    assert ended.wait(30)


class Flood:
    """An upstream that sends a gigabyte until nobody reads any more."""

    def __init__(self) -> None:
        self.sent = GIB
        self.is_stuck = threading.Event()

    def play(self, wire: Wire) -> None:
        """Plays one connection; answers `/quick` at once."""
        if wire.message().target == b"/quick":
            wire.send(OK)
            return
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % GIB)
        self.sent = wire.send_until_stuck(GIB)
        self.is_stuck.set()
        wire.rest()


def test_a_reader_that_stops_stops_upstream(gateway: Gateway, serve: Serve) -> None:
    """A gigabyte that the browser does not read waits upstream, not in Jupyter's memory."""
    flood = Flood()
    serve(flood.play)
    before = gateway.state()["peak"]
    wire = gateway.connect()
    wire.send(gateway.head(b"GET /"))
    for _ in range(3):
        assert wire.sock.recv(1)
    assert flood.is_stuck.wait(60)
    assert flood.sent < SLACK
    assert gateway.state()["peak"] - before < SLACK >> 10
    wire.close()


@pytest.mark.slow
def test_a_reader_of_a_byte_a_second_holds_nobody_up(gateway: Gateway, serve: Serve) -> None:
    """Its gigabyte waits upstream, not in Jupyter's memory; others are answered meanwhile."""
    flood = Flood()
    serve(flood.play)
    before = gateway.state()["peak"]
    slow = gateway.connect()
    slow.send(gateway.head(b"GET /"))
    for _ in range(10):
        assert slow.sock.recv(1)
        other = gateway.connect()
        other.send(gateway.head(b"GET /quick"))
        assert other.message().body == b"ok"
        other.close()
        time.sleep(1)  # the time itself is what is tested
    assert flood.is_stuck.is_set()
    assert flood.sent < SLACK
    assert gateway.state()["peak"] - before < SLACK >> 10
    slow.close()


def test_an_upstream_that_reads_nothing_stops_the_upload(gateway: Gateway, serve: Serve) -> None:
    """A browser's upload waits in the browser, not in Jupyter's memory."""
    done = threading.Event()

    def play(wire: Wire) -> None:
        wire.until(b"\r\n\r\n")
        assert done.wait(60)

    serve(play)
    wire = gateway.connect()
    wire.send(gateway.head(b"POST /", b"Content-Length: %d" % GIB, b"Sec-Fetch-Site: none"))
    assert wire.send_until_stuck(GIB) < SLACK
    wire.close()
    done.set()


def _blocks() -> Iterator[bytes]:
    block = os.urandom(1 << 20)
    for number in range(GIB >> 20):
        yield number.to_bytes(8, "big") + block[8:]


def _digest_of_rest(wire: Wire, size: int) -> str:
    digest = hashlib.sha256()
    while size:
        data = wire.read(min(size, 1 << 20))
        digest.update(data)
        size -= len(data)
    return digest.hexdigest()


def test_a_gigabyte_comes_down_whole(gateway: Gateway, serve: Serve) -> None:
    """The SHA-256 is the same, and Jupyter's memory does not grow."""
    sent = hashlib.sha256()

    def play(wire: Wire) -> None:
        wire.message()
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % GIB)
        for block in _blocks():
            sent.update(block)
            wire.send(block)

    serve(play)
    before = gateway.state()["peak"]
    wire = gateway.connect()
    wire.send(gateway.head(b"GET /"))
    wire.until(b"\r\n\r\n")
    assert _digest_of_rest(wire, GIB) == sent.hexdigest()
    assert gateway.state()["peak"] - before < SLACK >> 10
    wire.close()


def test_a_gigabyte_goes_up_whole(gateway: Gateway, serve: Serve) -> None:
    """It is twice Jupyter's own limit; the SHA-256 is the same, and the memory does not grow."""

    def play(wire: Wire) -> None:
        wire.until(b"\r\n\r\n")
        digest = _digest_of_rest(wire, GIB).encode()
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" + digest)

    serve(play)
    before = gateway.state()["peak"]
    wire = gateway.connect()
    wire.send(gateway.head(b"PUT /", b"Content-Length: %d" % GIB, b"Sec-Fetch-Site: none"))
    sent = hashlib.sha256()
    for block in _blocks():
        sent.update(block)
        wire.send(block)
    assert wire.message().content.decode() == sent.hexdigest()
    assert gateway.state()["peak"] - before < SLACK >> 10
    wire.close()
