"""Reads and writes folders of compressed assets: an index, and files named by their hash."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import platformdirs

from jupyter_codeserver_proxy.system.regular_file import (
    NotOursError,
    check_ours,
    open_ours,
    read_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .files import AssetRoot

log = logging.getLogger(__name__)

_INDEX = "index.json"
_FORMAT = 1
_BLOCK = 1 << 20  # bytes read at once


@dataclass(frozen=True)
class Encoded:
    """A compressed form of an asset.

    Attributes:
        digest: the sha256 of the compressed bytes, which is also the file's name.
        size: the size of the file, in bytes.
    """

    digest: str
    size: int


@dataclass(frozen=True)
class Entry:
    """An asset that has been compressed, or would gain too little.

    Attributes:
        size: the size of the asset as it is, in bytes; another size means another content.
        quality: brotli's quality, from 0 to 11.
        encoded: the compressed forms by encoding; none where compressing gains too little.
    """

    size: int
    quality: int
    encoded: dict[str, Encoded] = field(default_factory=dict)


@dataclass(frozen=True)
class Index:
    """The compressed assets of one commit.

    Attributes:
        entries: the assets by their path below the installation.
        complete: whether no asset is left to compress.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    complete: bool = False

    @property
    def digests(self) -> frozenset[str]:
        """The names of all files in the index."""
        entries = self.entries.values()
        return frozenset(form.digest for entry in entries for form in entry.encoded.values())


def shared_folder(root: AssetRoot) -> Path:
    """Returns where an image keeps the compressed assets: in the installation."""
    return root.root / ".assets"


def user_folder() -> Path:
    """Returns where a user's own compressed assets are."""
    return platformdirs.user_cache_path("jupyter-codeserver-proxy") / "assets"


def read_index(folder: Path) -> Index:
    """Returns the index in `folder`; an empty one if there is none that can be trusted."""
    try:
        check_ours(folder, folder.lstat())
        content = read_json(open_ours(folder / _INDEX))
        if content["format"] != _FORMAT:
            return Index()
        entries = {str(path): _entry(entry) for path, entry in content["entries"].items()}
        return Index(entries, content["complete"] is True)
    except NotOursError as error:
        log.warning(
            "Compressed assets are not used, which is only slower: %s. Remove them, and have root "
            "or their only user make them anew.",
            error,
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        pass
    return Index()


def _entry(content: dict[str, Any]) -> Entry:
    encoded = {
        # The digest becomes a file's name: `int` lets nothing but a number pass.
        str(name): Encoded(f"{int(form['digest'], 16):064x}", int(form["size"]))
        for name, form in content["encoded"].items()
    }
    return Entry(int(content["size"]), int(content["quality"]), encoded)


def write_index(folder: Path, index: Index) -> None:
    """Replaces the index in `folder`, atomically.

    Raises:
        OSError: the folder is not writable.
    """
    temporary = new_file(folder / f"{_INDEX}.part")
    temporary.write_text(json.dumps({"format": _FORMAT, **asdict(index)}), encoding="utf-8")
    temporary.replace(folder / _INDEX)


def new_file(path: Path) -> Path:
    """Creates an empty file that nobody else may write, whatever the umask.

    Raises:
        OSError: the folder is not writable.
    """
    path.unlink(missing_ok=True)
    path.touch(mode=0o644)
    return path


def is_sound(folder: Path, encoded: Encoded) -> bool:
    """Tells whether a file is ours and has the expected content; reads all of it."""
    digest = sha256()
    try:
        with open_ours(folder / encoded.digest) as file:
            if os.fstat(file.fileno()).st_size != encoded.size:
                return False
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError:
        return False
    return digest.hexdigest() == encoded.digest


class AssetCache:
    """The compressed assets of one installation, in the first of several folders that has them.

    Its methods read from disk, so an event loop must call them in a thread.
    """

    def __init__(self, commit: str, folders: Iterable[Path]) -> None:
        self._folders = [_Folder(folder / commit) for folder in folders]

    def is_complete(self) -> bool:
        """Tells whether nothing is left to compress."""
        return any(folder.read().complete for folder in self._folders)

    def find(self, path: str, size: int) -> dict[str, tuple[Path, Encoded]] | None:
        """Returns the compressed forms of an asset, by encoding, each with its file.

        Args:
            path: the asset's path below the installation.
            size: the size of the asset as it is, in bytes.

        Returns:
            None until compressing has been tried; empty if it gains too little.
        """
        for folder in self._folders:
            entry = folder.read().entries.get(path)
            if entry and entry.size == size:
                return folder.sound_files(entry)
        return None


class _Folder:
    """A folder whose index another process may replace at any time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, ...] = ()
        self._index = Index()
        self._sound: set[str] = set()

    def read(self) -> Index:
        try:
            folder, index = self._path.lstat(), (self._path / _INDEX).lstat()
        except OSError:
            return Index()
        owners = (folder.st_uid, folder.st_mode, index.st_uid, index.st_mode)
        stamp = (*owners, index.st_mtime_ns, index.st_ino)
        if self._stamp != stamp:
            self._index, self._stamp = read_index(self._path), stamp
        return self._index

    def sound_files(self, entry: Entry) -> dict[str, tuple[Path, Encoded]] | None:
        if not all(map(self._is_sound, entry.encoded.values())):
            self._give_up()
            return None
        return {name: (self._path / form.digest, form) for name, form in entry.encoded.items()}

    def _is_sound(self, encoded: Encoded) -> bool:
        """Hashes a file at its first use; later checks only its owner, mode and size."""
        file = self._path / encoded.digest
        try:
            status = file.lstat()
            check_ours(file, status)
        except OSError:
            return False
        if encoded.digest not in self._sound and is_sound(self._path, encoded):
            self._sound.add(encoded.digest)
        return status.st_size == encoded.size and encoded.digest in self._sound

    def _give_up(self) -> None:
        log.warning(
            "A compressed asset is damaged, not ours or gone: nothing in %s is used any more.",
            self._path,
        )
        self._index = Index()
        try:
            (self._path / _INDEX).unlink(missing_ok=True)
        except OSError as error:
            log.debug("The index in %s was not removed: %s", self._path, error)
