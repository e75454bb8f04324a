"""The unix socket on which VS Code reaches Jupyter's kernels."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket

from .application import KernelsApplication

if TYPE_CHECKING:
    from pathlib import Path

    from tornado.web import Application

_log = logging.getLogger(__name__)


def kernels_socket(socket: Path) -> Path:
    """Returns the kernels socket for the code-server at `socket`."""
    return socket.with_name("kernels")


class KernelsSocket:
    """Serves the kernels of a Jupyter server, on one socket at a time.

    Args:
        main: the main application of the Jupyter server.
    """

    def __init__(self, main: Application) -> None:
        self._main = main
        self._server: HTTPServer | None = None

    async def open(self, path: Path) -> None:
        """Serves on the socket `path` from now on, and no longer on an earlier one."""
        await self.close()
        try:
            socket = bind_unix_socket(str(path))
        except OSError as error:
            _log.warning("VS Code has no kernels: %s cannot be made (%s)", path, error)
            return
        self._server = HTTPServer(KernelsApplication(self._main))
        self._server.add_socket(socket)

    async def close(self) -> None:
        """Stops serving. Websockets end with their client or their kernel."""
        if self._server:
            self._server.stop()
            await self._server.close_all_connections()
            self._server = None
