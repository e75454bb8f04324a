"""The built-in extensions that VS Code is given: code-server's own, shared ones, and ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import shared_extensions

if TYPE_CHECKING:
    from collections.abc import Mapping

_CARRIED = Path(__file__).with_name("vscode_extension")
# The assistant takes the keyboard at the first load, and costs every start memory and bytes.
_AI_EXTENSIONS = frozenset({"copilot"})


def lay_out(
    own: Path, shared: Path, folder: Path, defaults: Mapping[str, Any], *, ai: bool
) -> None:
    """Fill a new folder with links to what code-server has built in and all share, and with ours.

    So ours is loaded by every start, and nothing is written where code-server or the student's
    own extensions and settings are. Each link is to a whole extension: VS Code tells one by where
    its files really are, and takes those of a folder with another manifest for nobody's.

    Args:
        own: code-server's folder of built-in extensions.
        shared: the folder of those that all share; it need not be there.
        folder: to be made.
        defaults: of settings, which ours contributes.
        ai: whether VS Code has its assistant.

    Raises:
        OSError: `own` cannot be read, or `folder` not be written.
    """
    folder.mkdir()
    for entry in own.iterdir():
        if ai or entry.name not in _AI_EXTENSIONS:
            (folder / entry.name).symlink_to(entry)
    for extension in shared_extensions.installed(shared):
        (folder / extension.folder.name).symlink_to(extension.folder)
    manifest = json.loads((_CARRIED / "package.json").read_text())
    manifest["contributes"]["configurationDefaults"] = defaults
    ours = folder / str(manifest["name"])
    ours.mkdir()
    (ours / "package.json").write_text(json.dumps(manifest))
    for file in _CARRIED.iterdir():
        if file.name != "package.json":
            (ours / file.name).symlink_to(file)
