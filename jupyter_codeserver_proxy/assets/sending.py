"""Sends a representation of an asset: whole, in part, or only that it has not changed."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from jupyter_server.utils import url_path_join
from tornado.iostream import StreamClosedError

from .disk import in_thread
from .negotiation import UnsatisfiableRangeError, requested_range

if TYPE_CHECKING:
    from io import FileIO

    from jupyter_server.base.handlers import JupyterHandler
    from tornado.http1connection import HTTP1Connection

    from .representation import Representation

log = logging.getLogger(__name__)

_CHUNK = 1 << 18  # bytes read at once, and kept in memory, for each request
_YEAR = 31536000  # seconds
_SERVICE_WORKER = "out/browser/serviceWorker.js"


async def send(handler: JupyterHandler, found: Representation, file: FileIO) -> None:
    """Answers a GET or HEAD request; leaves it to the caller to finish the response.

    Args:
        handler: the request's handler.
        found: what to send.
        file: its file, open for reading.

    Raises:
        StreamClosedError: the browser has left, or the disk does not answer.
    """
    _set_headers(handler, found)
    handler._transforms = []  # noqa: SLF001 - `compress_response` would break length and ETag
    if handler.check_etag_header():
        handler.set_status(HTTPStatus.NOT_MODIFIED)
        return
    try:
        start, end = _select_range(handler, found)
    except UnsatisfiableRangeError:
        handler.set_status(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        handler.set_header("Content-Range", f"bytes */{found.size}")
        handler.set_header("Content-Length", 0)
        return
    handler.set_header("Content-Length", end - start)
    if handler.request.method == "HEAD":
        return
    file.seek(start)
    while block := await _read(handler, file, min(_CHUNK, end - file.tell())):
        handler.write(block)
        await handler.flush()


def _set_headers(handler: JupyterHandler, found: Representation) -> None:
    freshness = f"max-age={_YEAR}, immutable" if found.asset.immutable else "no-cache"
    # Private: only somebody who is logged in gets it.
    handler.set_header("Cache-Control", f"private, {freshness}")
    handler.set_header("Content-Type", found.asset.content_type)
    handler.set_header("ETag", found.etag)
    handler.set_header("Accept-Ranges", "bytes")
    handler.set_header("Vary", "Accept-Encoding")
    if found.encoding:
        handler.set_header("Content-Encoding", found.encoding)
    if found.asset.path == _SERVICE_WORKER:
        # It lies below the folder that it serves. The proxy rewrites this header likewise.
        handler.set_header("Service-Worker-Allowed", url_path_join(handler.base_url, "codeserver/"))


def _select_range(handler: JupyterHandler, found: Representation) -> tuple[int, int]:
    """Returns the first byte to send and the one behind the last."""
    headers = handler.request.headers
    is_current = headers.get("If-Range", found.etag) == found.etag
    if not is_current or handler.request.method != "GET":  # only GET has ranges
        return 0, found.size
    part = requested_range(headers.get("Range"), found.size)
    if part is None:
        return 0, found.size
    start, end = part
    handler.set_status(HTTPStatus.PARTIAL_CONTENT)
    handler.set_header("Content-Range", f"bytes {start}-{end - 1}/{found.size}")
    return start, end


async def _read(handler: JupyterHandler, file: FileIO, size: int) -> bytes:
    try:
        return await in_thread(file.read, size)
    except OSError as error:
        log.warning("%s was cut, as its disk does not answer: %s", handler.request.path, error)
        # A cut answer must not look complete. Every connection of Tornado's HTTP/1 server has a
        # stream.
        cast("HTTP1Connection", handler.request.connection).stream.close()
        raise StreamClosedError from error
