"""The Jupyter server extension: takes the route over from jupyter-server-proxy."""

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
from .config import options as config
from .failure import CannotStart
from .service.launch import Launch
from .service.service import Service, Settings
from .service.sessions import Sessions
from .supervision.runtime_folder import candidates
from .web.routes import routes

if TYPE_CHECKING:
    from datetime import datetime

    from jupyter_server.serverapp import ServerApp

    from .config.options import CodeServer


class CodeServerExtension(ExtensionApp):
    """Serves code-server at `{base_url}codeserver/`, and its status at `api/codeserver`."""

    name = "jupyter_codeserver_proxy"

    def initialize_handlers(self) -> None:
        """Makes the service, and adds its routes."""
        options = self._configured()
        self._sessions = Sessions(
            lambda: self._service.process.socket, user_data.default_folder(os.environ)
        )
        launch = Launch(options, os.environ, self._interpreter, self._sessions.link)
        settings = Settings() if isinstance(options, CannotStart) else _settings(options)
        self._service = Service(launch, settings, self.log, self._record_activity)
        self._runtime = candidates(settings.runtime, os.environ)
        REGISTRY.register(self._service.figures)
        self._tell_jupyterlab(options)
        served = contents.find(self.serverapp)
        if served.root is None:
            self.log.warning(
                "JupyterLab shows no files of this machine, and VS Code can open no others: links "
                "refuse, and the tile opens %s, or what CodeServer.working_folder says",
                served.first,
            )
        self.handlers.extend(routes(self._service, served.root))

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:  # noqa: ARG002 -- Jupyter's signature
        """Prepares a start once Jupyter's own start is done, so as not to slow it."""
        self._service.prepare()
        await self._sessions.open(self._runtime)

    async def stop_extension(self) -> None:
        """Ends code-server with the Jupyter server."""
        REGISTRY.unregister(self._service.figures)
        await self._sessions.close()
        await self._service.close()

    def _record_activity(self, last: datetime) -> None:
        # What Jupyter tells the hub's culler, and shuts itself down by.
        if self.serverapp:
            self.serverapp.web_app.settings["last_activity_times"][self.name] = last

    def _tell_jupyterlab(self, options: CodeServer | CannotStart) -> None:
        # Into the pages of JupyterLab and Notebook, where our extension of them reads it.
        chosen = config.CodeServer() if isinstance(options, CannotStart) else options
        told = {
            "title": chosen.title,
            "icon": chosen.picture(),
            "newBrowserTab": chosen.new_browser_tab,
            "prefetch": chosen.prefetch,
            "tile": {"category": chosen.category, "rank": chosen.rank}
            if chosen.draws_tile()
            else None,
        }
        if self.serverapp:
            settings = self.serverapp.web_app.settings
            settings.setdefault("page_config_data", {})["codeserver"] = told

    def _interpreter(self) -> str:
        """The Python of the kernel that a notebook gets unless told otherwise."""
        found = self.serverapp.kernel_spec_manager if self.serverapp else None
        with suppress(NoSuchKernel):
            program = found.get_kernel_spec(NATIVE_KERNEL_NAME).argv[0] if found else ""
            # A bare `python` is, for Jupyter, its own.
            if Path(program).is_absolute():
                return str(program)
        return sys.executable

    def _configured(self) -> CodeServer | CannotStart:
        try:
            return config.configured(self.serverapp, os.environ)
        except CannotStart as error:
            return error


def _settings(options: CodeServer) -> Settings:
    return Settings(
        title=options.title,
        timeout=options.timeout,
        runtime=options.runtime(),
        prestart=options.prestart,
        prefetch=options.prefetch,
        job_limit=options.job_limit,
        idle_timeout=options.idle_timeout,
        sandboxed_applications=options.sandboxed_applications,
    )
