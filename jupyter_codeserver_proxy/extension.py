"""The Jupyter server extension: serves code-server in place of jupyter-server-proxy."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, NoSuchKernel
from jupyter_server.extension.application import ExtensionApp
from prometheus_client import REGISTRY

from .codeserver import user_data
from .config import contents
from .config.options import CodeServer, configured
from .failure import CannotStart
from .kernels.kernels_socket import KernelsSocket
from .service.launch import Launcher
from .service.service import Service
from .service.sessions import Sessions
from .supervision.runtime_folder import candidates
from .web.routes import routes

if TYPE_CHECKING:
    from datetime import datetime

    from jupyter_server.serverapp import ServerApp


class CodeServerExtension(ExtensionApp):
    """Serves code-server at `{base_url}codeserver/`, and its status at `api/codeserver`."""

    name = "jupyter_codeserver_proxy"

    def initialize_handlers(self) -> None:
        """Creates the service, and adds its routes."""
        options, error = self._configured()
        settings = options.values()
        self._sessions = Sessions(
            lambda: self._service.process.socket, user_data.default_folder(os.environ)
        )
        launcher = Launcher(
            error or settings.start,
            options.workspace,
            os.environ,
            self._interpreter,
            self._sessions.link,
        )
        kernels = (
            KernelsSocket(self.serverapp.web_app) if self.serverapp and settings.kernels else None
        )
        self._service = Service(launcher, settings, self.log, self._record_activity, kernels)
        self._runtime = candidates(settings.process.runtime, os.environ)
        REGISTRY.register(self._service.metrics)
        self._configure_jupyterlab(options)
        served = contents.find(self.serverapp)
        if served.root is None:
            self.log.warning(
                "JupyterLab shows no files of this machine, and VS Code can open no others: links "
                "refuse, and the tile opens %s, or what CodeServer.working_folder says",
                served.first,
            )
        self.handlers.extend(routes(self._service, served.root))

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:  # noqa: ARG002 -- Jupyter's signature
        """Prepares a start of code-server after Jupyter's own start, so as not to delay it."""
        self._service.prepare()
        await self._sessions.open(self._runtime)

    async def stop_extension(self) -> None:
        """Ends code-server with the Jupyter server."""
        REGISTRY.unregister(self._service.metrics)
        await self._sessions.close()
        await self._service.close()

    def _record_activity(self, last: datetime) -> None:
        # Jupyter reports this time to the hub's culler, and may shut itself down by it.
        if self.serverapp:
            self.serverapp.web_app.settings["last_activity_times"][self.name] = last

    def _configure_jupyterlab(self, options: CodeServer) -> None:
        # The pages of JupyterLab and Notebook carry this for our JupyterLab extension.
        page_config = {
            "title": options.title,
            "icon": options.svg(),
            "newBrowserTab": options.new_browser_tab,
            "prefetch": options.prefetch,
            "tile": {"category": options.category, "rank": options.rank}
            if options.is_drawn_by_us()
            else None,
        }
        if self.serverapp:
            settings = self.serverapp.web_app.settings
            settings.setdefault("page_config_data", {})["codeserver"] = page_config

    def _interpreter(self) -> str:
        """Returns the Python of the kernel that a notebook gets by default."""
        kernels = self.serverapp.kernel_spec_manager if self.serverapp else None
        with suppress(NoSuchKernel):
            program = kernels.get_kernel_spec(NATIVE_KERNEL_NAME).argv[0] if kernels else ""
            # Jupyter replaces a bare `python` by its own.
            if Path(program).is_absolute():
                return str(program)
        return sys.executable

    def _configured(self) -> tuple[CodeServer, CannotStart | None]:
        """Returns the options; if one is wrong, the defaults and the error."""
        try:
            return configured(self.serverapp, os.environ), None
        except CannotStart as error:
            return CodeServer(), error
