"""Who is let in to code-server: Jupyter's authentication, authorisation and origin rules."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from .embedding import frame_ancestors, lets_others
from .sender import Sender, is_acceptable, is_navigation, sender


class EarlyRefusals(JupyterHandler):
    """Tells in a line what is refused before anybody is let in: there Jupyter's page fails."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401 -- Tornado's
        """Says what Jupyter says, unless it is too early, as for an unknown method."""
        if hasattr(self, "_jupyter_current_user"):
            super().write_error(status_code, **kwargs)
            return
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.finish(f"{self._reason}.\n")


class GuardedHandler(EarlyRefusals):
    """Runs `admitted` for a user who may execute code here, and nothing for anybody else."""

    auth_resource = "codeserver"

    async def admitted(self) -> None:
        """What to do before the request's body is read."""

    async def prepare(self) -> None:  # type: ignore[override] # Jupyter's may return an awaitable
        """Lets the request in, or redirects a person to the login page.

        Raises:
            web.HTTPError: 403, for who is not logged in, not authorised, or another's page.
        """
        navigation = is_navigation(self.request.method or "", self.request.headers)
        await super().prepare(_redirect_to_login=navigation)
        if not self._finished and not self.current_user:
            # Jupyter has left it to us, as `allow_unauthenticated_access` is set by default.
            if not navigation:
                raise web.HTTPError(403)
            web.authenticated(lambda _: None)(self)
        if self._finished:
            return
        if not self._is_acceptable():
            raise web.HTTPError(403, "Blocking a request from another page")
        await self._admitted_if_authorized()

    # Whoever reaches code-server has a terminal.
    @authorized("execute")  # type: ignore[untyped-decorator] # Jupyter's is not typed
    async def _admitted_if_authorized(self) -> None:
        await self.admitted()

    @property
    def content_security_policy(self) -> str:
        """Who may frame our pages; Jupyter's own policy may say more, for its own pages."""
        return frame_ancestors(super().content_security_policy)

    def _is_acceptable(self) -> bool:
        """Whether it is more than a cookie that a browser has added to another's request."""
        if self.token_authenticated or self._is_named_origin():
            return True
        request = self.request
        return is_acceptable(
            request.method or "",
            request.headers,
            self.base_url,
            may_be_framed=lets_others(self.content_security_policy),
        )

    def check_xsrf_cookie(self) -> None:
        """Has `prepare` judge by the sender, as VS Code knows nothing of Jupyter's XSRF token.

        JupyterHub calls this before it knows the user, and takes silence for consent.

        Raises:
            web.HTTPError: 403, without that token, where nothing tells the sender.
        """
        too_early = not hasattr(self, "_jupyter_current_user")  # Jupyter's prepare calls again
        if not too_early and sender(self.request.headers, self.base_url) is Sender.UNKNOWN:
            super().check_xsrf_cookie()

    def _is_named_origin(self) -> bool:
        """Whether the configuration allows this very origin; `*` names none, nor does our host."""
        origin = self.request.headers.get("Origin", "").lower()
        is_foreign = origin.partition("://")[2] not in {"", self.request.host.lower()}
        return is_foreign and self.allow_origin != "*" and bool(self.check_origin())
