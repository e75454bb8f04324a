"""Websockets through a real Jupyter server carry bytes unchanged."""

from __future__ import annotations

import os
import queue
import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.jupyter_codeserver_proxy.forwarding.conftest import (
    PATIENCE,
    RawUpstream,
    running_gateway,
    serving,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.jupyter_codeserver_proxy.forwarding.conftest import Gateway, Message, Wire

    Serve = Callable[[Callable[[Wire], None]], RawUpstream]

ACCEPTED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: x\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"
    b"Sec-WebSocket-Protocol: tunnel\r\n\r\n"
)
SLACK = 32 << 20
"""Bytes that fit into the sockets and buffers between two ends, at most."""


def echo(wire: Wire) -> None:
    """Accepts an upgrade, and echoes every byte until the browser ends."""
    wire.until(b"\r\n\r\n")
    wire.send(ACCEPTED)
    while data := wire.unread or wire.sock.recv(1 << 16):
        wire.unread = b""
        wire.send(data)


def test_the_handshake_is_the_two_ends_own(gateway: Gateway, serve: Serve) -> None:
    """Browser and upstream negotiate keys, compression and subprotocols themselves."""
    heard: list[Message] = []

    def play(wire: Wire) -> None:
        heard.append(wire.message())
        wire.send(ACCEPTED)

    serve(play)
    _, head = gateway.open_websocket(
        b"GET /ws?reconnectionToken=a%2Fb",
        b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        b"Sec-WebSocket-Protocol: tunnel, other",
        b"Origin: http://" + gateway.host,
    )
    assert head == ACCEPTED
    assert heard[0].target == b"/ws?reconnectionToken=a%2Fb"
    fields = heard[0].fields
    assert fields[b"connection"] == [b"Upgrade"]
    assert fields[b"upgrade"] == [b"websocket"]
    assert fields[b"sec-websocket-key"] == [b"AAECAwQFBgcICQoLDA0ODw=="]
    assert fields[b"sec-websocket-protocol"] == [b"tunnel, other"]
    assert b"cookie" not in fields


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [
        pytest.param(b"http://HOST", True, id="ours"),
        pytest.param(b"http://evil.example", False, id="foreign"),
        pytest.param(b"null", False, id="opaque"),
    ],
)
def test_a_foreign_page_opens_no_websocket(
    gateway: Gateway, serve: Serve, origin: bytes, *, accepted: bool
) -> None:
    """Jupyter checks the origin before upstream sees the request."""
    upstream = serve(echo)
    _, head = gateway.open_websocket(
        b"GET /ws", b"Origin: " + origin.replace(b"HOST", gateway.host)
    )
    assert head.startswith(b"HTTP/1.1 101 " if accepted else b"HTTP/1.1 403 ")
    assert bool(upstream.connections) is accepted


def test_upstream_may_refuse(gateway: Gateway, serve: Serve) -> None:
    """The browser gets upstream's refusal, and the connection is used again."""

    def play(wire: Wire) -> None:
        for body in (b"no", b"ok"):
            wire.message()
            wire.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n" + body)

    serve(play)
    wire, head = gateway.open_websocket()
    assert head.startswith(b"HTTP/1.1 404 ")
    assert wire.read(2) == b"no"
    wire.send(gateway.head(b"GET /"))
    assert wire.message().content == b"ok"


def test_upstream_may_refuse_without_a_length(gateway: Gateway, serve: Serve) -> None:
    """code-server refuses like this."""

    def play(wire: Wire) -> None:
        wire.message()
        wire.send(b"HTTP/1.1 404 Not Found\r\n\r\n")

    serve(play)
    wire, head = gateway.open_websocket()
    assert head.startswith(b"HTTP/1.1 404 ")
    assert wire.rest() == b""


def test_bytes_pass_both_ways(gateway: Gateway, serve: Serve) -> None:
    """Far more than jupyter-server-proxy's limit of 10 MiB passes in both directions at once."""
    serve(echo)
    wire, _ = gateway.open_websocket()
    data = os.urandom(24 << 20)
    sender = threading.Thread(target=wire.send, args=(data,))
    sender.start()
    assert wire.read(len(data)) == data
    sender.join()


