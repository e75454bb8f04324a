"""Unpacks a release's tarball if every member of it is harmless.

The whole archive is checked before the first byte is written. Nothing is ever written through a
link: no member may replace a link or a file or lie below one, and links are made last. Links that
lead outside, by however long a chain, are refused as they would mislead a later reader. (The
standard library's `data` filter resolves links against a half-written tree, which has let archives
out more than once: CVE-2025-4517.)
"""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
import unicodedata
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from .errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Far more than any code-server has (25,000 files, 2 GB), far less than hurts a machine.
MAX_MEMBERS = 500_000
MAX_BYTES = 10_000_000_000

_MAX_LINKS = 40  # in a chain; Linux follows no more
_SETUID_OR_SETGID = 0o6000

Parts = tuple[str, ...]


@dataclass(frozen=True)
class Member:
    """A member of an archive that is harmless by itself."""

    parts: Parts  # the path below the archive's top folder
    kind: str  # `folder`, `file`, `symlink` or `hardlink`
    size: int = 0  # in bytes
    target: str = ""  # of a link: a symlink's as written, a hard link's below the top folder


@dataclass(frozen=True)
class Contents:
    """The contents of an archive that is harmless as a whole."""

    members: tuple[Member, ...]  # in the order of the archive
    size: int  # of all files, in bytes


def unpack(stream: IO[bytes], folder: Path) -> None:
    """Unpacks a gzipped tarball, without its top folder, into a new folder.

    Ignores the archive's owners. Everybody may read the files, and only their owner may write them.
    The stream must be seekable.

    Raises:
        VerificationError: A member is not harmless; nothing has been written.
    """
    write(stream, inspect(stream), folder)


def inspect(stream: IO[bytes]) -> Contents:
    """Checks a whole gzipped tarball, and writes nothing.

    Raises:
        VerificationError: It is no gzipped tarball, or a member is not harmless.
    """
    tops: set[str] = set()
    members: list[Member] = []
    size = 0
    with _opened(stream) as archive:
        for info in archive:
            top, member = _check_member(info)
            tops.add(top)
            members.append(member)
            size += member.size
            if len(members) > MAX_MEMBERS or size > MAX_BYTES:
                raise VerificationError("the archive is larger than any code-server: refused")
    if len(tops) != 1:
        raise VerificationError(f"the archive has {len(tops)} top folders, a release has one")
    _check_together(members)
    return Contents(tuple(members), size)


def write(stream: IO[bytes], contents: Contents, folder: Path) -> None:
    """Writes an archive that has been checked into a new folder."""
    folder.mkdir(mode=0o755)
    with _opened(stream) as archive:
        # `strict`: nothing is written but what was checked.
        for info, member in zip(archive, contents.members, strict=True):
            path = folder.joinpath(*member.parts)
            parent = path if member.kind == "folder" else path.parent
            parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            if member.kind == "file":
                _write_file(archive, info, path)
    for member in contents.members:
        path = folder.joinpath(*member.parts)
        if member.kind == "hardlink":
            os.link(folder / member.target, path, follow_symlinks=False)
        elif member.kind == "symlink":
            path.symlink_to(member.target)


def _write_file(archive: tarfile.TarFile, info: tarfile.TarInfo, path: Path) -> None:
    source = archive.extractfile(info)
    if source is None:
        raise VerificationError(f"the archive has no bytes for {info.name!r}")
    with path.open("xb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    path.chmod(0o755 if info.mode & 0o100 else 0o644)
    # VS Code's web server derives a file's ETag from its modification time.
    os.utime(path, (info.mtime, info.mtime))


@contextmanager
def _opened(stream: IO[bytes]) -> Iterator[tarfile.TarFile]:
    stream.seek(0)
    try:
        with tarfile.open(fileobj=stream, mode="r:gz") as archive:
            yield archive
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile, UnicodeError) as error:
        raise VerificationError(f"not a sound .tar.gz: {error}") from error


def _check_member(info: tarfile.TarInfo) -> tuple[str, Member]:
    """Checks a member by itself; returns its top folder and the member below that."""
    top, parts = _split(info.name)
    if not parts and not info.isdir():
        raise VerificationError(f"the archive holds {info.name!r} outside of a top folder")
    if info.isdir():
        return top, Member(parts, "folder")
    if info.issym():
        return top, Member(parts, "symlink", target=info.linkname)
    if info.islnk():
        target_top, target = _split(info.linkname)
        if target_top != top:
            raise VerificationError(f"the archive's {info.name!r} links to outside: refused")
        return top, Member(parts, "hardlink", target="/".join(target))
    if not info.isreg():
        raise VerificationError(f"the archive's {info.name!r} is a device or the like: refused")
    if info.mode & _SETUID_OR_SETGID:
        raise VerificationError(f"the archive's {info.name!r} is setuid or setgid: refused")
    return top, Member(parts, "file", size=info.size)


def _split(name: str) -> tuple[str, Parts]:
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if name.startswith("/") or ".." in parts or "\0" in name or "\\" in name or not parts:
        raise VerificationError(f"the archive has a member named {name!r}: refused")
    return parts[0], parts[1:]


def _check_together(members: list[Member]) -> None:
    """Checks how the members act on each other."""
    leaves: dict[Parts, Member] = {}
    folders: set[Parts] = set()
    for member in members:
        key = _fold(member.parts)
        if member.kind == "folder":
            folders.add(key)
            continue
        if key in leaves:
            raise VerificationError(f"the archive has {'/'.join(member.parts)!r} twice: refused")
        leaves[key] = member
    for member in members:
        key = _fold(member.parts)
        above = {key[:length] for length in range(1, len(key))}
        if not above.isdisjoint(leaves) or (member.kind != "folder" and key in folders):
            raise VerificationError(
                f"the archive has {'/'.join(member.parts)!r} below or over a file or link: refused"
            )
    for member in members:
        _check_link(member, leaves)


def _check_link(member: Member, leaves: dict[Parts, Member]) -> None:
    name = "/".join(member.parts)
    if member.kind == "hardlink":
        linked = leaves.get(_fold(tuple(member.target.split("/"))))
        if linked is None or linked.kind != "file":
            raise VerificationError(f"the archive's {name!r} links to no file in it: refused")
    if member.kind == "symlink" and not _stays_inside(member, leaves):
        raise VerificationError(f"the archive's {name!r} links to outside: refused")


def _stays_inside(link: Member, leaves: dict[Parts, Member]) -> bool:
    """Follows a link as the kernel would, through every further link."""
    at: list[str] = list(link.parts[:-1])
    ahead = _target_parts(link)
    followed = 1
    while ahead:
        step = ahead.pop(0)
        if step == "/" or (step == ".." and not at):
            return False
        if step == "..":
            at.pop()
            continue
        at.append(step)
        next_link = leaves.get(_fold(tuple(at)))
        if next_link is not None and next_link.kind == "symlink":
            followed += 1
            if followed > _MAX_LINKS:
                return False
            at.pop()
            ahead = _target_parts(next_link) + ahead
    return True


def _target_parts(link: Member) -> list[str]:
    root = ["/"] if link.target.startswith("/") else []
    return root + [part for part in link.target.split("/") if part not in ("", ".")]


def _fold(parts: Parts) -> Parts:
    """Returns a path that is the same for names which are one on macOS, whatever their case."""
    return tuple(unicodedata.normalize("NFC", part).casefold() for part in parts)
