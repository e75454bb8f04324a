"""The API: the state of code-server, its start and stop, and assets to prefetch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

if TYPE_CHECKING:
    from jupyter_codeserver_proxy.service.service import Service


class _ServiceHandler(APIHandler):
    auth_resource = "codeserver"
    # The starting page polls the API, which does not show that a person is there.
    _track_activity = False

    def initialize(self, service: Service) -> None:
        self._service = service


class StatusHandler(_ServiceHandler):
    """`GET api/codeserver`."""

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator] # Jupyter's is not typed
    async def get(self) -> None:
        """Answers with the state of code-server."""
        self.finish(json.dumps(await self._service.status()))


class PrefetchHandler(_ServiceHandler):
    """`GET api/codeserver/assets`."""

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator] # Jupyter's is not typed
    async def get(self) -> None:
        """Answers with the assets that a browser may fetch before a click."""
        self.finish(json.dumps({"assets": await self._service.prefetchable()}))


class LifecycleHandler(_ServiceHandler):
    """`POST api/codeserver/{start,stop,restart}`."""

    @web.authenticated
    @authorized("execute")  # type: ignore[untyped-decorator] # Jupyter's is not typed
    async def post(self, action: str) -> None:
        """Starts, stops or restarts code-server, and answers with its new state."""
        await getattr(self._service, action)()
        if "text/html" in self.request.headers.get("Accept", ""):
            # The form of the failed page, in a browser without JavaScript.
            self.redirect(url_path_join(self.base_url, "codeserver/"), status=303)
            return
        self.finish(json.dumps(await self._service.status()))
