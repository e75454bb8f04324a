"""Builds the heads to forward: filters and rewrites header fields in both directions (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from .framing import FRAMING, SWITCHING_PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tornado.httputil import HTTPHeaders

    from .framing import ResponseHead

# RFC 9110, section 7.6.1. Proxy-* is meant for us; TE would promise that trailers are read.
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "transfer-encoding",
        "upgrade",
    }
)
# Jupyter's secrets, and claims about the client that only Jupyter can make. Tornado answers
# `Expect: 100-continue` itself, after authorization.
_NOT_FORWARDED = frozenset(
    {
        "authorization",
        "expect",
        "forwarded",
        "host",
        "x-original-host",
        "x-real-ip",
        "x-scheme",
        "x-xsrftoken",
    }
)
# The body passes with its framing, so Transfer-Encoding passes as well.
_HOP_BY_HOP_BYTES = frozenset(name.encode() for name in _HOP_BY_HOP - {"transfer-encoding"})
_JUPYTER_COOKIE = re.compile(r"(?:__Host-|__Secure-)?(?:_xsrf$|username-|jupyter-|jupyterhub-)")
_PATH_ATTRIBUTE = re.compile(rb";[\t ]*path[\t ]*=[\t ]*(/[^;]*)", re.IGNORECASE)
_DOMAIN_ATTRIBUTE = re.compile(rb";[\t ]*domain[\t ]*=[^;]*", re.IGNORECASE)
_URL_FIELDS = frozenset({b"location", b"service-worker-allowed"})
_ORIGIN = re.compile(rb"https?://([^/?#]*)", re.IGNORECASE)


@dataclass(frozen=True)
class ClientInfo:
    """What Jupyter knows about the client of an authorized request.

    Attributes:
        host: the Host that it asked for, with the port.
        scheme: `http` or `https`.
        address: its IP address.
        origin_host: the host of its Origin, which Jupyter accepted; code-server checks it again.
        login_cookie: the name of Jupyter's login cookie.
        tokens: Jupyter's tokens, which its query may contain.
    """

    host: str
    scheme: str
    address: str
    origin_host: str = ""
    login_cookie: str = ""
    tokens: frozenset[str] = frozenset()


def is_jupyter_cookie(name: str, login_cookie: str = "") -> bool:
    """Whether a cookie of this name belongs to Jupyter or JupyterHub.

    A list of code-server's own cookies would not help: applications behind `/proxy/PORT/` have
    cookies of any name, and scripts in their pages set some of them.
    """
    return name == login_cookie or _JUPYTER_COOKIE.match(name) is not None


def without_jupyter_cookies(value: str, login_cookie: str = "") -> str:
    """Returns a Cookie field's value without Jupyter's cookies, or unchanged if it has none."""
    cookies = value.split(";")
    kept = [
        cookie
        for cookie in cookies
        if not is_jupyter_cookie(cookie.partition("=")[0].strip(), login_cookie)
    ]
    return value if len(kept) == len(cookies) else ";".join(kept).strip()


def without_secrets(target: str, is_token: Callable[[str], bool]) -> str:
    """Removes Jupyter's `token` and `_xsrf` parameters from a target; keeps the rest unchanged."""
    path, mark, query = target.partition("?")
    if not query:
        return target
    parameters = query.split("&")
    kept = [parameter for parameter in parameters if not _is_secret(parameter, is_token)]
    if len(kept) == len(parameters):
        return target
    return path + mark + "&".join(kept) if kept else path


def _is_secret(parameter: str, is_token: Callable[[str], bool]) -> bool:
    name, _, value = parameter.partition("=")
    name = unquote_plus(name)
    return name == "_xsrf" or (name == "token" and is_token(unquote_plus(value).strip()))


