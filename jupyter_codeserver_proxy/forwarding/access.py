"""Authentication, authorization and cross-site protection for code-server's routes."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from .embedding import allows_other_origins, frame_ancestors
from .initiator import Initiator, cookie_suffices, initiator, is_navigation


class PlainTextHandler(JupyterHandler):
    """Answers with one line of text where a page would be too much."""

    async def finish_text(self, status: int, line: str) -> None:
        """Finishes with a status and one line of text."""
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        await self.finish(f"{line}\n")

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401 -- Tornado's
        """Shows Jupyter's error page; it fails before the user is known, so then one line."""
        if hasattr(self, "_jupyter_current_user"):
            super().write_error(status_code, **kwargs)
            return
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.finish(f"{self._reason}.\n")


class GuardedHandler(PlainTextHandler):
    """Lets in users who may execute code here, and nobody else."""

    auth_resource = "codeserver"

    async def on_authorized(self) -> None:
        """Called for an authorized request, before its body is read."""

    async def prepare(self) -> None:  # type: ignore[override] # Jupyter's may return an awaitable
        """Authorizes the request, or redirects a person to the login page.

        Raises:
            web.HTTPError: 403; the user is not logged in or not authorized, or the request comes
                from a foreign page.
        """
        navigation = is_navigation(self.request.method or "", self.request.headers)
        await super().prepare(_redirect_to_login=navigation)
        if not self._finished and not self.current_user:
            # With `allow_unauthenticated_access`, the default, Jupyter leaves this check to us.
            if not navigation:
                raise web.HTTPError(403)
            web.authenticated(lambda _: None)(self)
        if self._finished:
            return
        if not self._is_trusted():
            raise web.HTTPError(403, "Blocking a request from another page")
        await self._authorize()

    # Access to code-server is access to a terminal.
    @authorized("execute")  # type: ignore[untyped-decorator] # Jupyter's is not typed
    async def _authorize(self) -> None:
        await self.on_authorized()

    @property
    def content_security_policy(self) -> str:
        """Who may frame our pages. Jupyter's own policy may contain more, for its own pages."""
        return frame_ancestors(super().content_security_policy)

    def _is_trusted(self) -> bool:
        """Whether the user, and no foreign page, made the browser send this request."""
        if self.token_authenticated or self._is_named_origin():
            return True
        request = self.request
        return cookie_suffices(
            request.method or "",
            request.headers,
            self.base_url,
            may_be_framed=allows_other_origins(self.content_security_policy),
        )

    def check_xsrf_cookie(self) -> None:
        """Requires Jupyter's XSRF token where no header tells the initiator.

        VS Code does not know that token; `prepare` checks the initiator instead. JupyterHub calls
        this before it knows the user, and ignores the result then.

        Raises:
            web.HTTPError: 403; the token is missing.
        """
        too_early = not hasattr(self, "_jupyter_current_user")  # Jupyter's prepare calls again
        if not too_early and initiator(self.request.headers, self.base_url) is Initiator.UNKNOWN:
            super().check_xsrf_cookie()

    def _is_named_origin(self) -> bool:
        """Whether the configuration names this origin; `*` names none, and our host needs none."""
        origin = self.request.headers.get("Origin", "").lower()
        is_foreign = origin.partition("://")[2] not in {"", self.request.host.lower()}
        return is_foreign and self.allow_origin != "*" and bool(self.check_origin())
