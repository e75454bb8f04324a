"""Finds the folder that JupyterLab shows, and what VS Code can open in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_server.services.contents.filemanager import FileContentsManager

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

# The ending of files that code-server opens as workspaces.
WORKSPACE = ".code-workspace"


@dataclass(frozen=True)
class Contents:
    """The folders that a contents manager serves.

    Attributes:
        root: the folder that JupyterLab shows; None: it shows no folder of this machine, but a
            bucket or a database.
        first: the folder that JupyterLab opens first; without a root, the server's own folder.
    """

    root: Path | None
    first: Path


def find(app: ServerApp | None) -> Contents:
    """Returns the folders that the server's contents manager serves.

    Args:
        app: the Jupyter server, which may not have made its manager yet; None: there is none. It
            would serve the current folder.
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
    """Returns whether VS Code can open the path as a folder."""
    return os.path.isdir(path)  # noqa: PTH112 -- Path's raises for some paths before Python 3.14


def is_workspace(path: Path) -> bool:
    """Returns whether VS Code can open the path as a workspace."""
    return path.suffix == WORKSPACE and os.path.isfile(path)  # noqa: PTH113 -- as above
