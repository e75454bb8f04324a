"""The routes: VS Code or a page that says why not, and the status API."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from . import link, page, workbench
from .assets import first_load
from .defaults import for_a_link
from .forwarding.headers import is_upgrade
from .forwarding.proxy import ProxyHandler
from .supervision.process import State

if TYPE_CHECKING:
    from pathlib import Path

    from .forwarding.connection import UpstreamError
    from .forwarding.framing import MalformedResponseError, ResponseHead
    from .forwarding.upstream import Upstream
    from .service import Service

_ASSET = re.compile(r"/(stable-|_static/)")
_IMMUTABLE = "/stable-"
_SAME_PAGE = b"./?"  # how code-server's redirect to a folder begins

_LACKING = 60  # seconds for which a browser does not ask again for what is not there
_RETRY_AFTER = "1"  # seconds; code-server takes about as long to start


def routes(service: Service, root: Path) -> list[tuple[str, type[JupyterHandler], dict[str, Any]]]:
    """The handlers below the base URL, to come before those of jupyter-server-proxy.

    Args:
        service: the one code-server.
        root: the folder that Jupyter serves.
    """
    shared = {"service": service}
    return [
        ("codeserver/open(?:/(.*))?", OpenHandler, {"root": root}),
        ("codeserver(/.*)", CodeServerHandler, shared),
        ("codeserver", SlashHandler, {}),
        ("api/codeserver", StatusHandler, shared),
        ("api/codeserver/assets", AheadHandler, shared),
        ("api/codeserver/(start|stop|restart)", OrderHandler, shared),
    ]


class CodeServerHandler(ProxyHandler):
    """Forwards to code-server, and tells what is happening while there is none."""

    _query = ""  # of the folder that code-server has redirected to

    def initialize(self, service: Service) -> None:
        """Takes what the handlers of a server share."""
        self._service = service

    async def upstream(self) -> Upstream | None:
        """Whom to forward to; else the request is answered here."""
        # A look beforehand, as the assets take a thread to look at the disk.
        if _ASSET.match(self.target) and await self._is_answered_from_disk():
            return None
        if self._is_speculative():  # not even a page, which would wait for a start
            self.set_status(503)
            self.set_header("Cache-Control", "no-store")
            await self.finish()
            return None
        upstream = self._service.want(by_person=self._is_page())
        if upstream is None:
            await self._say_why_not()
        if self._is_workbench():  # its page is to come in the clear
            self.request.headers.pop("Accept-Encoding", None)
        return upstream

    def instead(self, head: ResponseHead) -> str | None:
        """VS Code's page of the folder that code-server redirects to, a round trip sooner."""
        if head.status != HTTPStatus.FOUND or self._query or not self._is_workbench():
            return None
        location = b",".join(head.values(b"location"))
        if not location.startswith(_SAME_PAGE):
            return None
        self._query = location[len(_SAME_PAGE) - 1 :].decode("latin-1")
        return f"/{self._query}"

    def added(self, head: ResponseHead) -> list[bytes]:
        """How long what VS Code lacks is known to be lacking: it asks for `vsda` at each load."""
        lacks = head.status == HTTPStatus.NOT_FOUND and self.target.startswith(_IMMUTABLE)
        return [f"Cache-Control: private, max-age={_LACKING}".encode()] if lacks else []

    def rewrites(self, head: ResponseHead) -> bool:
        """VS Code's page alone."""
        return self._is_workbench() and head.status == HTTPStatus.OK

    def rewritten(self, body: bytes) -> bytes:
        """VS Code's page, with what holds from its first moment."""
        # JupyterLab as this browser calls it, to which our extension of VS Code leads back.
        origin = f"{self.request.protocol}://{self.request.host}"
        jupyterlab = url_path_join(origin, self.base_url, "lab/tree/*")
        defaults = self._service.defaults
        if link.opens_file(self.target.partition("?")[2]):
            defaults = for_a_link(defaults)
        page = workbench.with_defaults(body, defaults, [jupyterlab])
        page = workbench.beginning_with_workbench(page)
        page = workbench.fetching(page, first_load.AFTER_WORKBENCH)
        page = workbench.reloading(page)
        return workbench.at(page, self._query) if self._query else page

    async def _is_answered_from_disk(self) -> bool:
        if self.request.method not in {"GET", "HEAD"}:
            return False
        return await self._service.assets.answer(self, self.target[1:].partition("?")[0])

    async def unanswered(self, error: UpstreamError | MalformedResponseError) -> None:
        """It has just ended: the next request starts it again, and so does this one's page."""
        self.log.info("code-server did not answer: %s", error)
        self._service.want(by_person=self._is_page())
        await self._say_why_not()

    def _is_speculative(self) -> bool:
        """Whether the browser fetches ahead of a click, which is to start nothing."""
        return "prefetch" in self.request.headers.get("Sec-Purpose", "")

    def _is_workbench(self) -> bool:
        return self.request.method == "GET" and self.target.partition("?")[0] == "/"

    def _is_page(self) -> bool:
        """Whether a person is going to see the answer."""
        request = self.request
        if request.method != "GET" or is_upgrade("GET", request.headers):
            return False
        destination = request.headers.get("Sec-Fetch-Dest")
        if destination is not None:
            return destination in {"document", "frame", "iframe"}
        return "text/html" in request.headers.get("Accept", "")

    async def _say_why_not(self) -> None:
        process = self._service.process
        self.clear()
        self.set_header("Cache-Control", "no-store")
        is_failed = process.state is State.FAILED
        if is_failed or not self._is_page():
            self.set_status(503)
        if not is_failed:
            self.set_header("Retry-After", _RETRY_AFTER)
        if not self._is_page():
            self.set_header("Content-Type", "text/plain; charset=UTF-8")
            failure = process.failure if is_failed else None
            text = str(failure.what) if failure else f"code-server is {process.state.value}."
            await self.finish(text + "\n")
            return
        surroundings = page.Surroundings(
            self._service.title,
            url_path_join(self.base_url, "api/codeserver"),
            self.xsrf_token.decode("ascii"),
        )
        if is_failed and process.failure:
            shown = page.failed(surroundings, process.failure)
        else:
            shown = page.starting(surroundings, process.log, self._service.note)
        self.set_header("Content-Security-Policy", shown.policy)
        await self.finish(shown.html)


