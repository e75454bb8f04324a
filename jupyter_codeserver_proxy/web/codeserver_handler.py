"""The handler in front of code-server, which answers with a page while it does not run."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime, timezone
from http import HTTPStatus
from typing import TYPE_CHECKING

from jupyter_server.utils import url_path_join

from jupyter_codeserver_proxy.failure import Failure
from jupyter_codeserver_proxy.forwarding.errors import (
    ExhaustedError,
    HeadTooLargeError,
    MalformedResponseError,
)
from jupyter_codeserver_proxy.forwarding.headers import is_upgrade
from jupyter_codeserver_proxy.forwarding.proxy import ProxyHandler
from jupyter_codeserver_proxy.supervision.diagnosis import TOO_MANY_OPEN
from jupyter_codeserver_proxy.supervision.observer import State

from . import page
from .forward import CodeServerForward, Workbench

if TYPE_CHECKING:
    from jupyter_codeserver_proxy.forwarding.errors import UpstreamError
    from jupyter_codeserver_proxy.service.service import Service

_ASSET = re.compile(r"/(stable-|_static/)")
_RETRY_AFTER = "1"  # seconds; code-server takes about as long to start


class CodeServerHandler(ProxyHandler):
    """Forwards to code-server; while it does not run, says why."""

    def initialize(self, service: Service) -> None:
        """Takes the service, which the handlers share."""
        self._service = service

    async def decide(self) -> CodeServerForward | None:
        """Answers assets from disk, starts code-server if it does not run, and forwards."""
        # Only paths of assets look at the disk, which takes a thread.
        if _ASSET.match(self.target) and await self._answer_from_disk():
            return None
        if "prefetch" in self.request.headers.get("Sec-Purpose", ""):
            # A browser's guess starts nothing, and does not wait for a start.
            self.set_status(503)
            self.set_header("Cache-Control", "no-store")
            await self.finish()
            return None
        upstream = self._service.request(by_person=self._is_page())
        if upstream is None:
            await self._explain()
            return None
        workbench = None
        path, _, query = self.target.partition("?")
        if self.request.method == "GET" and path == "/":
            # The page is rewritten, so it has to come uncompressed.
            self.request.headers.pop("Accept-Encoding", None)
            workbench = Workbench(self._service.defaults, self._jupyterlab(), query)
        return CodeServerForward(
            upstream=upstream,
            target=self.target,
            on_delay=self._service.process.check_liveness,
            policy=self.content_security_policy,
            sandboxes_applications=self._service.sandboxed_applications,
            workbench=workbench,
        )

    async def on_upstream_error(self, error: UpstreamError) -> None:
        """Answers if code-server did not, and starts it again if it has ended."""
        self.log.info("code-server did not answer: %s", error)
        if isinstance(error, HeadTooLargeError) and self._is_page():
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            await self._finish_page(status, page.too_large(self._page_context()))
        elif isinstance(error, (HeadTooLargeError, MalformedResponseError)):
            # code-server is running.
            await super().on_upstream_error(error)
        elif isinstance(error, ExhaustedError):
            now = datetime.now(timezone.utc)
            await self._explain(Failure(**asdict(TOO_MANY_OPEN), exit_status=None, log=(), at=now))
        else:
            self._service.process.check_liveness()
            self._service.request(by_person=self._is_page())
            await self._explain()

    async def _answer_from_disk(self) -> bool:
        if self.request.method not in {"GET", "HEAD"}:
            return False
        return await self._service.assets.answer(self, self.target[1:].partition("?")[0])

    def _is_page(self) -> bool:
        """Whether a person will see the response."""
        request = self.request
        if request.method != "GET" or is_upgrade("GET", request.headers):
            return False
        destination = request.headers.get("Sec-Fetch-Dest")
        if destination is not None:
            return destination in {"document", "frame", "iframe"}
        return "text/html" in request.headers.get("Accept", "")

    async def _explain(self, failure: Failure | None = None) -> None:
        """Answers why code-server does not: with a page for a person, a line for a program."""
        process = self._service.process
        if process.state is State.FAILED:
            failure = failure or process.failure
        self.clear()
        self.set_header("Cache-Control", "no-store")
        if not failure:
            self.set_header("Retry-After", _RETRY_AFTER)
        if not self._is_page():
            line = failure.what if failure else f"code-server is {process.state.value}."
            await self.finish_text(503, line)
        elif failure:
            await self._finish_page(503, page.failed(self._page_context(), failure))
        else:
            starting = page.starting(self._page_context(), process.log, self._service.note)
            await self._finish_page(200, starting)

    def _page_context(self) -> page.PageContext:
        return page.PageContext(
            self._service.title,
            url_path_join(self.base_url, "api/codeserver"),
            self.xsrf_token.decode("ascii"),
            self.content_security_policy,
        )

    async def _finish_page(self, status: int, shown: page.Page) -> None:
        self.set_status(status)
        self.set_header("Content-Security-Policy", shown.policy)
        await self.finish(shown.html)

    def _jupyterlab(self) -> str:
        origin = f"{self.request.protocol}://{self.request.host}"
        return url_path_join(origin, self.base_url, "lab/tree/*")
