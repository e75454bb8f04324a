"""The routes below Jupyter's base URL, and the handlers that only redirect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.utils import url_path_join
from tornado import web

from jupyter_codeserver_proxy.forwarding.access import GuardedHandler, PlainTextHandler
from jupyter_codeserver_proxy.forwarding.refusals import RefusedRequestError

from . import link
from .api import LifecycleHandler, PrefetchHandler, StatusHandler
from .codeserver_handler import CodeServerHandler

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_server.base.handlers import JupyterHandler

    from jupyter_codeserver_proxy.service.service import Service


def routes(
    service: Service, root: Path | None
) -> list[tuple[str, type[JupyterHandler], dict[str, Any]]]:
    """Returns the handlers of our routes; they go before those of jupyter-server-proxy.

    Args:
        service: the one code-server.
        root: the folder that JupyterLab shows; None if it is not on this machine.
    """
    shared = {"service": service}
    return [
        ("codeserver/open(?:/(.*))?", OpenHandler, {"root": root}),
        ("codeserver(/.*)", CodeServerHandler, shared),
        ("codeserver", SlashHandler, {}),
        ("api/codeserver", StatusHandler, shared),
        ("api/codeserver/assets", PrefetchHandler, shared),
        ("api/codeserver/(start|stop|restart)", LifecycleHandler, shared),
    ]


class SlashHandler(PlainTextHandler):
    """Redirects `codeserver` to `codeserver/` and keeps the query."""

    @web.authenticated
    def get(self) -> None:
        """Redirects."""
        _, question_mark, query = self.request.uri.partition("?")
        self.redirect(url_path_join(self.base_url, "codeserver/") + question_mark + query)


class OpenHandler(GuardedHandler):
    """`codeserver/open/PATH[?line=N]`: redirects to VS Code with that folder, workspace or file."""

    def initialize(self, root: Path | None) -> None:
        """Takes the folder that JupyterLab shows."""
        self._root = root

    async def get(self, path: str | None) -> None:
        """Redirects, or says why VS Code cannot open the link."""
        line = self.get_query_argument("line", "")
        try:
            query = link.query(self._root, path or "", line, self.request.host)
        except RefusedRequestError as error:
            await self.finish_text(error.status, str(error))
        else:
            self.redirect(f"{url_path_join(self.base_url, 'codeserver/')}?{query}")

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Replaces bytes that are not UTF-8, so that no file is found; the path may be None."""
        return super().decode_argument(value and value.decode(errors="replace").encode(), name)
