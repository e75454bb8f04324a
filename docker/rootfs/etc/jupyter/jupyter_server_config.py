"""What the image sets for every Jupyter server; a student's own configuration comes after it."""

import os
from typing import Any

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821 -- Jupyter puts it there

c.ServerApp.ip = ""  # every address, of IPv4 and IPv6
c.ServerApp.port = int(os.environ.get("JUPYTER_PORT", "8888"))
c.ServerApp.open_browser = False
# What is deleted is gone, and the room in a small home is free again.
c.FileContentsManager.delete_to_trash = False
# A database in a home on NFS may wait for a lock for ever; which notebooks are trusted can be
# asked for again.
c.NotebookNotary.db_file = ":memory:"
