"""A Jupyter handler that only authenticates: as many requests as it answers is the limit."""

from __future__ import annotations

from jupyter_server.base.handlers import JupyterHandler
from tornado import web


class EmptyHandler(JupyterHandler):
    """Answers nothing to whom Jupyter knows."""

    @web.authenticated
    async def get(self) -> None:
        """Answer with 200 and an empty body."""
        await self.finish()


default_handlers = [("/api/empty", EmptyHandler)]
