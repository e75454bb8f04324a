"""code-server's static files: where its installation is, and which file a request path means."""

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

# The fetcher's marker may say where the installation is (key "root"); a test holds both to it.
_MARKER = "install.json"

# Where an installation lies, seen from the folder that has `bin/code-server`: a release
# unpacked, Debian's package, npm.
_LAYOUTS = (".", "lib/code-server", "lib/node_modules/code-server")

# A shell script that runs code-server names it by an absolute path.
_WRAPPED = re.compile(rb"""(/[^\s"'`$]+)/(?:out/node/entry\.js|bin/code-server)(?=[\s"']|$)""")
_LONGEST_WRAPPER = 4096  # bytes
_DEEPEST_WRAPPER = 3  # scripts that call each other

_COMMIT = re.compile(r"[0-9a-f]+")
_STABLE = re.compile(r"stable-([0-9a-f]+)/static/(.+)", re.DOTALL)
_STATIC = re.compile(r"_static/(.+)", re.DOTALL)
_ENCODED_SYNTAX = re.compile(r"%(?:2e|2f|5c|00)", re.IGNORECASE)

_VSCODE = "lib/vscode"
# code-server serves its whole installation as `_static`; a browser needs these folders of it.
_PUBLIC = ("out/browser/", "src/browser/")

# What VS Code's server answers (`out/server-main.js`): what it does not know is text/plain.
# A name that ends otherwise is left to it.
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
# What express, which serves `_static`, answers.
_EXPRESS_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}

# code-server compresses what is larger than this, too (the threshold of `compression`).
_SMALLEST_COMPRESSED = 1024  # bytes
_COMPRESSIBLE = frozenset((".css", ".html", ".ico", ".js", ".json", ".svg", ".ttf", ".wasm"))


class UnsafePathError(Exception):
    """A request path that leads, or tries to lead, out of the folders that are served."""


@dataclass(frozen=True)
class AssetRoot:
    """An installation of code-server.

    Attributes:
        root: the folder that holds `out/` and `lib/vscode/`.
        commit: the one in its addresses, `stable-<commit>/…`.
        version: code-server's own, as in "4.139.1".
    """

    root: Path
    commit: str
    version: str


@dataclass(frozen=True)
class Asset:
    """A file that a request means; it need not exist.

    Attributes:
        path: where, below `AssetRoot.root`, with forward slashes.
        boundary: the folder below `AssetRoot.root` that it must really lie in.
        content_type: as code-server would answer.
        immutable: whether its address changes when its content does.
    """

    path: str
    boundary: str
    content_type: str
    immutable: bool


def find_root(executable: Path) -> AssetRoot | None:
    """The installation that `executable` runs, or None where it cannot be told."""
    for folder in _candidates(executable, _DEEPEST_WRAPPER):
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
            text = file.read(_LONGEST_WRAPPER)
    except OSError:
        return
    if text.startswith(b"#!"):
        for match in _WRAPPED.finditer(text):
            yield Path(os.fsdecode(match[0]))


def read_root(folder: Path) -> AssetRoot | None:
    """The installation whose top folder is `folder`, or None where that is none."""
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
    """The file that a request path means.

    Args:
        root: the installation that is served.
        path: the path below code-server's address, percent-encoded, as the browser sent it.

    Returns:
        None where only code-server can tell: another commit, a kind of file not known here.

    Raises:
        UnsafePathError: it has dot segments, or encodes what separates segments.
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
    """Whether a file of this name and size (in bytes) is one that compressing makes smaller."""
    return size >= _SMALLEST_COMPRESSED and PurePosixPath(path).suffix in _COMPRESSIBLE


def resolve(root: AssetRoot, asset: Asset) -> Path | None:
    """The file on disk, or None where there is none.

    Raises:
        UnsafePathError: a link leads out of the folder that is served, or it is no file.
    """
    try:
        return _real_file(root.root, asset.boundary, asset.path)
    except OSError:
        return None


@lru_cache(maxsize=4096)  # it takes 0.1 ms, and an installation does not change
def _real_file(root: Path, boundary: str, path: str) -> Path:
    real = Path(os.path.realpath(root / path, strict=True))
    if not (real.is_relative_to((root / boundary).resolve()) and real.is_file()):
        raise UnsafePathError(path)
    return real