def test_bytes_that_come_early_are_not_lost(gateway: Gateway, serve: Serve) -> None:
    """Bytes directly behind the head of the request or of the response arrive."""

    def play(wire: Wire) -> None:
        wire.until(b"\r\n\r\n")
        wire.send(ACCEPTED + b"from upstream")
        wire.send(wire.read(12))

    serve(play)
    wire = gateway.connect()
    head = gateway.head(b"GET /ws", b"Connection: Upgrade", b"Upgrade: websocket")
    wire.send(head + b"from browser")
    assert wire.read(len(ACCEPTED) + 13) == ACCEPTED + b"from upstream"
    assert wire.read(12) == b"from browser"


def test_what_passes_is_counted(gateway: Gateway, serve: Serve) -> None:
    """Open websockets and the bytes in each direction are counted."""
    serve(echo)
    before = gateway.await_state(lambda state: state["websockets"] == 0)
    wire, _ = gateway.open_websocket()
    wire.send(b"x" * 1000)
    wire.read(1000)
    during = gateway.state()
    assert during["websockets"] == 1
    assert during["up"] - before["up"] == 1000
    assert during["down"] - before["down"] == 1000 + len(ACCEPTED)
    wire.close()
    gateway.await_state(lambda state: state["websockets"] == 0)


def test_the_browser_may_close_its_half(gateway: Gateway, serve: Serve) -> None:
    """Upstream reads to the end, and what it sends then still arrives."""

    def play(wire: Wire) -> None:
        wire.until(b"\r\n\r\n")
        wire.send(ACCEPTED)
        wire.send(b"you said " + wire.rest())

    serve(play)
    wire, _ = gateway.open_websocket()
    wire.send(b"bye")
    wire.sock.shutdown(1)
    assert wire.rest() == b"you said bye"
    gateway.await_state(lambda state: state["websockets"] == 0)


def test_upstream_may_close_its_half(gateway: Gateway, serve: Serve) -> None:
    """The browser reads to the end, and what it sends then still arrives."""
    heard: queue.Queue[bytes] = queue.Queue()

    def play(wire: Wire) -> None:
        wire.until(b"\r\n\r\n")
        wire.send(ACCEPTED + b"bye")
        wire.sock.shutdown(1)
        heard.put(wire.rest())

    serve(play)
    wire, _ = gateway.open_websocket()
    assert wire.rest() == b"bye"
    wire.send(b"you said bye")
    wire.close()
    assert heard.get(timeout=PATIENCE) == b"you said bye"
    gateway.await_state(lambda state: state["websockets"] == 0)


@pytest.mark.parametrize("who", ["browser", "upstream"])
def test_half_a_websocket_does_not_stay(tmp_path: Path, who: str) -> None:
    """A browser closes with a FIN alone, and upstream neither sends nor reads: both are closed."""
    over = threading.Event()

    def play(wire: Wire) -> None:
        wire.until(b"\r\n\r\n")
        wire.send(ACCEPTED)
        if who == "upstream":
            wire.sock.shutdown(socket.SHUT_WR)
        over.wait()

    with (
        running_gateway(tmp_path, FORWARDING_HALF_OPEN="0.1") as gateway,
        serving(gateway, tmp_path) as serve,
    ):
        serve(play)
        descriptors = gateway.state()["descriptors"]
        wire, head = gateway.open_websocket()
        assert head == ACCEPTED
        if who == "browser":
            wire.sock.shutdown(socket.SHUT_WR)
        gateway.await_state(
            lambda state: state["websockets"] == 0 and state["descriptors"] <= descriptors
        )
        over.set()


def test_a_browser_is_asked_whether_it_is_there(gateway: Gateway, serve: Serve) -> None:
    """The kernel probes a silent connection, as a suspended laptop sends no FIN."""
    table = Path("/proc/net/tcp")
    if not table.exists():
        pytest.skip("the kernel's timers are read from /proc")
    serve(echo)
    wire, _ = gateway.open_websocket()
    here, there = (f":{sock[1]:04X}" for sock in (wire.sock.getpeername(), wire.sock.getsockname()))
    rows = [line.split() for line in table.read_text().splitlines()]
    (timer,) = [row[5] for row in rows if row[1].endswith(here) and row[2].endswith(there)]
    assert timer.startswith("02:")  # keepalive, proc_net_tcp(5)
    seconds = int(timer[3:], 16) / os.sysconf("SC_CLK_TCK")
    assert 0 < seconds <= 60


