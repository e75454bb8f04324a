"""Who is let in to code-server: Jupyter's authentication, authorisation and origin rules."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from .headers import is_same_origin, is_upgrade


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
            web.HTTPError: 403, for who is not logged in, not authorised, or of a foreign origin.
        """
        upgrade = is_upgrade(self.request.method or "", self.request.headers)
        navigation = not upgrade and self._is_navigation()
        await super().prepare(_redirect_to_login=navigation)
        if not self._finished and not self.current_user:
            # Jupyter has left it to us, as `allow_unauthenticated_access` is set by default.
            if not navigation:
                raise web.HTTPError(403)
            web.authenticated(lambda _: None)(self)
        if self._finished:
            return
        if upgrade and not self.check_origin():
            raise web.HTTPError(403)
        await self._admitted_if_authorized()

    # Whoever reaches code-server has a terminal.
    @authorized("execute")  # type: ignore[untyped-decorator] # Jupyter's is not typed
    async def _admitted_if_authorized(self) -> None:
        await self.admitted()

    def _is_navigation(self) -> bool:
        """Whether a browser shows the answer to a person, so that a login page helps."""
        mode = self.request.headers.get("Sec-Fetch-Mode")
        if mode is not None:
            return mode == "navigate"
        return "text/html" in self.request.headers.get("Accept", "")

    def check_xsrf_cookie(self) -> None:
        """Accepts what a page of this server sent: VS Code knows nothing of Jupyter's XSRF token.

        Raises:
            web.HTTPError: 403, for another origin's request without that token.
        """
        too_early = not hasattr(self, "_jupyter_current_user")  # Jupyter's prepare calls again
        if too_early or is_same_origin(self.request.headers) or self._is_named_origin():
            return
        try:
            super().check_xsrf_cookie()
        except web.HTTPError as error:
            raise web.HTTPError(403, "Blocking a request from another origin") from error

    def _is_named_origin(self) -> bool:
        """Whether the configuration allows this very origin; `*` names none."""
        wildcard = self.allow_origin == "*"
        return "Origin" in self.request.headers and not wildcard and bool(self.check_origin())

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Leaves paths alone, which need not be UTF-8."""
        return value.decode("latin-1") if name is None else super().decode_argument(value, name)
