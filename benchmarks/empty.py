"""A Jupyter handler that only authenticates, and so answers as many requests as Jupyter can."""

from __future__ import annotations

from jupyter_server.base.handlers import JupyterHandler
from tornado import web


class EmptyHandler(JupyterHandler):
    """Answers a user who is logged in."""

    @web.authenticated
    async def get(self) -> None:
        """Answers with 200 and an empty body."""
        await self.finish()


default_handlers = [("/api/empty", EmptyHandler)]
