"""Answers requests for code-server's immutable files from disk."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from tornado.iostream import StreamClosedError

from jupyter_codeserver_proxy.system.daemon_threads import HangingError
from jupyter_codeserver_proxy.system.regular_file import open_regular

from .disk import in_thread
from .files import AssetRoot, UnsafePathError
from .index import AssetCache, shared_folder, user_folder
from .representation import Representation, find_representation
from .sending import send
from .workbench.first_load import addresses

if TYPE_CHECKING:
    from io import FileIO

    from jupyter_server.base.handlers import JupyterHandler

log = logging.getLogger(__name__)


class Assets:
    """The assets of the code-server in use; none at first.

    Args:
        seconds_before_compressing: a pause that leaves the processor to the first load.
    """

    def __init__(self, seconds_before_compressing: float = 30.0) -> None:
        self._pause = seconds_before_compressing
        self._current: tuple[AssetRoot, AssetCache] | None = None
        self._compressing: asyncio.Task[None] | None = None

    def use(self, root: AssetRoot | None) -> None:
        """Serves the assets of `root` from now on, and compresses them in the background.

        Called on the event loop, at each start of code-server.
        """
        self.offer(root)
        if self._current and not self._compressing:
            self._compressing = asyncio.create_task(self._compress(*self._current))

    def offer(self, root: AssetRoot | None) -> None:
        """Serves the assets of `root` from now on, without compressing any."""
        if self._current and self._current[0] == root:
            return
        if self._compressing:
            self._compressing.cancel()
            self._compressing = None
        self._current = None
        if root:
            cache = AssetCache(root.commit, (shared_folder(root), user_folder()))
            self._current = (root, cache)

    async def prefetchable(self) -> list[str]:
        """Returns the files of a first load that are answered from disk, in the load's order.

        Returns:
            Paths below code-server's address, as the browser will ask for them.

        Raises:
            HangingError: the disk does not answer.
        """
        if not self._current:
            return []
        return await in_thread(self._prefetchable, self._current[0])

    def _prefetchable(self, root: AssetRoot) -> list[str]:
        return [path for path in addresses(root) if self._find(path, "br, gzip")]

    async def close(self) -> None:
        """Stops compressing."""
        if self._compressing:
            self._compressing.cancel()
            await asyncio.wait([self._compressing])

    async def answer(self, handler: JupyterHandler, path: str) -> bool:
        """Answers a GET or HEAD request, unless code-server must.

        Args:
            handler: the handler of the request, which has been authenticated and authorised.
            path: the path below code-server's address, as the browser sent it.

        Returns:
            Whether the request has been answered.
        """
        accept_encoding = handler.request.headers.get("Accept-Encoding", "")
        try:
            found, opened = await in_thread(self._open, path, accept_encoding)
        except OSError:  # the file has just been removed, as in an upgrade, or its disk hangs
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
            await send(handler, found, opened)
            await handler.finish()
        return True

    def _open(
        self, path: str, accept_encoding: str
    ) -> tuple[Representation, FileIO] | tuple[None, None]:
        found = self._find(path, accept_encoding)
        return (found, open_regular(found.file)) if found else (None, None)

    def _find(self, path: str, accept_encoding: str) -> Representation | None:
        if not self._current:
            return None
        return find_representation(*self._current, path, accept_encoding)

    async def _compress(self, root: AssetRoot, cache: AssetCache) -> None:
        await asyncio.sleep(self._pause)
        with suppress(HangingError):
            if not await in_thread(cache.is_complete):
                await _compress(root)


async def _compress(root: AssetRoot) -> None:
    """Compresses in a process of lowest priority."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"{__package__}.compression", str(root.root), str(user_folder())),
        # `-m` looks for modules in the working folder first, which must not be the student's.
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
