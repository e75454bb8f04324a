"""Finds code-server's installation, and the file in it that a request path means."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from jupyter_codeserver_proxy.system.regular_file import open_regular, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

# The fetcher's marker. Its key "root" may say where the installation is; a test checks both sides.
_MARKER = "install.json"

# Where an installation may be, relative to the folder that has `bin/code-server`: an unpacked
# release, Debian's package, npm.
_LAYOUTS = (".", "lib/code-server", "lib/node_modules/code-server")

# How a shell script that runs code-server names it: by an absolute path.
_WRAPPED = re.compile(rb"""(/[^\s"'`$]+)/(?:out/node/entry\.js|bin/code-server)(?=[\s"']|$)""")
_MAX_WRAPPER_SIZE = 4096  # bytes
_MAX_WRAPPER_DEPTH = 3  # scripts that call each other

_COMMIT = re.compile(r"[0-9a-f]+")
_STABLE = re.compile(r"stable-([0-9a-f]+)/static/(.+)", re.DOTALL)
_STATIC = re.compile(r"_static/(.+)", re.DOTALL)
_ENCODED_SYNTAX = re.compile(r"%(?:2e|2f|5c|00)", re.IGNORECASE)

_VSCODE = "lib/vscode"
# code-server serves its whole installation as `_static`. A browser needs only these folders.
_PUBLIC = ("out/browser/", "src/browser/")

# The types that VS Code's server sends (`out/server-main.js`). Files of all other types, which it
# sends as text/plain, are left to it.
_VSCODE_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mp3": "audio/mpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "text/plain",
    ".wasm": "text/plain",
    ".woff": "application/font-woff",
    ".woff2": "text/plain",
}
# The types that express sends, which serves `_static`.
_EXPRESS_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}

_MIN_COMPRESSED_SIZE = 1024  # bytes; as code-server does (the threshold of npm's `compression`)
_COMPRESSIBLE = frozenset((".css", ".html", ".ico", ".js", ".json", ".svg", ".ttf", ".wasm"))


class UnsafePathError(Exception):
    """The request path leads, or tries to lead, out of the folders that are served."""


@dataclass(frozen=True)
class AssetRoot:
    """An installation of code-server.

    Attributes:
        root: the folder that holds `out/` and `lib/vscode/`.
        commit: VS Code's commit, which is part of its addresses, `stable-<commit>/…`.
        version: the version of code-server, for example "4.139.1".
    """

    root: Path
    commit: str
    version: str


@dataclass(frozen=True)
class Asset:
    """The file that a request means; it need not exist.

    Attributes:
        path: its path below `AssetRoot.root`, with forward slashes.
        boundary: the folder below `AssetRoot.root` that must contain it, once links are resolved.
        content_type: the type that code-server would send.
        immutable: whether its address changes with its content.
    """

    path: str
    boundary: str
    content_type: str
    immutable: bool


def find_root(executable: Path) -> AssetRoot | None:
    """Returns the installation that `executable` runs, None if it cannot be found."""
    for folder in _candidates(executable, _MAX_WRAPPER_DEPTH):
        if found := read_root(folder):
            return found
    return None


def _candidates(executable: Path, depth: int) -> Iterator[Path]:
    for file in dict.fromkeys((executable.resolve(), executable)):
        top = file.parent.parent
        if marked := _read_json(top / _MARKER).get("root"):
            yield top / str(marked)
        yield from (top / layout for layout in _LAYOUTS)
        yield top.parent  # `out/node/entry.js` itself, which npm links to
    if depth:
        for called in _called_by(executable):
            yield from _candidates(called, depth - 1)


def _called_by(script: Path) -> Iterator[Path]:
    try:
        with open_regular(script) as file:
            text = file.read(_MAX_WRAPPER_SIZE)
    except OSError:
        return
    if text.startswith(b"#!"):
        for match in _WRAPPED.finditer(text):
            yield Path(os.fsdecode(match[0]))


def read_root(folder: Path) -> AssetRoot | None:
    """Returns the installation whose top folder is `folder`, None if it is none."""
    version = _read_json(folder / "package.json").get("version")
    commit = _read_json(folder / _VSCODE / "product.json").get("commit")
    if not (isinstance(commit, str) and _COMMIT.fullmatch(commit) and isinstance(version, str)):
        return None
    return AssetRoot(folder.resolve(), commit, version)


def _read_json(file: Path) -> dict[str, object]:
    try:
        content = read_json(open_regular(file))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def locate(root: AssetRoot, path: str) -> Asset | None:
    """Returns the file that a request path means.

    Args:
        root: the installation that is served.
        path: the path below code-server's address, percent-encoded, as the browser sent it.

    Returns:
        None if only code-server knows: for another commit, or an unknown kind of file.

    Raises:
        UnsafePathError: the path has dot segments, or encodes a separator of segments.
    """
    if match := _STABLE.fullmatch(path):
        commit, encoded = match.groups()
        name = _decode(encoded)
        content_type = _VSCODE_TYPES.get(PurePosixPath(name).suffix)
        if commit != root.commit or not content_type or "//" in name:
            return None
        return Asset(f"{_VSCODE}/{name}", _VSCODE, content_type, immutable=True)
    if match := _STATIC.fullmatch(path):
        name = _decode(match[1])
        content_type = _EXPRESS_TYPES.get(PurePosixPath(name).suffix)
        public = next(filter(name.startswith, _PUBLIC), None)
        if not public or not content_type or "//" in name or "/." in name:
            return None
        return Asset(name, public, content_type, immutable=False)
    return None


def _decode(encoded: str) -> str:
    if _ENCODED_SYNTAX.search(encoded):
        raise UnsafePathError(encoded)
    try:
        name = unquote(encoded, errors="strict")
    except UnicodeDecodeError as error:
        raise UnsafePathError(encoded) from error
    if "\0" in name or "\\" in name or {".", ".."} & set(name.split("/")):
        raise UnsafePathError(encoded)
    return name


def is_compressible(path: str, size: int) -> bool:
    """Tells whether compressing makes a file of this name and size (in bytes) smaller."""
    return size >= _MIN_COMPRESSED_SIZE and PurePosixPath(path).suffix in _COMPRESSIBLE


def resolve(root: AssetRoot, asset: Asset) -> Path | None:
    """Returns the asset's file on disk, None if it does not exist.

    Raises:
        UnsafePathError: a link leads out of the folder that is served, or the path is no file.
    """
    try:
        return _real_file(root.root, asset.boundary, asset.path)
    except OSError:
        return None


@lru_cache(maxsize=4096)  # takes 0.1 ms, and an installation does not change
def _real_file(root: Path, boundary: str, path: str) -> Path:
    real = Path(os.path.realpath(root / path, strict=True))
    if not (real.is_relative_to((root / boundary).resolve()) and real.is_file()):
        raise UnsafePathError(path)
    return real