class SlashHandler(JupyterHandler):
    """Leads from `codeserver` to `codeserver/`, with its query."""

    @web.authenticated
    def get(self) -> None:
        """Redirects."""
        _, question_mark, query = self.request.uri.partition("?")
        self.redirect(url_path_join(self.base_url, "codeserver/") + question_mark + query)


class OpenHandler(JupyterHandler):
    """`codeserver/open/PATH[?line=N]`: leads to VS Code with that folder or file."""

    auth_resource = "codeserver"

    def initialize(self, root: Path) -> None:
        """Takes the folder that Jupyter serves."""
        self._root = root

    @web.authenticated
    @authorized("execute")  # type: ignore[untyped-decorator] # Jupyter's is not typed
    async def get(self, path: str | None) -> None:
        """Redirects; a link that leads nowhere says why."""
        line = self.get_query_argument("line", "")
        if line and not line.isdecimal():
            await self._refuse(400, f"In this link the line is {line!r}, which is no number.")
            return
        try:
            query = link.query(self._root, path or "", int(line or 0), self.request.host)
        except link.OutsideError:
            await self._refuse(403, f"{path} is not below the folder of this server.")
        except link.MissingError:
            await self._refuse(404, f"There is no {path} in the folder of this server.")
        else:
            self.redirect(f"{url_path_join(self.base_url, 'codeserver/')}?{query}")

    async def _refuse(self, status: int, why: str) -> None:
        # Jupyter's own page for 404 would not say it.
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        await self.finish(f"{why}\n")


class _ServiceHandler(APIHandler):
    auth_resource = "codeserver"
    # The starting page asks all the time, which is no activity of a person.
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


class AheadHandler(_ServiceHandler):
    """`GET api/codeserver/assets`."""

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator] # Jupyter's is not typed
    async def get(self) -> None:
        """Answers with what a browser may fetch ahead of a click."""
        self.finish(json.dumps({"assets": await self._service.ahead()}))


class OrderHandler(_ServiceHandler):
    """`POST api/codeserver/{start,stop,restart}`."""

    @web.authenticated
    @authorized("execute")  # type: ignore[untyped-decorator] # Jupyter's is not typed
    async def post(self, order: str) -> None:
        """Does it, and answers with the state that it has led to."""
        await getattr(self._service, order)()
        if "text/html" in self.request.headers.get("Accept", ""):
            # The failed page's form, in a browser without JavaScript.
            self.redirect(url_path_join(self.base_url, "codeserver/"), status=303)
            return
        self.finish(json.dumps(await self._service.status()))
