"""Removes from a code-server what a class does not need.

That is what serves other platforms, the development of VS Code itself, or its AI assistant, which
needs accounts and which this project switches off. The rules were made for 4.139.1 from npm.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FOREIGN = r"(?:win32|windows|darwin|macos|linux|linuxmusl|alpine)[-_.\w]*"
_OWN = {
    "linux-amd64": ("linux-x64",),
    "linux-arm64": ("linux-arm64",),
    "macos-amd64": ("darwin-x64",),
    "macos-arm64": ("darwin-arm64",),
}

# The AI assistant and the sandbox for its agents. @github/copilot-sdk stays, as VS Code's own
# modules import it when they start.
_ASSISTANT = re.compile(
    r"lib/vscode/(?:extensions/copilot"
    r"|node_modules/@github/copilot-(?:linux|darwin|win32|sdk-)[^/]*"
    r"|node_modules/@microsoft/mxc-sdk/bin)"
)
_WINDOWS = re.compile(
    r".*\.(?:pdb|exe|dll|cmd|bat|ps1)"
    r"|.*/@vscode/windows-process-tree/(?:build|deps|src|prebuilds)"
    r"|.*/js-debug/src/win32-[^/]*\.node"
)
_DEVELOPMENT = re.compile(
    r".*\.map"
    # TypeScript's language service reads TypeScript's own declarations.
    r"|.*/node_modules/(?!typescript/)(?:(?!/typescript/).)*\.d\.[cm]?ts"
    r"|lib/(?:include|node_modules/npm|node_modules/corepack)|include|share"
    r"|.*/node_modules/node-addon-api|.*/node_modules/nan"
)
_BUILDS = re.compile(
    rf".*/(?:prebuilds|ripgrep-universal/bin)/(?P<build>{_FOREIGN})"
    rf"|.*/(?P<package>koffi-{_FOREIGN}|watcher-{_FOREIGN})"
)


@dataclass(frozen=True)
class Saving:
    """The number of files that were removed, and their size in bytes."""

    files: int
    size: int


def is_needless(path: str, platform: str) -> bool:
    """Tells whether a path below the install, with forward slashes, is not needed."""
    if any(rule.fullmatch(path) for rule in (_ASSISTANT, _DEVELOPMENT)):
        return True
    if _WINDOWS.fullmatch(path):
        # PowerShell runs on Linux too.
        return not path.endswith(".ps1")
    build = _BUILDS.fullmatch(path)
    if not build:
        return False
    name = build["build"] or build["package"].partition("-")[2]
    return name not in {own + libc for own in _OWN[platform] for libc in ("", "-glibc")}


def slim(folder: Path, platform: str) -> Saving:
    """Deletes from an install what a class does not need."""
    files = size = 0
    for path in list(_needless(folder, folder, platform)):
        inner = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
        files += len(inner)
        size += sum(p.lstat().st_size for p in inner)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return Saving(files, size)


def _needless(folder: Path, root: Path, platform: str) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if is_needless(path.relative_to(root).as_posix(), platform):
            yield path
        elif path.is_dir():
            yield from _needless(path, root, platform)
