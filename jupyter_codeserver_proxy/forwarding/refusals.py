"""Requests that are refused by their head alone, before anybody behind us hears of them (pure).

Names, characters and targets are Tornado's to judge, which has done so before a handler begins;
how a body is framed it looks at afterwards.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from .headers import has_body, options

if TYPE_CHECKING:
    from tornado.httputil import HTTPHeaders, HTTPServerRequest

_LENGTH = re.compile(r"[0-9]{1,18}")
# Of these code-server would hear something else than was sent, if they were for one hop alone.
_FOR_EVERY_HOP = frozenset(
    {
        "content-length",
        "forwarded",
        "host",
        "transfer-encoding",
        "x-original-host",
        "x-real-ip",
        "x-scheme",
    }
)


class RefusedRequestError(Exception):
    """A request that does not go upstream.

    Attributes:
        status: to answer with.
    """

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


def check(request: HTTPServerRequest) -> None:
    """Lets pass what has one meaning alone.

    Raises:
        RefusedRequestError: two readers could understand the request in two ways, or its body is
            compressed: code-server would decompress it, whatever it becomes.
    """
    headers = request.headers
    if "Connection" in headers:
        _check_options(headers)
    if has_body(headers):
        _check_body(request.version, headers)


def _check_options(headers: HTTPHeaders) -> None:
    for option in options(headers):
        if option in _FOR_EVERY_HOP or option.startswith("x-forwarded-"):
            raise _bad(f"Connection may not name {option}, which is not for one hop alone.")


def _check_body(version: str, headers: HTTPHeaders) -> None:
    if "Transfer-Encoding" in headers:
        chunked = headers["Transfer-Encoding"].lower() == "chunked"
        if not chunked or version == "HTTP/1.0" or "Content-Length" in headers:
            raise _bad("Send a body with Content-Length or Transfer-Encoding: chunked, not both.")
    elif not _LENGTH.fullmatch(headers["Content-Length"]):
        raise _bad("Content-Length is to be one number.")
    encodings = headers.get("Content-Encoding", "").lower().split(",")
    if any(encoding.strip() not in {"", "identity"} for encoding in encodings):
        raise RefusedRequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "VS Code takes no body with a Content-Encoding: send it as it is.",
        )


def _bad(why: str) -> RefusedRequestError:
    return RefusedRequestError(HTTPStatus.BAD_REQUEST, why)