def test_an_upstream_that_dies_ends_the_websocket(gateway: Gateway, serve: Serve) -> None:
    """The browser's connection ends, and nothing stays open here."""
    upstream = serve(echo)
    descriptors = gateway.await_state(lambda state: state["websockets"] == 0)["descriptors"]
    wire, _ = gateway.open_websocket()
    upstream.stop()
    assert wire.rest() == b""
    wire.close()
    gateway.await_state(
        lambda state: state["websockets"] == 0 and state["descriptors"] <= descriptors
    )


def test_a_browser_that_vanishes_ends_the_websocket(gateway: Gateway, serve: Serve) -> None:
    """The browser's connection is reset; upstream's connection ends."""
    ended = threading.Event()

    def play(wire: Wire) -> None:
        wire.until(b"\r\n\r\n")
        wire.send(ACCEPTED)
        wire.rest()
        ended.set()

    serve(play)
    wire, _ = gateway.open_websocket()
    reset = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # with a linger time of zero, close() resets
    wire.sock.setsockopt(1, 13, reset)
    wire.close()
    assert ended.wait(30)
    gateway.await_state(lambda state: state["websockets"] == 0)


def test_a_browser_that_stops_reading_stops_upstream(gateway: Gateway, serve: Serve) -> None:
    """Unread bytes wait upstream, and arrive complete later."""
    size, stuck = 96 << 20, threading.Event()
    sent = size

    def play(wire: Wire) -> None:
        nonlocal sent
        wire.until(b"\r\n\r\n")
        wire.send(ACCEPTED)
        sent = wire.send_until_stuck(size)
        stuck.set()
        for _ in range(sent, size, 1 << 16):
            wire.send(bytes(min(1 << 16, size - sent)))
            sent += min(1 << 16, size - sent)
        wire.rest()

    serve(play)
    before = gateway.state()["peak"]
    wire, _ = gateway.open_websocket()
    assert wire.read(1) == b"\0"
    assert stuck.wait(30)
    assert sent < SLACK
    wire.skip(size - 1)
    assert gateway.state()["peak"] - before < SLACK >> 10


def test_an_upstream_that_stops_reading_stops_the_browser(gateway: Gateway, serve: Serve) -> None:
    """Unread bytes wait in the browser, and arrive complete later."""
    size, go = 96 << 20, threading.Event()

    def play(wire: Wire) -> None:
        wire.until(b"\r\n\r\n")
        wire.send(ACCEPTED)
        assert go.wait(30)
        wire.skip(size)
        wire.send(b"all of it")

    serve(play)
    before = gateway.state()["peak"]
    wire, _ = gateway.open_websocket()
    sent = wire.send_until_stuck(size)
    assert sent < SLACK
    go.set()
    wire.send(bytes(size - sent))
    assert wire.read(9) == b"all of it"
    assert gateway.state()["peak"] - before < SLACK >> 10


def test_two_hundred_at_once(gateway: Gateway, serve: Serve) -> None:
    """All of them work, their bytes do not mix, and nothing stays open."""
    serve(echo)
    before = gateway.await_state(lambda state: state["websockets"] == 0)["descriptors"]
    head = gateway.head(b"GET /ws", b"Connection: Upgrade", b"Upgrade: websocket")
    wires = [gateway.connect() for _ in range(200)]
    for wire in wires:
        wire.send(head)
    for wire in wires:
        assert wire.until(b"\r\n\r\n") == ACCEPTED
    assert gateway.state()["websockets"] == 200
    words = [b"%d:" % number + os.urandom(5000) for number in range(200)]
    for wire, word in zip(wires, words, strict=True):
        wire.send(word)
    for wire, word in zip(wires, words, strict=True):
        assert wire.read(len(word)) == word
    for wire in wires:
        wire.close()
    gateway.await_state(lambda state: state["websockets"] == 0)
    gateway.await_state(lambda state: state["descriptors"] <= before + 2)


