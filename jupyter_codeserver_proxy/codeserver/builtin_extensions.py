"""Lays out VS Code's built-in extensions: code-server's own, shared ones, and ours."""

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
_OURS = Path(__file__).parents[1] / "vscode_extension"
# The assistant takes the keyboard focus at the first load, and costs memory and traffic.
_AI_EXTENSIONS = frozenset({"copilot"})
# VS Code sends each window the manifests of all extensions, twice before it shows a file. Half of
# that is this debugger's description of launch.json: 0.14 s at 5 Mbit/s (4.139.1). Only node's part
# is kept, as browsers do not run where code-server does.
_DEBUGGER = "ms-vscode.js-debug"
_DESCRIBED_DEBUGGERS = frozenset({"node", "node-terminal"})


class PolicyError(CannotStart):
    """This start would violate the operator's options about extensions."""


def check_policy(why: str, advice: str, shared: Path, *, ai: bool | None) -> None:
    """Checks that a start without the folder of `lay_out` obeys the operator's options.

    Args:
        why: the reason why code-server cannot have that folder.
        advice: what to do about it.
        shared: as in `lay_out`.
        ai: whether VS Code has its assistant; None: not decided.

    Raises:
        PolicyError: it does not.
    """
    breaches, ways_out = [], []
    if ai is False:
        breaches.append("have its assistant, against CodeServer.ai = False")
        ways_out.append("leave that option out")
    if shared_extensions.installed(shared):
        breaches.append(f"lack the extensions in {shared}")
        ways_out.append("empty that folder")
    if breaches:
        raise PolicyError(
            Reason.CONFIGURATION,
            f"{why}: VS Code would {' and '.join(breaches)}.",
            f"{advice}, or {' and '.join(ways_out)}.",
        )


def lay_out(
    own: Path, shared: Path, folder: Path, defaults: Mapping[str, Any], *, ai: bool
) -> None:
    """Creates a folder with links to the built-in and the shared extensions, and with ours.

    So every start loads the companion extension, and nothing is written to code-server's
    installation or to the student's extensions and settings. VS Code identifies an extension by its
    files' real paths, so each link is to a whole folder, and an extension whose manifest we change
    is copied.
    These are our own, which contributes the defaults, and the JavaScript debugger. The copied
    debugger debugs as before, but completes launch.json for browsers only by property names.

    Args:
        own: code-server's folder of built-in extensions.
        shared: the folder of shared extensions; it need not exist.
        folder: the folder to create.
        defaults: default settings, which the companion extension contributes.
        ai: whether VS Code has its assistant.

    Raises:
        OSError: `own` cannot be read, or `folder` cannot be written.
        ValueError: a manifest in `own` is not JSON.
    """
    folder.mkdir()
    for entry in own.iterdir():
        if entry.name == _DEBUGGER:
            _copy(entry, folder / entry.name, _shortened_manifest(entry))
        elif ai or entry.name not in _AI_EXTENSIONS:
            (folder / entry.name).symlink_to(entry)
    for extension in shared_extensions.installed(shared):
        (folder / extension.folder.name).symlink_to(extension.folder)
    manifest = json.loads((_OURS / _MANIFEST).read_text(encoding="utf-8"))
    manifest["contributes"]["configurationDefaults"] = defaults
    _copy(_OURS, folder / str(manifest["name"]), manifest)


def _shortened_manifest(debugger: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = read_json(open_regular(debugger / _MANIFEST))
    for kind in manifest.get("contributes", {}).get("debuggers", ()):
        if kind["type"] not in _DESCRIBED_DEBUGGERS:
            for request in kind.get("configurationAttributes", {}).values():
                # VS Code warns about properties with unknown names, so the names stay.
                request["properties"] = {name: {} for name in request.get("properties", ())}
    return manifest


def _copy(extension: Path, folder: Path, manifest: Mapping[str, Any]) -> None:
    # Files are copied one by one, as a copied folder would be read-only if the original is.
    for file in filter(Path.is_file, extension.rglob("*")):
        copy = folder / file.relative_to(extension)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    (folder / _MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
