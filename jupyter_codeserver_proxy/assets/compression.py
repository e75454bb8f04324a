"""Compresses code-server's assets, once for each version of code-server."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import stat
import sys
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import brotli
from filelock import FileLock, Timeout

from jupyter_codeserver_proxy.system.regular_file import check_ours

from .files import AssetRoot, is_compressible, read_root
from .index import Encoded, Entry, Index, is_sound, new_file, read_index, write_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Measured with all assets of 4.139.1: quality 9 takes 13 s of one core and 105 MB of memory;
# quality 11 takes 84 s and 207 MB, and the result is 10 % smaller.
BACKGROUND_QUALITY = 9
INSTALL_QUALITY = 11

# The assets that a browser fetches, as seen in its loads and named in workbench.js. Others are only
# slower: code-server compresses them at each request.
_PATTERNS = (
    "lib/vscode/out/nls.messages.js",
    "lib/vscode/out/media/*",
    "lib/vscode/out/vs/**/*",
    "lib/vscode/node_modules/@microsoft/1ds-*-js/bundle/*.min.js",
    "lib/vscode/node_modules/@vscode/diff/dist/index.js",
    "lib/vscode/node_modules/@vscode/iconv-lite-umd/lib/iconv-lite-umd.js",
    "lib/vscode/node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter.*",
    "lib/vscode/node_modules/@xterm/*/lib/*.js",
    "lib/vscode/node_modules/jschardet/dist/jschardet.min.js",
    "lib/vscode/node_modules/katex/dist/katex.min.js",
    "lib/vscode/node_modules/tas-client/dist/tas-client.min.js",
    "lib/vscode/node_modules/vscode-oniguruma/release/*",
    "lib/vscode/node_modules/vscode-textmate/release/main.js",
    "src/browser/media/*",
)
_SERVER_SIDE = "/node/"  # folders of code that no browser runs

_BLOCK = 1 << 20  # bytes compressed at once, so that memory does not grow with the file
_MIN_GAIN = 0.05
_WINDOW = 24  # brotli's maximum makes workbench.js 2.6 % smaller than its default
_GZIP_LEVEL = 6  # within 0.5 % of level 9
_GZIP_FORMAT = 16 + zlib.MAX_WBITS

_SECONDS_BETWEEN_INDEXES = 1.0
_COMMIT_FOLDER = re.compile(r"[0-9a-f]{7,64}")
_LOCK = ".lock"


class BusyError(Exception):
    """Another process is compressing into the same folder."""


@dataclass(frozen=True)
class Summary:
    """The result of compressing.

    Attributes:
        files: the number of assets that have a compressed form.
        raw: their size as they are, in bytes.
        encoded: their size in bytes, by encoding.
        seconds: the duration of this run.
    """

    files: int
    raw: int
    encoded: dict[str, int]
    seconds: float


class _Stream(Protocol):
    def process(self, block: bytes, /) -> bytes: ...
    def finish(self) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
        self.process = self._stream.compress
        self.finish = self._stream.flush


def worth_compressing(root: AssetRoot) -> list[Path]:
    """Returns the assets to compress, the largest first."""
    found = {
        file
        for pattern in _PATTERNS
        for file in root.root.glob(pattern)
        if _SERVER_SIDE not in file.as_posix().removeprefix(root.root.as_posix())
        and file.is_file()
        and not file.is_symlink()
        and is_compressible(file.name, file.stat().st_size)
    }
    return sorted(found, key=lambda file: (-file.stat().st_size, file))


def compress(
    root: AssetRoot,
    destination: Path,
    quality: int,
    progress: Callable[[Path, int, int], None] | None = None,
) -> Summary:
    """Compresses those assets of an installation that are not compressed yet.

    May be killed at any time and run again. Removes other versions' assets from `destination` at
    the end.

    Args:
        root: the installation.
        destination: the folder of the compressed assets, see `index.shared_folder`.
        quality: brotli's quality, from 0 to 11.
        progress: called after each file with the file, its number, and the number of all files.

    Raises:
        BusyError: another process is doing the same.
        OSError: the installation is not readable, or the destination not writable.
    """
    started = time.monotonic()
    folder = destination / root.commit
    folder.mkdir(parents=True, exist_ok=True)
    _keep_to_ourselves(folder)
    try:
        with FileLock(destination / _LOCK, timeout=0):
            index = _fill(root, folder, quality, progress)
            _remove_strays(folder, index)
            _remove_other_commits(destination, root.commit)
    except Timeout as error:
        raise BusyError(f"{destination} is in use by another process.") from error
    return _summary(index, time.monotonic() - started)


def _keep_to_ourselves(folder: Path) -> None:
    """Lets nobody else write into a folder, as assets that others may write are not served.

    Raises:
        OSError: the folder belongs to another user, or its file system ignores modes.
    """
    mode = stat.S_IMODE(folder.lstat().st_mode)
    with suppress(PermissionError):
        folder.chmod(mode & ~(stat.S_IWGRP | stat.S_IWOTH))
    check_ours(folder, folder.lstat())


def _fill(
    root: AssetRoot,
    folder: Path,
    quality: int,
    progress: Callable[[Path, int, int], None] | None,
) -> Index:
    known = read_index(folder).entries
    _remove_strays(folder, Index(known))
    entries: dict[str, Entry] = {}
    files = worth_compressing(root)
    written = time.monotonic()
    for number, file in enumerate(files, start=1):
        path = file.relative_to(root.root).as_posix()
        entry = known.get(path)
        if not (entry and _is_current(entry, file, folder, quality)):
            entry = _compress_file(file, folder, quality)
        entries[path] = entry
        if time.monotonic() - written > _SECONDS_BETWEEN_INDEXES:
            write_index(folder, Index({**known, **entries}))
            written = time.monotonic()
        if progress:
            progress(file, number, len(files))
    index = Index(entries, complete=True)
    write_index(folder, index)
    return index


def _is_current(entry: Entry, file: Path, folder: Path, quality: int) -> bool:
    return (
        entry.size == file.stat().st_size
        and entry.quality >= quality
        and all(is_sound(folder, encoded) for encoded in entry.encoded.values())
    )


def _compress_file(file: Path, folder: Path, quality: int) -> Entry:
    size = file.stat().st_size
    streams: dict[str, _Stream] = {
        "br": brotli.Compressor(quality=quality, lgwin=_WINDOW),
        "gzip": _Gzip(),
    }
    encoded = {name: _write(file, folder, stream) for name, stream in streams.items()}
    gaining = {name: form for name, form in encoded.items() if form.size <= size * (1 - _MIN_GAIN)}
    return Entry(size, quality, gaining)


def _write(file: Path, folder: Path, stream: _Stream) -> Encoded:
    digest = sha256()
    size = 0
    temporary = new_file(folder / "asset.part")
    with temporary.open("wb") as out:
        for block in _compressed(file, stream):
            out.write(block)
            digest.update(block)
            size += len(block)
    temporary.replace(folder / digest.hexdigest())
    return Encoded(digest.hexdigest(), size)


def _compressed(file: Path, stream: _Stream) -> Iterator[bytes]:
    with file.open("rb") as raw:
        while block := raw.read(_BLOCK):
            yield stream.process(block)
    yield stream.finish()


def _remove_strays(folder: Path, index: Index) -> None:
    """Removes the leftovers of a killed run or an earlier quality."""
    kept = index.digests
    for file in folder.iterdir():
        if file.suffix != ".json" and file.name not in kept:
            file.unlink()


def _remove_other_commits(destination: Path, commit: str) -> None:
    for folder in destination.iterdir():
        if _COMMIT_FOLDER.fullmatch(folder.name) and folder.name != commit:
            shutil.rmtree(folder, ignore_errors=True)


def _summary(index: Index, seconds: float) -> Summary:
    entries = [entry for entry in index.entries.values() if entry.encoded]
    encoded = {
        name: sum(entry.encoded[name].size for entry in entries if name in entry.encoded)
        for name in ("br", "gzip")
    }
    return Summary(len(entries), sum(entry.size for entry in entries), encoded, seconds)


def main() -> int:
    """Compresses at the lowest priority, as a server runs meanwhile."""
    parser = argparse.ArgumentParser(prog="python -m jupyter_codeserver_proxy.assets.compression")
    parser.add_argument("root", type=Path, help="the folder with code-server's out and lib")
    parser.add_argument("destination", type=Path, help="the folder for the compressed assets")
    parser.add_argument("--quality", type=int, choices=range(12), default=BACKGROUND_QUALITY)
    arguments = parser.parse_args()
    root = read_root(arguments.root)
    if root is None:
        parser.error(f"{arguments.root} holds no code-server.")
    os.nice(19)
    try:
        summary = compress(root, arguments.destination, arguments.quality)
    except BusyError as error:
        print(error)  # noqa: T201 - this is a command
        return 0
    except (OSError, NotImplementedError) as error:
        print(f"The assets were not compressed: {error}", file=sys.stderr)  # noqa: T201 - likewise
        return 1
    print(summary)  # noqa: T201 - likewise
    return 0


if __name__ == "__main__":
    sys.exit(main())
