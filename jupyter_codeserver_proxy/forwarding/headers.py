"""What of a message's head passes between browser and code-server, and what stops here."""

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

# RFC 9110, section 7.6.1, and Proxy-* which are for us. TE would promise trailers to nobody.
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
# Secrets of Jupyter, and claims about the browser that only Jupyter can make. Tornado itself
# answers `Expect: 100-continue`, once the request is let in.
_OURS = frozenset(
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
# The framing passes as it is, and so does what delimits it.
_HOP_BY_HOP_BYTES = frozenset(name.encode() for name in _HOP_BY_HOP - {"transfer-encoding"})
_JUPYTER_COOKIE = re.compile(r"(?:__Host-|__Secure-)?(?:_xsrf$|username-|jupyter-|jupyterhub-)")
_PATH_ATTRIBUTE = re.compile(rb";[\t ]*path[\t ]*=[\t ]*(/[^;]*)", re.IGNORECASE)
_DOMAIN_ATTRIBUTE = re.compile(rb";[\t ]*domain[\t ]*=[^;]*", re.IGNORECASE)
_BELOW_PREFIX = frozenset({b"location", b"service-worker-allowed"})
_ORIGIN = re.compile(rb"https?://([^/?#]*)", re.IGNORECASE)


@dataclass(frozen=True)
class Visitor:
    """What Jupyter knows of a request's sender, having let it in."""

    host: str
    """The host by which it called, with the port."""
    scheme: str
    address: str
    origin_host: str = ""
    """The host of an origin that Jupyter has accepted and that code-server checks once more."""
    login_cookie: str = ""
    """The name of Jupyter's login cookie."""
    tokens: frozenset[str] = frozenset()
    """Jupyter's tokens as they may stand in the query."""


def is_jupyter_cookie(name: str, login_cookie: str = "") -> bool:
    """Whether a cookie of this name belongs to Jupyter or JupyterHub.

    A list of code-server's own cookies would not do instead: applications behind its
    `/proxy/PORT/` have cookies of any name, and scripts in their pages set some of them.
    """
    return name == login_cookie or _JUPYTER_COOKIE.match(name) is not None


def without_jupyter_cookies(value: str, login_cookie: str = "") -> str:
    """A Cookie field's value without Jupyter's; untouched if there are none."""
    cookies = value.split(";")
    kept = [
        cookie
        for cookie in cookies
        if not is_jupyter_cookie(cookie.partition("=")[0].strip(), login_cookie)
    ]
    return value if len(kept) == len(cookies) else ";".join(kept).strip()


def without_secrets(target: str, is_token: Callable[[str], bool]) -> str:
    """A request target without Jupyter's `token` and `_xsrf` parameters; the rest byte for byte."""
    path, mark, query = target.partition("?")
    if not query:
        return target
    parameters = query.split("&")
    kept = [each for each in parameters if not _is_secret(each, is_token)]
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
    return "upgrade" in options(headers) and not has_body(headers)


def has_body(headers: Mapping[str, str]) -> bool:
    """Whether a request's body follows its head."""
    return "Transfer-Encoding" in headers or headers.get("Content-Length", "0") != "0"


def wants_close(headers: Mapping[str, str]) -> bool:
    """Whether the sender closes its connection after this message."""
    return "close" in options(headers)


def options(headers: Mapping[str, str]) -> set[str]:
    """What Connection names, in lower case."""
    return {option.strip().lower() for option in headers.get("Connection", "").split(",")}


@dataclass(frozen=True)
class RequestHead:
    """What goes upstream ahead of a request's body."""

    method: str
    block: bytes
    """The head as it goes onto the wire."""
    has_body: bool
    chunked: bool


def request_head(
    method: str, target: str, version: str, headers: HTTPHeaders, visitor: Visitor
) -> RequestHead:
    """The head to send upstream for a browser's request.

    `target` is the request target below our prefix as it arrived; nothing of it is decoded.
    A browser that speaks HTTP/1.0 is forwarded as such, so that nobody chunks an answer to it.
    """
    target = without_secrets(target, visitor.tokens.__contains__)
    lines = [f"{method} {target} {version}", f"Host: {visitor.host}"]
    dropped = _HOP_BY_HOP | _OURS | options(headers)
    for name, value in headers.get_all():
        lower = name.lower()
        if lower in dropped or lower.startswith("x-forwarded-"):
            continue
        passed = _REWRITES[lower](value, visitor) if lower in _REWRITES else value
        if passed is not None:
            lines.append(f"{name}: {passed}")
    lines += [
        f"X-Forwarded-For: {visitor.address}",
        f"X-Forwarded-Host: {visitor.origin_host or visitor.host}",
        f"X-Forwarded-Proto: {visitor.scheme}",
    ]
    chunked = "Transfer-Encoding" in headers
    if is_upgrade(method, headers):
        lines += ["Connection: Upgrade", f"Upgrade: {headers['Upgrade']}"]
    elif chunked:
        lines.append("Transfer-Encoding: chunked")
    block = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return RequestHead(method, block, has_body(headers), chunked)


def _cookie(value: str, visitor: Visitor) -> str | None:
    return without_jupyter_cookies(value, visitor.login_cookie) or None


def _referer(value: str, _visitor: Visitor) -> str:
    # A page opened with a token in its address repeats it here, long after it was used.
    return without_secrets(value, lambda _: True)


_REWRITES: dict[str, Callable[[str, Visitor], str | None]] = {
    "cookie": _cookie,
    "referer": _referer,
}


def response_head(
    head: ResponseHead, prefix: bytes, visitor: Visitor, added: Iterable[bytes] = ()
) -> bytes:
    """The head to send to the browser for upstream's response.

    Args:
        head: upstream's.
        prefix: our path on Jupyter's server, without a slash at its end.
        visitor: who asked.
        added: lines of our own.
    """
    lines = [b"HTTP/1.1 %d %s" % (head.status, head.reason)]
    dropped = frozenset[bytes]()
    if head.status != SWITCHING_PROTOCOLS:
        dropped = _HOP_BY_HOP_BYTES.union(name.lower() for name in head.values(b"connection"))
    if head.tells_no_length:
        dropped |= FRAMING
    host = visitor.host.encode("latin-1")
    for name, line in head.fields:
        if name in _BELOW_PREFIX:
            lines.append(_put_below(line, prefix, host))
        elif name == b"set-cookie":
            lines += _set_cookie(line, prefix, visitor.login_cookie)
        elif name not in dropped:
            lines.append(line)
    return b"\r\n".join([*lines, *added, b"", b""])


def _put_below(line: bytes, prefix: bytes, host: bytes) -> bytes:
    name, _, value = line.partition(b":")
    value = value.strip()
    if value.startswith(b"/") and not value.startswith(b"//"):
        return name + b": " + _below(value, prefix)
    origin = _ORIGIN.match(value)
    if origin and origin[1].lower() == host.lower():
        return name + b": " + origin[0] + _below(value[origin.end() :], prefix)
    return line


def _set_cookie(line: bytes, prefix: bytes, login_cookie: str) -> list[bytes]:
    name = line.partition(b":")[2].partition(b"=")[0].strip().decode("latin-1")
    if is_jupyter_cookie(name, login_cookie):
        return []
    line = _DOMAIN_ATTRIBUTE.sub(b"", line)
    return [_PATH_ATTRIBUTE.sub(lambda path: b"; Path=" + _below(path[1].strip(), prefix), line)]


def _below(path: bytes, prefix: bytes) -> bytes:
    inside = path == prefix or path.startswith((prefix + b"/", prefix + b"?"))
    return path if inside else prefix + path
