"""Only a websocket that a page of this server requests opens a tunnel."""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING

import pytest

from tests.jupyter_codeserver_proxy.forwarding.conftest import PREFIX

if TYPE_CHECKING:
    from tests.attack.conftest import Server

pytestmark = pytest.mark.attack

# Each with whether it may open a websocket.
METHODS = {b"GET": True, b"POST": False, b"HEAD": False, b"OPTIONS": False}
UPGRADES = {
    **dict.fromkeys([b"websocket", b"WebSocket"], True),
    **dict.fromkeys([b"", b"h2c", b"websocket, h2c", b"websocket/13", b"TLS/1.0"], False),
}
CONNECTIONS = {
    **dict.fromkeys([b"Upgrade", b"keep-alive, uPGRADE"], True),
    **dict.fromkeys([b"", b"keep-alive", b"upgrade;x", b"Upgrade websocket"], False),
}
BODIES = {b"": True, b"Content-Length: 0\r\n": True, b"Content-Length: 2\r\n": False}


def test_only_a_websocket_opens_a_tunnel(recorded: Server) -> None:
    """Everything else is an ordinary request, and upstream sees no upgrade in it."""
    for method, upgrade, connection, body in product(METHODS, UPGRADES, CONNECTIONS, BODIES):
        parts = (method, upgrade, connection, body)
        opens = METHODS[method] and UPGRADES[upgrade] and CONNECTIONS[connection] and BODIES[body]
        target = recorded.target()
        lines = (b"Upgrade: " + upgrade, b"Connection: " + connection, b"Sec-Fetch-Site: none")
        head = recorded.gateway.head(method + b" " + target, *lines)
        answer, wire = recorded.ask(head[:-2] + body + b"\r\n" + b"{}" * (b"2" in body))
        assert answer, parts
        assert (answer.status == 101) is opens, parts
        assert answer.status in {101, 200}, parts
        heard = next(message for message in recorded.heard if message.target == target)
        assert (b"upgrade" in heard.fields) is opens, parts
        wire.close()
    recorded.assert_serves_the_next()


ORIGINS = {
    **dict.fromkeys([b"http://HOST", b"HTTP://HOST"], 101),
    **dict.fromkeys([b"http://evil.example", b"null", b"http://HOST.evil.example"], 403),
    **dict.fromkeys([b"http://evil.example@HOST:1", b"file://", b"http://HOST, http://HOST"], 403),
}


def test_another_origin_opens_no_tunnel(server: Server) -> None:
    """The browser sends the student's cookie for a foreign page, which gets nothing."""
    for origin, status in ORIGINS.items():
        named = b"Origin: " + origin.replace(b"HOST", server.gateway.host)
        target = b"/stable-0?reconnectionToken=0&type=Management" if server.is_real else b"/ws"
        wire, head = server.gateway.open_websocket(b"GET " + target, named)
        if status == 403 or not server.is_real:
            assert head.startswith(b"HTTP/1.1 %d " % status), origin
        else:
            assert b" 403 " not in head[:14]
        wire.close()
    server.assert_serves_the_next()


def test_a_tunnel_that_was_refused_is_none(recorded: Server) -> None:
    """The bytes behind a refused upgrade are a request that needs its own authentication."""
    recorded.response = b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n"
    recorded.hangs_up = False
    stranger = b"GET %b/mine HTTP/1.1\r\nHost: %b\r\n\r\n" % (
        PREFIX.encode(),
        recorded.gateway.host,
    )
    wire = recorded.gateway.connect()
    lines = (b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 777")
    wire.send(recorded.gateway.head(b"GET /odd", *lines) + stranger)
    assert wire.message().status == 426
    assert wire.message().status == 403
    assert recorded.begun[-1] == b"/odd"
    with suppress(OSError):
        wire.close()
