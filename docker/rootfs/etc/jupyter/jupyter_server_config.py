"""The image's settings of every Jupyter server; a student's own configuration overrides them."""

import os
from typing import Any

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821 -- Jupyter puts it there

c.ServerApp.ip = ""  # every address, of IPv4 and IPv6
c.ServerApp.port = int(os.environ.get("JUPYTER_PORT", "8888"))
c.ServerApp.open_browser = False
# Deleting a file frees its room in a small home at once.
c.FileContentsManager.delete_to_trash = False
# A database in a home on NFS may wait for a lock for ever. Without it, Jupyter asks again which
# notebooks are trusted.
c.NotebookNotary.db_file = ":memory:"
