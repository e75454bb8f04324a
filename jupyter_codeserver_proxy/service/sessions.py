"""Lets `code-server FILE` in a terminal of Jupyter open the file in a window of VS Code.

The command asks a socket in code-server's default user data folder which window to use. If nobody
answers there, it starts another code-server. We answer there: we pass the question on to the
running code-server, whose own socket differs at each start, or say that no window is open.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from jupyter_codeserver_proxy.codeserver.command import session_socket
from jupyter_codeserver_proxy.failure import CannotStart
from jupyter_codeserver_proxy.supervision.runtime_folder import RuntimeFolder
from jupyter_codeserver_proxy.system.daemon_threads import DaemonThreads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_log = logging.getLogger(__name__)

_SOCKET = "code-server-ipc.sock"  # as code-server names it
_PATIENCE = 5.0  # seconds
# The command takes this for the path of a window's socket, and shows it when it finds none there.
_NO_WINDOW = "No window of VS Code is open. Open VS Code, then try again."


class Sessions:
    """Answers the command for as long as the Jupyter server runs.

    Args:
        code_server: returns the socket of the running code-server; None: none runs.
        user_data: code-server's default user data folder, where the command looks.
    """

    def __init__(self, code_server: Callable[[], Path | None], user_data: Path) -> None:
        self._code_server = code_server
        self._link = user_data / _SOCKET
        self._folder: RuntimeFolder | None = None
        self._server: asyncio.AbstractServer | None = None
        self._threads = DaemonThreads(1)  # the home may be on a disk that hangs

    async def open(self, parents: Iterable[Path]) -> None:
        """Begins to answer, on a socket in a new folder in one of `parents`."""
        try:
            self._folder = RuntimeFolder.create(parents)
            self._server = await asyncio.start_unix_server(self._answer, self._folder.socket)
        except (CannotStart, OSError) as error:
            _log.warning("code-server FILE in a terminal will open no window: %s", error)
            return
        with suppress(TimeoutError):
            await self._threads.run(self.link, patience=_PATIENCE)

    def link(self) -> None:
        """Puts a link to our socket where the command looks, replacing another code-server's."""
        if not self._folder:
            return
        new = self._link.with_name(f"{_SOCKET}.{os.getpid()}")
        try:
            self._link.parent.mkdir(parents=True, exist_ok=True)
            new.symlink_to(self._folder.socket)
            new.replace(self._link)
        except OSError as error:
            _log.info("code-server FILE in a terminal will open no window: %s", error)

    async def close(self) -> None:
        """Stops answering."""
        if self._server:
            self._server.close()
        if self._folder:
            with suppress(OSError):  # TimeoutError is one
                await self._threads.run(self._unlink, self._folder.socket, patience=_PATIENCE)
            self._folder.remove()

    def _unlink(self, socket: Path) -> None:
        if self._link.readlink() == socket:
            self._link.unlink()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The request is GET /session?filePath=... HTTP/1.1, or empty to test for an answer.
        with suppress(OSError, ValueError, asyncio.TimeoutError):
            _, target, _ = (await asyncio.wait_for(reader.readline(), _PATIENCE)).split()
            window = await asyncio.wait_for(self._window(target), _PATIENCE)
            body = json.dumps({"socketPath": window or _NO_WINDOW}).encode()
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + body)
            await writer.drain()
        writer.close()

    async def _window(self, target: bytes) -> str:
        """Returns the socket of the window that code-server chooses; empty: there is none."""
        socket = self._code_server()
        if not socket:
            return ""
        with suppress(OSError, ValueError):
            reader, writer = await asyncio.open_unix_connection(session_socket(socket))
            writer.write(b"GET " + target + b" HTTP/1.0\r\n\r\n")
            body = (await reader.read()).partition(b"\r\n\r\n")[2]
            writer.close()
            return str(json.loads(body).get("socketPath") or "")
        return ""
