"""Refuses ambiguous requests by their head, before upstream sees them (pure).

Tornado has checked names, characters and targets before a handler begins. It checks a body's
framing only later.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from .headers import connection_options, has_body

if TYPE_CHECKING:
    from tornado.httputil import HTTPHeaders, HTTPServerRequest

_LENGTH = re.compile(r"[0-9]{1,18}")
# code-server would see another request than was sent if one of these were dropped as hop-by-hop.
_END_TO_END = frozenset(
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
    """A request that is refused; the message says why.

    Attributes:
        status: the response's status.
    """

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


def check(request: HTTPServerRequest) -> None:
    """Checks that a request has exactly one meaning.

    Raises:
        RefusedRequestError: two servers could understand the request in two ways, or its body is
            compressed: code-server would decompress it without a limit.
    """
    headers = request.headers
    if "Connection" in headers:
        _check_connection_options(headers)
    if has_body(headers):
        _check_body(request.version, headers)


def _check_connection_options(headers: HTTPHeaders) -> None:
    for option in connection_options(headers):
        if option in _END_TO_END or option.startswith("x-forwarded-"):
            raise _bad_request(f"Connection may not name {option}, which is not for one hop alone.")


def _check_body(version: str, headers: HTTPHeaders) -> None:
    if "Transfer-Encoding" in headers:
        chunked = headers["Transfer-Encoding"].lower() == "chunked"
        if not chunked or version == "HTTP/1.0" or "Content-Length" in headers:
            raise _bad_request(
                "Send a body with Content-Length or Transfer-Encoding: chunked, not both."
            )
    elif not _LENGTH.fullmatch(headers["Content-Length"]):
        raise _bad_request("Content-Length has to be one number.")
    encodings = headers.get("Content-Encoding", "").lower().split(",")
    if any(encoding.strip() not in {"", "identity"} for encoding in encodings):
        raise RefusedRequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "VS Code takes no body with a Content-Encoding: send it as it is.",
        )


def _bad_request(why: str) -> RefusedRequestError:
    return RefusedRequestError(HTTPStatus.BAD_REQUEST, why)
