"""The routes: VS Code or a page that says why not, and the status API."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import datetime, timezone
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from jupyter_codeserver_proxy.assets.workbench.page import adapt_page
from jupyter_codeserver_proxy.codeserver.default_settings import for_a_link
from jupyter_codeserver_proxy.failure import Failure
from jupyter_codeserver_proxy.forwarding.access import EarlyRefusals, GuardedHandler
from jupyter_codeserver_proxy.forwarding.connection import ExhaustedError
from jupyter_codeserver_proxy.forwarding.exchange import HeadTooLargeError
from jupyter_codeserver_proxy.forwarding.framing import MalformedResponseError
from jupyter_codeserver_proxy.forwarding.headers import is_upgrade
from jupyter_codeserver_proxy.forwarding.proxy import ProxyHandler
from jupyter_codeserver_proxy.supervision.diagnosis import TOO_MANY_OPEN
from jupyter_codeserver_proxy.supervision.process import State

from . import link, page

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_server.base.handlers import JupyterHandler

    from jupyter_codeserver_proxy.forwarding.connection import UpstreamError
    from jupyter_codeserver_proxy.forwarding.framing import ResponseHead
    from jupyter_codeserver_proxy.forwarding.upstream import Upstream
    from jupyter_codeserver_proxy.service.service import Service

_ASSET = re.compile(r"/(stable-|_static/)")
_IMMUTABLE = "/stable-"
_APPLICATION = re.compile(r"/(abs)?proxy/", re.IGNORECASE)  # as code-server takes it
_SANDBOX = "sandbox allow-scripts allow-forms allow-modals allow-popups allow-downloads"
_SAME_PAGE = b"./?"  # how code-server's redirect to a folder begins

_LACKING = 60  # seconds for which a browser does not ask again for what is not there
_LINE = re.compile("[0-9]{1,9}")
_SHOWN = 100  # characters of a link's text that a message repeats
_RETRY_AFTER = "1"  # seconds; code-server takes about as long to start


def routes(
    service: Service, root: Path | None
) -> list[tuple[str, type[JupyterHandler], dict[str, Any]]]:
    """The handlers below the base URL, to come before those of jupyter-server-proxy.

    Args:
        service: the one code-server.
        root: the folder that JupyterLab shows; None: none of this machine.
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
        """How long what VS Code lacks is known to be lacking, and what other pages may do."""
        lines = []
        # VS Code asks for `vsda` at each load.
        if head.status == HTTPStatus.NOT_FOUND and self.target.startswith(_IMMUTABLE):
            lines.append(f"Cache-Control: private, max-age={_LACKING}")
        if not head.values(b"cross-origin-resource-policy"):
            lines.append("Cross-Origin-Resource-Policy: same-origin")
        # Beside upstream's own policy: browsers obey all.
        lines.append(f"Content-Security-Policy: {self.content_security_policy}")
        if self._service.sandboxed_applications and _APPLICATION.match(self.target):
            lines.append(f"Content-Security-Policy: {_SANDBOX}")
        return [line.encode("latin-1") for line in lines]

    def rewrites(self, head: ResponseHead) -> bool:
        """VS Code's page alone."""
        return self._is_workbench() and head.status == HTTPStatus.OK

    def rewritten(self, body: bytes) -> bytes:
        """VS Code's page, with what holds from its first moment."""
        # JupyterLab, to which our extension of VS Code leads back; the page corrects the origin.
        origin = f"{self.request.protocol}://{self.request.host}"
        jupyterlab = url_path_join(origin, self.base_url, "lab/tree/*")
        opens_file = link.opens_file(self.target.partition("?")[2])
        defaults = self._service.defaults
        return adapt_page(
            body,
            for_a_link(defaults) if opens_file else defaults,
            trusted=[jupyterlab],
            query=self._query,
            opens_file=opens_file,
        )

    async def _is_answered_from_disk(self) -> bool:
        if self.request.method not in {"GET", "HEAD"}:
            return False
        return await self._service.assets.answer(self, self.target[1:].partition("?")[0])

    async def unanswered(self, error: UpstreamError | MalformedResponseError) -> None:
        """If it has just ended, the next request starts it again, and so does this one's page."""
        self.log.info("code-server did not answer: %s", error)
        is_too_large = isinstance(error, HeadTooLargeError)
        if is_too_large and self._is_page():
            self.set_status(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            await self._show(page.too_large(self._surroundings()))
        elif is_too_large or isinstance(error, MalformedResponseError):  # it lives
            await super().unanswered(error)
        elif isinstance(error, ExhaustedError):
            why = asdict(TOO_MANY_OPEN)
            now = datetime.now(timezone.utc)
            await self._say_why_not(Failure(**why, exit_status=None, log=(), at=now))
        else:
            self._service.process.doubt()
            self._service.want(by_person=self._is_page())
            await self._say_why_not()

    def late(self) -> None:
        """Has code-server asked whether it lives."""
        self._service.process.doubt()

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

    async def _say_why_not(self, refusal: Failure | None = None) -> None:
        process = self._service.process
        is_failed = bool(refusal) or process.state is State.FAILED
        failure = refusal or (process.failure if is_failed else None)
        self.clear()
        self.set_header("Cache-Control", "no-store")
        if is_failed or not self._is_page():
            self.set_status(503)
        if not is_failed:
            self.set_header("Retry-After", _RETRY_AFTER)
        if not self._is_page():
            self.set_header("Content-Type", "text/plain; charset=UTF-8")
            text = str(failure.what) if failure else f"code-server is {process.state.value}."
            await self.finish(text + "\n")
            return
        surroundings = self._surroundings()
        if failure:
            await self._show(page.failed(surroundings, failure))
        else:
            await self._show(page.starting(surroundings, process.log, self._service.note))

    def _surroundings(self) -> page.Surroundings:
        return page.Surroundings(
            self._service.title,
            url_path_join(self.base_url, "api/codeserver"),
            self.xsrf_token.decode("ascii"),
            self.content_security_policy,
        )

    async def _show(self, shown: page.Page) -> None:
        self.set_header("Content-Security-Policy", shown.policy)
        await self.finish(shown.html)


class SlashHandler(EarlyRefusals):
    """Leads from `codeserver` to `codeserver/`, with its query."""

    @web.authenticated
    def get(self) -> None:
        """Redirects."""
        _, question_mark, query = self.request.uri.partition("?")
        self.redirect(url_path_join(self.base_url, "codeserver/") + question_mark + query)


class OpenHandler(GuardedHandler):
    """`codeserver/open/PATH[?line=N]`: leads to VS Code with that folder, workspace or file."""

    def initialize(self, root: Path | None) -> None:
        """Takes the folder that JupyterLab shows."""
        self._root = root

    async def get(self, path: str | None) -> None:
        """Redirects; a link that leads nowhere says why."""
        line = self.get_query_argument("line", "")
        if line and not _LINE.fullmatch(line):
            why = f"In this link the line is {_quoted(line)}, which is no line's number."
            await self._refuse(400, why)
        elif self._root is None:
            await self._refuse(
                404, "JupyterLab shows no files of this machine for VS Code to open."
            )
        else:
            await self._lead(self._root, path or "", int(line or 0))

    async def _lead(self, root: Path, path: str, line: int) -> None:
        try:
            query = link.query(root, path, line, self.request.host)
        except link.OutsideError:
            await self._refuse(403, f"{_quoted(path)} is not below the folder of this server.")
        except link.CannotOpenError as error:
            where = f"{_quoted(path)} below the folder of this server"
            await self._refuse(404, f"VS Code cannot open {where}: {error}.")
        else:
            self.redirect(f"{url_path_join(self.base_url, 'codeserver/')}?{query}")

    async def _refuse(self, status: int, why: str) -> None:
        # Jupyter's own page for 404 would not say it.
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        await self.finish(f"{why}\n")

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Takes what is no UTF-8 for a name that no file has; a path may also be None."""
        return super().decode_argument(value and value.decode(errors="replace").encode(), name)


def _quoted(text: str) -> str:
    """A link's text as a message shows it: in one line that can be read."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


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
