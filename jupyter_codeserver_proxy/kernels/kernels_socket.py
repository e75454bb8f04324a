"""The unix socket on which VS Code reaches Jupyter's kernels, for as long as Jupyter runs."""

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


class KernelsSocket:
    """Serves a `KernelsApplication`.

    Attributes:
        path: the socket; None: it is not open.
    """

    def __init__(self) -> None:
        self.path: Path | None = None
        self._server: HTTPServer | None = None

    def open(self, main: Application, path: Path) -> None:
        """Begins to serve the kernels of Jupyter's main application on the socket `path`."""
        server = HTTPServer(KernelsApplication(main))
        try:
            server.add_socket(bind_unix_socket(str(path)))
        except OSError as error:
            _log.warning("VS Code has no kernels: %s cannot be made (%s)", path, error)
            return
        self.path, self._server = path, server

    async def close(self) -> None:
        """Stops serving, and removes the socket. Jupyter closes its kernels' websockets itself."""
        if self.path and self._server:
            self._server.stop()
            await self._server.close_all_connections()
            self.path.unlink(missing_ok=True)
            self.path = None
