"""Where the files are that JupyterLab shows, and which of them VS Code opens as a whole."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_server.services.contents.filemanager import FileContentsManager

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

# How a file's name ends that code-server opens as a workspace.
WORKSPACE = ".code-workspace"


@dataclass(frozen=True)
class Contents:
    """What a contents manager serves.

    Attributes:
        root: the folder that JupyterLab shows; None: it shows no folder of this machine, but
            those of a bucket or a database.
        first: the folder that JupyterLab opens first; where there is no root, the server's own.
    """

    root: Path | None
    first: Path


def find(app: ServerApp | None) -> Contents:
    """What the server's contents manager serves.

    Args:
        app: the Jupyter server, which may not have made its manager yet; None: there is none, and
            the current folder is what one would serve.
    """
    if app is None:
        return Contents(Path.cwd(), Path.cwd())
    kind = app.contents_manager_class
    manager = getattr(app, "contents_manager", None)
    if manager is None and issubclass(kind, FileContentsManager):
        manager = kind(parent=app, log=app.log)
    if not isinstance(manager, FileContentsManager):
        return Contents(None, Path(app.root_dir))
    root = Path(manager.root_dir)
    preferred = root / manager.preferred_dir.strip("/")
    return Contents(root, preferred if is_folder(preferred) else root)


def is_folder(path: Path) -> bool:
    """Whether VS Code can open it as a folder."""
    return os.path.isdir(path)  # noqa: PTH112 -- before Python 3.14 Path's raises for some


def is_workspace(path: Path) -> bool:
    """Whether VS Code can open it as a workspace."""
    return path.suffix == WORKSPACE and os.path.isfile(path)  # noqa: PTH113 -- as above
