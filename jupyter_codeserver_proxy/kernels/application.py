"""Serves the Jupyter server's kernels, sessions and kernel specifications, and nothing else."""

from __future__ import annotations

from jupyter_server.auth.authorizer import AllowAllAuthorizer
from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import APIHandler
from jupyter_server.services.kernels import handlers as kernels
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from jupyter_server.services.kernelspecs import handlers as kernel_specifications
from jupyter_server.services.sessions import handlers as sessions
from tornado import web

_ACTIVITY = "api_last_activity"  # the setting that Jupyter's handlers write
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class SocketIdentityProvider(IdentityProvider):
    """Knows every caller: only the student can enter the folder of the socket."""

    def get_user(self, handler: web.RequestHandler) -> User:  # noqa: ARG002 -- Jupyter's signature
        """Returns the user that Jupyter's log names."""
        return User("vscode")

    def is_token_authenticated(self, handler: web.RequestHandler) -> bool:  # noqa: ARG002 -- likewise
        """Returns that no browser sent the request, so that its origin is not checked."""
        return True


class ChannelsHandler(KernelWebsocketHandler):
    """Jupyter's websocket of a kernel. It answers errors as the API does, in JSON."""

    write_error = APIHandler.write_error


class KernelsApplication(web.Application):
    """Runs Jupyter's own handlers on the managers of its main application.

    So a gateway, a provisioner or a kernel manager of the operator's works as in JupyterLab.

    Args:
        main: the main application, with all its extensions.
    """

    def __init__(self, main: web.Application) -> None:
        self._main = main
        identity_provider = SocketIdentityProvider(token="")
        settings = {
            **main.settings,
            "base_url": "/",
            "static_path": None,  # tornado would add routes for it
            "identity_provider": identity_provider,
            "authorizer": AllowAllAuthorizer(identity_provider=identity_provider),
            "allow_remote_access": True,  # the caller may name any host
            # JupyterHub replaces Jupyter's check in all handlers, and asks these.
            "xsrf_cookies": False,
            "disable_check_xsrf": True,
        }
        routes = [
            *kernel_specifications.default_handlers,
            *sessions.default_handlers,
            *kernels.default_handlers,
        ]
        super().__init__(
            [
                (path, ChannelsHandler if handler is KernelWebsocketHandler else handler)
                for path, handler in routes
            ],
            **settings,
        )

    def log_request(self, handler: web.RequestHandler) -> None:
        """Logs a request as Jupyter does; one that only reads, as a poll does, is no activity."""
        super().log_request(handler)
        if handler.request.method not in _READS and _ACTIVITY in self.settings:
            self._main.settings[_ACTIVITY] = self.settings[_ACTIVITY]
