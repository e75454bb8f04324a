"""Answers requests for code-server's immutable files from disk."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar, cast

from jupyter_server.utils import url_path_join
from tornado.iostream import StreamClosedError

from jupyter_codeserver_proxy.system.daemon_threads import DaemonThreads, HangingError
from jupyter_codeserver_proxy.system.regular_file import open_regular

from .files import (
    Asset,
    AssetRoot,
    UnsafePathError,
    is_compressible,
    locate,
    resolve,
)
from .index import AssetCache, shared_folder, user_folder
from .negotiation import UnsatisfiableRangeError, accepted_encodings, requested_range
from .workbench import first_load

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO
    from pathlib import Path

    from jupyter_server.base.handlers import JupyterHandler
    from tornado.http1connection import HTTP1Connection

log = logging.getLogger(__name__)

_Result = TypeVar("_Result")

_CHUNK = 1 << 18  # bytes read, and held, at once for each request
_YEAR = 31536000  # seconds
_PATIENCE = 5.0  # seconds for a disk; then code-server is to answer
_SERVICE_WORKER = "out/browser/serviceWorker.js"

_disk = DaemonThreads(8)  # a user's own assets are in the home


@dataclass(frozen=True)
class Representation:
    """What answers a request: an asset in one encoding.

    Attributes:
        asset: which.
        file: that holds the bytes as they are sent.
        size: of that file, in bytes.
        etag: strong: it differs wherever the bytes do.
        encoding: None for the asset as it is.
    """

    asset: Asset
    file: Path
    size: int
    etag: str
    encoding: str | None


class Assets:
    """The assets of the code-server that is used now."""

    def __init__(self, seconds_before_compressing: float = 30.0) -> None:
        """Serve nothing as yet.

        Args:
            seconds_before_compressing: a pause that leaves the processor to the first load.
        """
        self._pause = seconds_before_compressing
        self._current: tuple[AssetRoot, AssetCache] | None = None
        self._compressing: asyncio.Task[None] | None = None

    def use(self, root: AssetRoot | None) -> None:
        """Serve the assets of `root` from now on, none where it is None.

        Compresses them in the background, unless that has been done. Called on the event loop,
        at each start of code-server.
        """
        self.offer(root)
        if self._current and not self._compressing:
            self._compressing = asyncio.create_task(self._compress(*self._current))

    def offer(self, root: AssetRoot | None) -> None:
        """Serve the assets of `root` from now on, as far as they are compressed."""
        if self._current and self._current[0] == root:
            return
        if self._compressing:
            self._compressing.cancel()
            self._compressing = None
        self._current = None
        if root:
            cache = AssetCache(root.commit, (shared_folder(root), user_folder()))
            self._current = (root, cache)

    async def ahead(self) -> list[str]:
        """What a first load fetches and is answered from disk, in its order.

        Returns:
            Paths below code-server's address, as the browser will ask for them.

        Raises:
            HangingError: the disk does not answer.
        """
        if not self._current:
            return []
        return await _in_thread(self._ahead, self._current[0])

    def _ahead(self, root: AssetRoot) -> list[str]:
        return [path for path in first_load.addresses(root) if self.find(path, "br, gzip")]

    async def close(self) -> None:
        """End what runs in the background."""
        if self._compressing:
            self._compressing.cancel()
            await asyncio.wait([self._compressing])

    def find(self, path: str, accept_encoding: str) -> Representation | None:
        """What to answer; reads from disk, so it is for a thread.

        Args:
            path: below code-server's address, percent-encoded.
            accept_encoding: the header of that name.

        Returns:
            None where code-server is to answer. It also is for a file that is not compressed
            yet, since on a slow link it is sooner there than the file as it is.

        Raises:
            UnsafePathError: nobody is to answer.
        """
        if not self._current:
            return None
        root, cache = self._current
        asset = locate(root, path)
        file = resolve(root, asset) if asset else None
        if not asset or not file:
            return None
        status = file.stat()
        plain = Representation(
            asset, file, status.st_size, f'"{status.st_mtime_ns:x}-{status.st_size:x}"', None
        )
        wanted = accepted_encodings(accept_encoding)
        if not wanted or not is_compressible(asset.path, plain.size):
            return plain
        encoded = cache.find(asset.path, plain.size)
        if encoded is None:
            return None
        for encoding in wanted:
            if encoding in encoded:
                file, one = encoded[encoding]
                return Representation(asset, file, one.size, f'"{one.digest[:32]}"', encoding)
        return plain

    async def answer(self, handler: JupyterHandler, path: str) -> bool:
        """Answer a GET or HEAD request, unless code-server is to.

        Args:
            handler: of the request, which has been authenticated and authorised.
            path: the request's, below code-server's address, as the browser sent it.

        Returns:
            Whether the request has been answered.
        """
        wanted = handler.request.headers.get("Accept-Encoding", "")
        try:
            found, opened = await _in_thread(self._opened, path, wanted)
        except OSError:  # it has just gone, as in an upgrade, or its disk is away
            return False
        except UnsafePathError:
            handler.set_status(HTTPStatus.NOT_FOUND)
            handler.set_header("Content-Type", "text/plain; charset=UTF-8")
            await handler.finish("Not found.\n")
            return True
        if not found or not opened:
            return False
        # A browser that has left asks for nothing more.
        with opened, suppress(StreamClosedError):
            await _send(handler, found, opened)
            await handler.finish()
        return True

    def _opened(
        self, path: str, accept_encoding: str
    ) -> tuple[Representation, FileIO] | tuple[None, None]:
        found = self.find(path, accept_encoding)
        return (found, open_regular(found.file)) if found else (None, None)

    async def _compress(self, root: AssetRoot, cache: AssetCache) -> None:
        """Compress, unless that has been done, or nobody can tell."""
        await asyncio.sleep(self._pause)
        with suppress(HangingError):
            if not await _in_thread(cache.is_complete):
                await _compress(root)


async def _in_thread(function: Callable[..., _Result], *arguments: object) -> _Result:
    return await _disk.run(function, *arguments, patience=_PATIENCE)


async def _compress(root: AssetRoot) -> None:
    """Compress in a process of its own, which gives way to everything else."""
    command = (sys.executable, "-m", f"{__package__}.compression", str(root.root))
    process = await asyncio.create_subprocess_exec(
        *command,
        str(user_folder()),
        # -m looks for modules in the working folder first: not in the student's.
        cwd=root.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C in a terminal is for Jupyter
    )
    try:
        _, error = await process.communicate()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    if process.returncode:
        last = error.decode(errors="replace").strip().rpartition("\n")[2]
        log.warning("VS Code's files stay uncompressed, which is only slower. %s", last)


async def _send(handler: JupyterHandler, found: Representation, file: FileIO) -> None:
    _describe(handler, found)
    handler._transforms = []  # noqa: SLF001 - `compress_response` would break length and ETag
    if handler.check_etag_header():
        handler.set_status(HTTPStatus.NOT_MODIFIED)
        return
    try:
        start, end = _part(handler, found)
    except UnsatisfiableRangeError:
        handler.set_status(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        handler.set_header("Content-Range", f"bytes */{found.size}")
        handler.set_header("Content-Length", 0)
        return
    handler.set_header("Content-Length", end - start)
    if handler.request.method != "HEAD":
        await _send_body(handler, file, start, end)


def _describe(handler: JupyterHandler, found: Representation) -> None:
    kept = f"max-age={_YEAR}, immutable" if found.asset.immutable else "no-cache"
    # Private, as it was sent to somebody who is logged in.
    handler.set_header("Cache-Control", f"private, {kept}")
    handler.set_header("Content-Type", found.asset.content_type)
    handler.set_header("ETag", found.etag)
    handler.set_header("Accept-Ranges", "bytes")
    handler.set_header("Vary", "Accept-Encoding")
    if found.encoding:
        handler.set_header("Content-Encoding", found.encoding)
    if found.asset.path == _SERVICE_WORKER:
        # It lies below the folder that it is for; as a forwarded one is told.
        handler.set_header("Service-Worker-Allowed", url_path_join(handler.base_url, "codeserver/"))


def _part(handler: JupyterHandler, found: Representation) -> tuple[int, int]:
    headers = handler.request.headers
    current = headers.get("If-Range", found.etag) == found.etag
    ranged = current and handler.request.method == "GET"  # no other method has ranges
    part = requested_range(headers.get("Range"), found.size) if ranged else None
    if part is None:
        return 0, found.size
    start, end = part
    handler.set_status(HTTPStatus.PARTIAL_CONTENT)
    handler.set_header("Content-Range", f"bytes {start}-{end - 1}/{found.size}")
    return start, end


async def _send_body(handler: JupyterHandler, file: FileIO, start: int, end: int) -> None:
    file.seek(start)
    while block := await _read(handler, file, min(_CHUNK, end - file.tell())):
        handler.write(block)
        await handler.flush()


async def _read(handler: JupyterHandler, file: FileIO, size: int) -> bytes:
    try:
        return await _in_thread(file.read, size)
    except OSError as error:
        log.warning("%s was cut, as its disk does not answer: %s", handler.request.path, error)
        # Or a cut answer would look like a whole one. Tornado's HTTP/1 connections have a stream.
        cast("HTTP1Connection", handler.request.connection).stream.close()
        raise StreamClosedError from error
