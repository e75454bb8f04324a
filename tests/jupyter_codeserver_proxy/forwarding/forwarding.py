"""A Jupyter Server extension that forwards to the socket that a symbolic link names."""

from __future__ import annotations

import os
import resource
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.utils import url_path_join
from tornado import web

from jupyter_codeserver_proxy.forwarding.decision import Forward
from jupyter_codeserver_proxy.forwarding.proxy import ProxyHandler
from jupyter_codeserver_proxy.forwarding.traffic import Traffic
from jupyter_codeserver_proxy.forwarding.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_server.auth.identity import User
    from jupyter_server.base.handlers import JupyterHandler
    from jupyter_server.serverapp import ServerApp

    from jupyter_codeserver_proxy.forwarding.framing import ResponseHead

TRAFFIC = Traffic()
UPSTREAMS: dict[Path, Upstream] = {}


def _linked() -> Path | None:
    link = Path(os.environ["FORWARDING_TO"])
    return link.readlink() if link.is_symlink() else None


class ChangingForward(Forward):
    """Changes the responses to a few targets."""

    def internal_redirect(self, head: ResponseHead) -> Forward | None:
        """Follows the redirect of one page."""
        if self.target != "/redirected" or head.status != 302:
            return None
        return replace(self, target="/rewritten")

    def header_lines(self, head: ResponseHead) -> list[bytes]:
        """Adds a line to the 404 of one page."""
        return [b"X-Added: 1"] if self.target == "/added" and head.status == 404 else []

    def rewrite(self, head: ResponseHead) -> Callable[[bytes], bytes] | None:
        """Makes the body of one page longer."""
        is_rewritten = self.target == "/rewritten" and head.status == 200
        return b"rewritten: ".__add__ if is_rewritten else None


class ForwardingHandler(ProxyHandler):
    """Forwards to `$FORWARDING_TO`; without it, answers with a page of Jupyter's own."""

    async def decide(self) -> Forward | None:
        """Makes an upstream for each target of the link, as for each start of code-server."""
        path = _linked()
        if path is None:
            self.set_status(503)
            await self.finish("not started")
            return None
        half_open = float(os.environ.get("FORWARDING_HALF_OPEN", "10"))
        upstream = UPSTREAMS.setdefault(path, Upstream(path, TRAFFIC, half_open))
        return ChangingForward(upstream=upstream, target=self.target)


class ReadersOnly(Authorizer):
    """Lets everybody read, and nobody execute."""

    def is_authorized(
        self,
        handler: JupyterHandler,  # noqa: ARG002 -- Jupyter's interface
        user: User,  # noqa: ARG002 -- likewise
        action: str,
        resource: str,
    ) -> bool:
        """Treats every request to code-server as execution."""
        return action == "read" or resource != "codeserver"


class StateHandler(web.RequestHandler):
    """Reports what a test cannot see from outside."""

    async def get(self) -> None:
        """Answers in JSON."""
        self.finish(
            {
                "websockets": TRAFFIC.websockets,
                "up": TRAFFIC.bytes_up,
                "down": TRAFFIC.bytes_down,
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
                "pid": os.getpid(),
                "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208
                "active": self.application.last_activity().isoformat(),  # type: ignore[attr-defined] # Jupyter's application
            }
        )

    async def delete(self) -> None:
        """Closes every upstream, as Jupyter does when it ends."""
        for upstream in UPSTREAMS.values():
            upstream.close()

    def check_xsrf_cookie(self) -> None:
        """Checks nothing, as the tests are not a browser."""


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "forwarding"}]


def _load_jupyter_server_extension(app: ServerApp) -> None:
    base = app.web_app.settings["base_url"]
    app.web_app.add_handlers(  # type: ignore[no-untyped-call] # Tornado's is typed in part
        ".*$",
        [
            (url_path_join(base, "codeserver") + "(/.*)", ForwardingHandler),
            (url_path_join(base, "state"), StateHandler),
        ],
    )
