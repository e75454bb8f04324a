"""Which fields of a head pass, and which are removed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado.httputil import HTTPHeaders

from jupyter_codeserver_proxy.forwarding.framing import parse_head
from jupyter_codeserver_proxy.forwarding.headers import (
    ClientInfo,
    is_upgrade,
    request_head,
    response_head,
    without_jupyter_cookies,
    without_secrets,
)

CLIENT = ClientInfo(
    host="hub.example.org",
    scheme="https",
    address="192.0.2.7",
    login_cookie="login",
    tokens=frozenset({"s3cret"}),
)
PREFIX = b"/user/alice/codeserver"


@pytest.mark.parametrize(
    ("cookies", "kept"),
    [
        pytest.param("a=1;b=2", "a=1;b=2", id="nothing of Jupyter's: not a byte changes"),
        pytest.param("a=1; login=x; b=2", "a=1; b=2", id="the login cookie"),
        pytest.param("_xsrf=x; vscode-tkn=y", "vscode-tkn=y", id="the XSRF token"),
        pytest.param("username-localhost-8888=x", "", id="another Jupyter's on this host"),
        pytest.param("jupyterhub-session-id=x; a=1", "a=1", id="the hub's session"),
        pytest.param("__Host-jupyterhub-user-alice=x; a=1", "a=1", id="the hub's, with a prefix"),
        pytest.param(" _xsrf =x; a=1", "a=1", id="blanks that Tornado ignores"),
        pytest.param("_xsrfx=1; myusername-a=2", "_xsrfx=1; myusername-a=2", id="look-alikes"),
    ],
)
def test_cookies_of_jupyter_stop_here(cookies: str, kept: str) -> None:
    """Cookies of code-server and of applications behind it pass unchanged."""
    assert without_jupyter_cookies(cookies, "login") == kept


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        pytest.param("/?token=s3cret", "/", id="alone"),
        pytest.param("/x?a=%2F&token=s3cret&b=+", "/x?a=%2F&b=+", id="among others"),
        pytest.param("/?%74oken=%733cret", "/", id="encoded"),
        pytest.param("/?token=+s3cret", "/", id="with blanks that Tornado ignores"),
        pytest.param("/?token=theirs", "/?token=theirs", id="an application's own"),
        pytest.param("/?tkn=s3cret&reconnectionToken=s3cret", None, id="VS Code's own"),
        pytest.param("/?_xsrf=2|a|b", "/", id="the XSRF token"),
        pytest.param("/a?&&=&b=1?c", None, id="odd but harmless"),
        pytest.param("/a?", None, id="an empty query"),
    ],
)
def test_tokens_of_jupyter_leave_the_query(target: str, kept: str | None) -> None:
    """The rest of the query does not change."""
    expected = target if kept is None else kept
    assert without_secrets(target, {"s3cret"}.__contains__) == expected


@given(st.lists(st.text(st.characters(max_codepoint=255, exclude_characters="&"), max_size=12)))
def test_a_query_without_secrets_does_not_change(parameters: list[str]) -> None:
    """A query without secrets stays the same, however odd it is."""
    query = "&".join(part for part in parameters if "x" not in part and "t" not in part)
    assert without_secrets("/p?" + query, lambda _: True) == "/p?" + query


@pytest.mark.parametrize(
    ("method", "fields", "upgrade"),
    [
        pytest.param("GET", {"Connection": "keep-alive, Upgrade"}, True, id="as Firefox asks"),
        pytest.param("GET", {"Connection": "keep-alive"}, False, id="not in Connection"),
        pytest.param("POST", {"Connection": "Upgrade"}, False, id="another method"),
        pytest.param("GET", {"Connection": "Upgrade", "Content-Length": "2"}, False, id="a body"),
    ],
)
def test_a_websocket_is_asked_for_in_one_way(
    method: str, fields: dict[str, str], *, upgrade: bool
) -> None:
    """An upgrade is a GET without a body whose Connection field names Upgrade."""
    assert is_upgrade(method, HTTPHeaders({"Upgrade": "websocket", **fields})) is upgrade


def _request(*fields: tuple[str, str], method: str = "GET", target: str = "/x") -> list[str]:
    headers = HTTPHeaders()
    for name, value in (("Host", "proxy.internal"), *fields):
        headers.add(name, value)
    head = request_head(method, target, "HTTP/1.1", headers, CLIENT)
    return head.block.decode("latin-1").split("\r\n")[:-2]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("Authorization", "token s3cret", id="Jupyter's token"),
        pytest.param("X-XSRFToken", "2|a", id="the XSRF token"),
        pytest.param("Cookie", "_xsrf=1", id="a cookie header with nothing left"),
        pytest.param("Proxy-Authorization", "Basic x", id="a proxy's password"),
        pytest.param("Keep-Alive", "timeout=5", id="hop by hop"),
        pytest.param("Upgrade", "h2c", id="an upgrade that we do not do"),
        pytest.param("Forwarded", "host=evil", id="a forged Forwarded"),
        pytest.param("X-Forwarded-Host", "evil", id="a forged host"),
        pytest.param("X-Forwarded-Prefix", "/evil", id="a forged prefix"),
        pytest.param("X-Original-Host", "evil", id="a forged original host"),
    ],
)
def test_these_request_fields_stop_here(name: str, value: str) -> None:
    """Secrets, hop-by-hop fields, and claims that only Jupyter can make are removed."""
    assert not any(value in line for line in _request((name, value)))


def test_fields_named_in_connection_stop_here() -> None:
    """A client may declare any field to be hop-by-hop."""
    lines = _request(("Connection", "close, X-Hop"), ("X-Hop", "1"), ("X-End", "2"))
    assert "X-End: 2" in lines
    assert not any(line.startswith(("X-Hop", "Connection")) for line in lines)


def test_code_server_learns_who_calls_from_jupyter() -> None:
    """code-server gets the host, scheme and address that Jupyter accepted."""
    lines = _request()
    assert lines[:2] == ["GET /x HTTP/1.1", "Host: hub.example.org"]
    assert "X-Forwarded-Host: hub.example.org" in lines
    assert "X-Forwarded-Proto: https" in lines
    assert "X-Forwarded-For: 192.0.2.7" in lines


def test_an_accepted_origin_is_the_host_that_code_server_checks() -> None:
    """An allowed origin works behind a proxy that changes Host."""
    client = replace(CLIENT, origin_host="public.example.org")
    headers = HTTPHeaders({"Upgrade": "websocket", "Connection": "Upgrade"})
    block = request_head("GET", "/", "HTTP/1.1", headers, client).block
    assert b"\r\nHost: hub.example.org\r\n" in block
    assert b"\r\nX-Forwarded-Host: public.example.org\r\n" in block


def test_a_token_leaves_the_referer() -> None:
    """A page that was opened with a token sends it in the Referer of everything it loads."""
    assert "Referer: https://h/lab?a=1" in _request(("Referer", "https://h/lab?token=t&a=1"))


def test_an_upgrade_passes_on() -> None:
    """The fields of the handshake pass."""
    lines = _request(
        ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", "k")
    )
    assert {"Upgrade: websocket", "Connection: Upgrade"} < set(lines)
    assert "sec-websocket-key: k" in [line.lower() for line in lines]


def _response(*lines: bytes) -> list[bytes]:
    head = parse_head(b"\r\n".join([b"HTTP/1.1 200 OK", *lines]))
    return response_head(head, PREFIX, CLIENT).split(b"\r\n")[1:-2]


@pytest.mark.parametrize(
    ("given_line", "passed"),
    [
        pytest.param(b"Location: ./a?b=%2F", None, id="relative"),
        pytest.param(
            b"Location: /a?b=%2F&c=+", b"Location: " + PREFIX + b"/a?b=%2F&c=+", id="path"
        ),
        pytest.param(b"Location: //evil/a", None, id="another host, by reference"),
        pytest.param(b"Location: https://elsewhere/a", None, id="another host"),
        pytest.param(
            b"Location: https://hub.example.org/a",
            b"Location: https://hub.example.org" + PREFIX + b"/a",
            id="this host",
        ),
        pytest.param(
            b"Location: http://HUB.example.org",
            b"Location: http://HUB.example.org" + PREFIX,
            id="this host's root",
        ),
        pytest.param(
            b"Location: https://hub.example.org.evil/a", None, id="a host that starts like this one"
        ),
        pytest.param(b"Location: " + PREFIX + b"/absproxy/1/", None, id="below the prefix already"),
        pytest.param(b"Location: " + PREFIX, None, id="the prefix itself"),
        pytest.param(
            b"Location: " + PREFIX + b"x", b"Location: " + PREFIX + PREFIX + b"x", id="a look-alike"
        ),
        pytest.param(
            b"Service-Worker-Allowed: /",
            b"Service-Worker-Allowed: " + PREFIX + b"/",
            id="a service worker's reach",
        ),
        pytest.param(
            b"Set-Cookie: a=1; Path=/; HttpOnly",
            b"Set-Cookie: a=1; Path=" + PREFIX + b"/; HttpOnly",
            id="a cookie for everything",
        ),
        pytest.param(
            b"Set-Cookie: a=/; pATH = /x ;Secure",
            b"Set-Cookie: a=/; Path=" + PREFIX + b"/x;Secure",
            id="an oddly written path",
        ),
        pytest.param(
            b"Set-Cookie: a=1; Domain=example.org; Path=" + PREFIX + b"/proxy",
            b"Set-Cookie: a=1; Path=" + PREFIX + b"/proxy",
            id="a cookie for other hosts",
        ),
        pytest.param(b"Set-Cookie: a=1", None, id="a cookie of the page's own folder"),
    ],
)
def test_redirects_and_cookies_stay_below_the_prefix(
    given_line: bytes, passed: bytes | None
) -> None:
    """Paths at upstream's root move below our prefix; other URLs do not change."""
    assert _response(given_line) == [given_line if passed is None else passed]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"Connection: X-Hop\r\nX-Hop: 1", id="named in Connection"),
        pytest.param(b"Keep-Alive: timeout=5", id="hop by hop"),
        pytest.param(b"Set-Cookie: _xsrf=mine; Path=/", id="Jupyter's XSRF cookie"),
        pytest.param(b"Set-Cookie: login=mine", id="Jupyter's login cookie"),
    ],
)
def test_these_response_fields_stop_here(line: bytes) -> None:
    """Hop-by-hop fields and Jupyter's cookies are removed."""
    assert _response(line) == []


def test_other_response_fields_pass_as_they_came() -> None:
    """Repeated fields keep their order."""
    lines = (b"set-cookie: a=1", b"X-a:  1 ", b"Set-Cookie: b=2", b"Transfer-Encoding: chunked")
    assert _response(*lines) == list(lines)


def test_the_head_that_opens_a_websocket_passes() -> None:
    """A 101 keeps its hop-by-hop fields; a cookie still stays below the prefix."""
    fields = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSet-Cookie: a=1; Path=/"
    head = parse_head(b"HTTP/1.1 101 Switching Protocols\r\n" + fields)
    passed = response_head(head, PREFIX, CLIENT).split(b"\r\n")[1:-2]
    assert passed[:2] == [b"Connection: Upgrade", b"Upgrade: websocket"]
    assert passed[2] == b"Set-Cookie: a=1; Path=" + PREFIX + b"/"
