"""The list of an install's files with their hashes, which reveals damage."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MANIFEST = "install.manifest.json"

_NOT_LISTED = (MANIFEST, "install.json")


@dataclass(frozen=True)
class Survey:
    """The files of a folder."""

    entries: dict[str, str]  # by path: `<sha256>`, `<sha256> x` (executable) or `-> <target>`
    size: int  # of all files, in bytes


def survey(folder: Path) -> Survey:
    """Reads every file of an install."""
    entries: dict[str, str] = {}
    size = 0
    for path in sorted(_leaves(folder)):
        name = path.relative_to(folder).as_posix()
        if name in _NOT_LISTED:
            continue
        entries[name] = _describe(path)
        size += path.lstat().st_size
    return Survey(entries, size)


def record(folder: Path, found: Survey) -> str:
    """Writes the list into an install; returns the sha256 of the list itself."""
    text = json.dumps(found.entries, indent=0, sort_keys=True) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def damage(folder: Path, sha256: str) -> list[str]:
    """Compares an install with its list of that hash; returns a line for each difference."""
    try:
        data = (folder / MANIFEST).read_bytes()
    except OSError:
        return [f"{MANIFEST} is missing"]
    if hashlib.sha256(data).hexdigest() != sha256:
        return [f"{MANIFEST} is changed"]
    differences = []
    for name, expected in json.loads(data).items():
        path = folder / name
        if not path.is_symlink() and not path.is_file():
            differences.append(f"{name} is missing")
        elif _describe(path) != expected:
            differences.append(f"{name} is changed")
    return differences


def digest_of(stream: IO[bytes], algorithm: str = "sha256") -> bytes:
    """Returns the hash of an open file."""
    digest = hashlib.new(algorithm)
    stream.seek(0)
    while chunk := stream.read(1 << 20):
        digest.update(chunk)
    return digest.digest()


def _describe(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    with path.open("rb") as stream:
        return digest_of(stream).hex() + (" x" if path.stat().st_mode & 0o100 else "")


def _leaves(folder: Path) -> list[Path]:
    found = []
    for parent, folders, files in os.walk(folder):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        found += [Path(parent, name) for name in files + links]
    return found