def test_the_end_of_jupyter_ends_all_of_them(gateway: Gateway, serve: Serve) -> None:
    """Closing an upstream ends its websockets and its pending requests."""

    def play(wire: Wire) -> None:
        if b"/ws" in wire.until(b"\r\n\r\n"):
            wire.send(ACCEPTED)
        wire.rest()

    serve(play)
    wires = [gateway.open_websocket()[0] for _ in range(3)]
    waiting = gateway.connect()
    waiting.send(gateway.head(b"GET /"))
    gateway.await_state(lambda state: state["websockets"] == 3)
    gateway.state(b"DELETE")
    assert [wire.rest() for wire in wires] == [b"", b"", b""]
    assert waiting.message().status == 502
    assert gateway.state()["websockets"] == 0


@pytest.fixture(scope="module")
def tls_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Runs a Jupyter server with TLS."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    openssl = shutil.which("openssl")
    assert openssl, "this test needs openssl"
    subject = ["-subj", "/CN=localhost", "-days", "2", "-nodes", "-newkey", "rsa:2048"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([openssl, "req", "-x509", *subject, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(certificate)
    options = [f"--ServerApp.certfile={certificate}", f"--ServerApp.keyfile={key}"]
    with running_gateway(folder, *options, tls=context) as gateway:
        yield gateway


@pytest.fixture
def serve_tls(tls_gateway: Gateway, tmp_path: Path) -> Iterator[Serve]:
    """Puts upstreams behind the TLS server."""
    started: list[RawUpstream] = []

    def serve(play: Callable[[Wire], None]) -> RawUpstream:
        started.append(RawUpstream(tmp_path / "tls.sock", play))
        tls_gateway.link.unlink(missing_ok=True)
        tls_gateway.link.symlink_to(started[-1].path)
        return started[-1]

    yield serve
    tls_gateway.hang_up()
    for upstream in started:
        upstream.stop()


def test_bytes_pass_over_tls(tls_gateway: Gateway, serve_tls: Serve) -> None:
    """A websocket works over Jupyter's own TLS, and upstream is told that it is https."""
    heads: list[bytes] = []

    def play(wire: Wire) -> None:
        heads.append(wire.until(b"\r\n\r\n"))
        wire.send(ACCEPTED + b"early")
        while data := wire.unread or wire.sock.recv(1 << 16):
            wire.unread = b""
            wire.send(data)

    serve_tls(play)
    origin = b"Origin: https://" + tls_gateway.host
    wire, head = tls_gateway.open_websocket(b"GET /ws", origin)
    assert head == ACCEPTED
    assert wire.read(5) == b"early"
    assert b"X-Forwarded-Proto: https\r\n" in heads[0]
    data = os.urandom(4 << 20)
    for start in range(0, len(data), 1 << 14):
        wire.send(data[start : start + (1 << 14)])
        assert wire.read(1 << 14) == data[start : start + (1 << 14)]
    assert tls_gateway.state()["websockets"] == 1
    wire.close()
    tls_gateway.await_state(lambda state: state["websockets"] == 0)


def test_upstream_ends_a_websocket_over_tls(tls_gateway: Gateway, serve_tls: Serve) -> None:
    """Upstream's last bytes arrive, then the end."""

    def play(wire: Wire) -> None:
        wire.until(b"\r\n\r\n")
        wire.send(ACCEPTED + b"x" * (1 << 20))

    serve_tls(play)
    wire, _ = tls_gateway.open_websocket()
    assert len(wire.rest()) == 1 << 20
    tls_gateway.await_state(lambda state: state["websockets"] == 0)


def test_the_end_of_jupyter_ends_a_websocket_over_tls(
    tls_gateway: Gateway, serve_tls: Serve
) -> None:
    """Closing an upstream ends the websocket."""
    serve_tls(echo)
    wire, _ = tls_gateway.open_websocket()
    tls_gateway.state(b"DELETE")
    assert wire.rest() == b""
    tls_gateway.await_state(lambda state: state["websockets"] == 0)
