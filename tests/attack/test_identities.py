"""Which clients reach which routes."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING

import pytest

from tests.jupyter_codeserver_proxy.forwarding.conftest import PREFIX, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.attack.conftest import Server

pytestmark = pytest.mark.attack

BASE = PREFIX.removesuffix("/codeserver").encode()
EVIL = (b"Origin: http://evil.example", b"Sec-Fetch-Site: cross-site")
LINK = (
    *(b"Sec-Fetch-Site: cross-site", b"Sec-Fetch-Mode: navigate", b"Sec-Fetch-Dest: document"),
    b"Accept: text/html",
)
OWN = (b"Origin: http://HOST", b"Sec-Fetch-Site: same-origin")
UPGRADE = (
    *(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"),
    b"Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==",
)

# Clients: field lines, a query parameter, and what they reach: nothing, all routes, or those to
# which a foreign page may link; that page does not see the response.
NOTHING, ALL, LINKED = 0, 1, 2
IDENTITIES: dict[str, tuple[tuple[bytes, ...], bytes, int]] = {
    "nobody": ((), b"", NOTHING),
    "nobody, from here": (OWN, b"", NOTHING),
    "a wrong token": ((b"Authorization: token wrong",), b"", NOTHING),
    "a wrong scheme": ((b"Authorization: Basic TOKEN",), b"", NOTHING),
    "a wrong token in the query": ((), b"token=wrong", NOTHING),
    "an empty token": ((b"Authorization: token ",), b"token=", NOTHING),
    "a cookie that is none": ((b"Cookie: FORGED",), b"", NOTHING),
    "a token": ((b"Authorization: token TOKEN",), b"", ALL),
    "a token, from elsewhere": ((b"Authorization: token TOKEN", *EVIL), b"", ALL),
    "a token in the query": ((), b"token=TOKEN", ALL),
    "a cookie, from here": ((b"Cookie: COOKIE", *OWN), b"", ALL),
    "a cookie, from elsewhere": ((b"Cookie: COOKIE", *EVIL), b"", NOTHING),
    "a cookie, from elsewhere on plain HTTP": ((b"Cookie: COOKIE", EVIL[0]), b"", NOTHING),
    "a cookie, by a link": ((b"Cookie: COOKIE", *LINK), b"", LINKED),
}
# The routes, and whether a foreign page may link to them.
ROUTES: dict[bytes, tuple[tuple[bytes, ...], int]] = {
    b"GET BELOW/healthz": ((), LINKED),
    b"GET BELOW/_static/out/browser/serviceWorker.js": ((), LINKED),
    b"GET BELOW/proxy/PORT/": ((), LINKED),
    b"GET BELOW/open/": ((), LINKED),
    b"POST BELOW/mint-key": ((b"Content-Length: 0",), ALL),
    b"POST BELOW/proxy/PORT/": ((b"Content-Length: 0",), ALL),
    b"DELETE BELOW/proxy/PORT/": ((), ALL),
    b"GET BELOW/proxy/PORT/ws": (UPGRADE, ALL),
    b"GET BASE/api/codeserver": ((), LINKED),
}


@pytest.fixture
def application() -> Iterator[tuple[int, list[bytes]]]:
    """Runs a student's application; returns its port and the first lines of its requests."""
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                wire = Wire(listener.accept()[0])
                with suppress(EOFError):
                    heard.append(wire.message().start)
                    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\napp")
                wire.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1], heard
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_a_route_is_reached_by_who_may(real: Server, application: tuple[int, list[bytes]]) -> None:
    """Others are refused, and neither code-server nor an application sees their requests."""
    port, heard = application
    name, _, value = real.gateway.cookie.partition(b"=")
    words = {
        b"BELOW": PREFIX.encode(),
        b"BASE": BASE,
        b"PORT": b"%d" % port,
        b"HOST": real.gateway.host,
        b"TOKEN": real.gateway.token.encode(),
        b"COOKIE": real.gateway.cookie,
        b"FORGED": name + b"=" + value[::-1],
    }
    for (who, (lines, query, reach)), (route, (more, needed)) in product(
        IDENTITIES.items(), ROUTES.items()
    ):
        first = route + (b"?" + query if query else b"") + b" HTTP/1.1"
        data = b"\r\n".join([first, b"Host: HOST", *lines, *more, b"", b""])
        for word, filled in words.items():
            data = data.replace(word, filled)
        before = len(heard)
        answer, wire = real.ask(data)
        assert answer is not None, (who, route)
        to_login = b"/login" in answer.fields.get(b"location", [b""])[0]
        # Jupyter's own routes answer a foreign origin with 404.
        refusals = {403, 404} if b"BASE" in route else {403}
        reached = answer.status not in refusals and not to_login
        may = reach == ALL or reach == needed == LINKED
        assert reached is may, (who, route, answer.status)
        assert reached or len(heard) == before, (who, route)
        assert answer.status < 500 or b"ws" in route, (who, route)
        wire.close()
    real.assert_serves_the_next()
