"""VS Code (code-server) one click away from the Jupyter launcher."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

__all__ = ["setup_codeserver"]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .extension import CodeServerExtension  # noqa: PLC0415 -- as below

    return [{"module": "jupyter_codeserver_proxy", "app": CodeServerExtension}]


def setup_codeserver() -> dict[str, Any]:
    """Describes code-server, as the entry point of the group `jupyter_serverproxy_servers`."""
    # Importing Jupyter Server takes half a second, and the command line does not need it.
    from jupyter_server.serverapp import ServerApp  # noqa: PLC0415

    from .config.options import configured  # noqa: PLC0415
    from .server_process import server_process  # noqa: PLC0415

    app = ServerApp.instance() if ServerApp.initialized() else None
    return server_process(partial(configured, app, os.environ), os.environ)
