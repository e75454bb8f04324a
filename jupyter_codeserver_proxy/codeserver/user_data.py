"""Finds VS Code's folder of settings and state, and a spare if it cannot be written."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .command import StartOptions


def default_folder(environment: Mapping[str, str]) -> Path:
    """Returns code-server's default folder, which is the same on macOS."""
    data = environment.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    return Path(data, "code-server")


def is_writable(folder: Path) -> bool:
    """Returns whether files can be made in a folder, which may not exist yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def writable(
    options: StartOptions, environment: Mapping[str, str], spare: Path
) -> tuple[StartOptions, Path | None]:
    """Replaces a user data folder that cannot be written, as no extension runs without one.

    Returns:
        the options, with `spare` if needed, and the folder that cannot be written, if any.
    """
    wanted = options.user_data_folder or default_folder(environment)
    if is_writable(wanted):
        return options, None
    return replace(options, user_data_folder=spare), wanted
