"""The built-in extensions that VS Code is given: code-server's own, shared ones, and ours."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_codeserver_proxy.failure import CannotStart, Reason
from jupyter_codeserver_proxy.system.regular_file import open_regular, read_json

from . import shared_extensions

if TYPE_CHECKING:
    from collections.abc import Mapping

_MANIFEST = "package.json"
_CARRIED = Path(__file__).parents[1] / "vscode_extension"
# The assistant takes the keyboard at the first load, and costs every start memory and bytes.
_AI_EXTENSIONS = frozenset({"copilot"})
# Each window is told of all extensions, twice before it shows a file, and half of that is how this
# one describes launch.json: 0.14 s at 5 Mbit/s (4.139.1). Browsers are not where code-server runs.
_DEBUGGER = "ms-vscode.js-debug"
_DESCRIBED_DEBUGGERS = frozenset({"node", "node-terminal"})


class CannotHoldError(CannotStart):
    """What an operator has decided about extensions cannot be held."""


def check_wishes(why: str, advice: str, shared: Path, *, ai: bool | None) -> None:
    """Check whether a start without the folder that `lay_out` fills does what was asked for.

    Args:
        why: what keeps code-server from having that folder.
        advice: what to do about it.
        shared: as in `lay_out`.
        ai: whether VS Code has its assistant; None: nobody has said.

    Raises:
        CannotHoldError: it does not.
    """
    breaches, ways_out = [], []
    if ai is False:
        breaches.append("have its assistant, against CodeServer.ai = False")
        ways_out.append("leave that option out")
    if shared_extensions.installed(shared):
        breaches.append(f"lack the extensions in {shared}")
        ways_out.append("empty that folder")
    if breaches:
        raise CannotHoldError(
            Reason.CONFIGURATION,
            f"{why}: VS Code would {' and '.join(breaches)}.",
            f"{advice}, or {' and '.join(ways_out)}.",
        )


def lay_out(
    own: Path, shared: Path, folder: Path, defaults: Mapping[str, Any], *, ai: bool
) -> None:
    """Fill a new folder with links to what code-server has built in and all share, and with ours.

    So ours is loaded by every start, and nothing is written where code-server or the student's
    own extensions and settings are. VS Code tells an extension by where its files really are, and
    takes those of a folder with another manifest for nobody's: so each link is to a whole one, and
    what has another manifest here is a copy. That is ours, and the debugger of JavaScript, which
    debugs all that it did, but for browsers knows the properties of a launch.json by name alone.

    Args:
        own: code-server's folder of built-in extensions.
        shared: the folder of those that all share; it need not be there.
        folder: to be made.
        defaults: of settings, which ours contributes.
        ai: whether VS Code has its assistant.

    Raises:
        OSError: `own` cannot be read, or `folder` not be written.
        ValueError: a manifest in `own` is no JSON.
    """
    folder.mkdir()
    for entry in own.iterdir():
        if entry.name == _DEBUGGER:
            _copy(entry, folder / entry.name, _described_in_short(entry))
        elif ai or entry.name not in _AI_EXTENSIONS:
            (folder / entry.name).symlink_to(entry)
    for extension in shared_extensions.installed(shared):
        (folder / extension.folder.name).symlink_to(extension.folder)
    manifest = json.loads((_CARRIED / _MANIFEST).read_text(encoding="utf-8"))
    manifest["contributes"]["configurationDefaults"] = defaults
    _copy(_CARRIED, folder / str(manifest["name"]), manifest)


def _described_in_short(debugger: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = read_json(open_regular(debugger / _MANIFEST))
    for kind in manifest.get("contributes", {}).get("debuggers", ()):
        if kind["type"] not in _DESCRIBED_DEBUGGERS:
            for request in kind.get("configurationAttributes", {}).values():
                # VS Code warns of properties whose names it does not know.
                request["properties"] = {name: {} for name in request.get("properties", ())}
    return manifest


def _copy(extension: Path, folder: Path, manifest: Mapping[str, Any]) -> None:
    # File by file: where code-server is installed read-only, so would a copied folder be.
    for file in filter(Path.is_file, extension.rglob("*")):
        copy = folder / file.relative_to(extension)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    (folder / _MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
