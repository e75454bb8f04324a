"""A release's tarball, unpacked only when every member of it is harmless.

The whole archive is read and judged before the first byte is written. Nothing is ever written
through a link: no member may lie below another that is a link or a file, or replace one, and links
are made last. So a link can only mislead a later reader, and those that lead outside are refused
as well, however long the chain of links. (The standard library's `data` filter resolves links
against a half-written tree, which has let archives out more than once: CVE-2025-4517.)
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

# Far above any code-server (25,000 files, 2 GB), far below what hurts a machine.
MOST_MEMBERS = 500_000
MOST_BYTES = 10_000_000_000

_LONGEST_LINK_CHAIN = 40  # Linux gives up there as well
_SETUID_OR_SETGID = 0o6000

Parts = tuple[str, ...]


@dataclass(frozen=True)
class Member:
    """One entry, judged harmless by itself.

    Attributes:
        parts: Its path below the archive's top folder.
        kind: `folder`, `file`, `symlink` or `hardlink`.
        size: In bytes.
        target: Of a symlink as written, of a hardlink below the top folder.
    """

    parts: Parts
    kind: str
    size: int = 0
    target: str = ""


@dataclass(frozen=True)
class Contents:
    """An archive, judged harmless as a whole.

    Attributes:
        members: In the order of the archive.
        size: Of all files, in bytes.
    """

    members: tuple[Member, ...]
    size: int


def unpack(stream: IO[bytes], folder: Path) -> None:
    """Unpack a gzipped tarball, without its top folder, into a new folder.

    Owners are left out, everybody may read, and only the owner may write.

    Args:
        stream: The tarball, able to seek.
        folder: Is made.

    Raises:
        VerificationError: A member is not harmless; nothing has been written.
    """
    write(stream, inspect(stream), folder)


def inspect(stream: IO[bytes]) -> Contents:
    """Judge a whole gzipped tarball without writing anything.

    Raises:
        VerificationError: It is no such thing, or one of its members is not harmless.
    """
    tops: set[str] = set()
    members: list[Member] = []
    size = 0
    with _opened(stream) as archive:
        for info in archive:
            top, member = _judge(info)
            tops.add(top)
            members.append(member)
            size += member.size
            if len(members) > MOST_MEMBERS or size > MOST_BYTES:
                raise VerificationError("the archive is larger than any code-server: refused")
    if len(tops) != 1:
        raise VerificationError(f"the archive has {len(tops)} top folders, a release has one")
    _judge_together(members)
    return Contents(tuple(members), size)


def write(stream: IO[bytes], contents: Contents, folder: Path) -> None:
    """Write an archive that has been judged into a new folder."""
    folder.mkdir(mode=0o755)
    with _opened(stream) as archive:
        # Zipped with what was judged, so that nothing else is written.
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
    # VS Code's web server derives a file's ETag from its time.
    os.utime(path, (info.mtime, info.mtime))


@contextmanager
def _opened(stream: IO[bytes]) -> Iterator[tarfile.TarFile]:
    stream.seek(0)
    try:
        with tarfile.open(fileobj=stream, mode="r:gz") as archive:
            yield archive
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile, UnicodeError) as error:
        raise VerificationError(f"not a sound .tar.gz: {error}") from error


def _judge(info: tarfile.TarInfo) -> tuple[str, Member]:
    """Judge one entry by itself; gives its top folder and the rest."""
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


def _judge_together(members: list[Member]) -> None:
    """Judge how the entries act on each other."""
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
        _judge_link(member, leaves)


def _judge_link(member: Member, leaves: dict[Parts, Member]) -> None:
    name = "/".join(member.parts)
    if member.kind == "hardlink":
        linked = leaves.get(_fold(tuple(member.target.split("/"))))
        if linked is None or linked.kind != "file":
            raise VerificationError(f"the archive's {name!r} links to no file in it: refused")
    if member.kind == "symlink" and not _stays_inside(member, leaves):
        raise VerificationError(f"the archive's {name!r} links to outside: refused")


def _stays_inside(link: Member, leaves: dict[Parts, Member]) -> bool:
    """Walk as the kernel would, through every further link."""
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
            if followed > _LONGEST_LINK_CHAIN:
                return False
            at.pop()
            ahead = _target_parts(next_link) + ahead
    return True


def _target_parts(link: Member) -> list[str]:
    root = ["/"] if link.target.startswith("/") else []
    return root + [part for part in link.target.split("/") if part not in ("", ".")]


def _fold(parts: Parts) -> Parts:
    """Names that a case-insensitive file system (macOS) takes for one are one here."""
    return tuple(unicodedata.normalize("NFC", part).casefold() for part in parts)
