"""VS Code's folder of settings and state: where it is, and another where that cannot be written."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .command import Options


def default_folder(environment: Mapping[str, str]) -> Path:
    """Where code-server keeps it unless told otherwise, on macOS as well."""
    data = environment.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    return Path(data, "code-server")


def is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder, which may have to be made itself."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def writable(
    options: Options, environment: Mapping[str, str], spare: Path
) -> tuple[Options, Path | None]:
    """Options with which VS Code's extensions run in any case: without such a folder none does.

    Returns:
        the options, changed to `spare` where need be, and the folder that cannot be written.
    """
    wanted = options.user_data_folder or default_folder(environment)
    if is_writable(wanted):
        return options, None
    return replace(options, user_data_folder=spare), wanted