def is_upgrade(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a request asks for a websocket."""
    if method != "GET" or headers.get("Upgrade", "").lower() != "websocket":
        return False
    return "upgrade" in connection_options(headers) and not has_body(headers)


def has_body(headers: Mapping[str, str]) -> bool:
    """Whether a request has a body."""
    return "Transfer-Encoding" in headers or headers.get("Content-Length", "0") != "0"


def wants_close(headers: Mapping[str, str]) -> bool:
    """Whether the client closes its connection after this response."""
    return "close" in connection_options(headers)


def connection_options(headers: Mapping[str, str]) -> set[str]:
    """Returns the options in the Connection field, in lower case."""
    return {option.strip().lower() for option in headers.get("Connection", "").split(",")}


@dataclass(frozen=True)
class RequestHead:
    """A request's head to send upstream."""

    method: str
    block: bytes
    """The head as bytes on the wire."""
    has_body: bool
    chunked: bool


def request_head(
    method: str, target: str, version: str, headers: HTTPHeaders, client: ClientInfo
) -> RequestHead:
    """Returns the head to send upstream for a browser's request.

    `target` is below our prefix, as it arrived; nothing in it is decoded. HTTP/1.0 is forwarded
    as such, so that upstream sends no chunks.
    """
    target = without_secrets(target, client.tokens.__contains__)
    lines = [f"{method} {target} {version}", f"Host: {client.host}"]
    dropped = _HOP_BY_HOP | _NOT_FORWARDED | connection_options(headers)
    for name, value in headers.get_all():
        lower = name.lower()
        if lower in dropped or lower.startswith("x-forwarded-"):
            continue
        forwarded = _REWRITES[lower](value, client) if lower in _REWRITES else value
        if forwarded is not None:
            lines.append(f"{name}: {forwarded}")
    lines += [
        f"X-Forwarded-For: {client.address}",
        f"X-Forwarded-Host: {client.origin_host or client.host}",
        f"X-Forwarded-Proto: {client.scheme}",
    ]
    chunked = "Transfer-Encoding" in headers
    if is_upgrade(method, headers):
        lines += ["Connection: Upgrade", f"Upgrade: {headers['Upgrade']}"]
    elif chunked:
        lines.append("Transfer-Encoding: chunked")
    block = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return RequestHead(method, block, has_body(headers), chunked)


def _cookie(value: str, client: ClientInfo) -> str | None:
    return without_jupyter_cookies(value, client.login_cookie) or None


def _referer(value: str, _client: ClientInfo) -> str:
    # A page that was opened with a token in its URL sends that URL here.
    return without_secrets(value, lambda _: True)


_REWRITES: dict[str, Callable[[str, ClientInfo], str | None]] = {
    "cookie": _cookie,
    "referer": _referer,
}


def response_head(
    head: ResponseHead, prefix: bytes, client: ClientInfo, added: Iterable[bytes] = ()
) -> bytes:
    """Returns the head to send to the browser for upstream's response.

    Args:
        head: upstream's.
        prefix: our path on Jupyter's server, without a slash at its end.
        client: the client that sent the request.
        added: field lines to add.
    """
    lines = [b"HTTP/1.1 %d %s" % (head.status, head.reason)]
    dropped = frozenset[bytes]()
    if head.status != SWITCHING_PROTOCOLS:
        dropped = _HOP_BY_HOP_BYTES.union(name.lower() for name in head.values(b"connection"))
    if head.forbids_content_length:
        dropped |= FRAMING
    host = client.host.encode("latin-1")
    for name, line in head.fields:
        if name in _URL_FIELDS:
            lines.append(_prefix_url(line, prefix, host))
        elif name == b"set-cookie":
            lines += _scoped_cookie(line, prefix, client.login_cookie)
        elif name not in dropped:
            lines.append(line)
    return b"\r\n".join([*lines, *added, b"", b""])


def _prefix_url(line: bytes, prefix: bytes, host: bytes) -> bytes:
    name, _, value = line.partition(b":")
    value = value.strip()
    if value.startswith(b"/") and not value.startswith(b"//"):
        return name + b": " + _add_prefix(value, prefix)
    origin = _ORIGIN.match(value)
    if origin and origin[1].lower() == host.lower():
        return name + b": " + origin[0] + _add_prefix(value[origin.end() :], prefix)
    return line


def _scoped_cookie(line: bytes, prefix: bytes, login_cookie: str) -> list[bytes]:
    name = line.partition(b":")[2].partition(b"=")[0].strip().decode("latin-1")
    if is_jupyter_cookie(name, login_cookie):
        return []
    line = _DOMAIN_ATTRIBUTE.sub(b"", line)
    return [
        _PATH_ATTRIBUTE.sub(lambda path: b"; Path=" + _add_prefix(path[1].strip(), prefix), line)
    ]


def _add_prefix(path: bytes, prefix: bytes) -> bytes:
    has_prefix = path == prefix or path.startswith((prefix + b"/", prefix + b"?"))
    return path if has_prefix else prefix + path
