"""Decides which tarball or npm package to install."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from .errors import NetworkError, UsageError, VerificationError

if TYPE_CHECKING:
    from .releases import Catalogue, NpmRelease

NAMED = ("auto", "release", "npm")


@dataclass(frozen=True)
class Tarball:
    """A tarball to install, with the hash and the size that it must have."""

    source: str  # `release`, `mirror` or `file`
    place: str | Path  # a URL, or a path on this machine
    sha256: str  # in hex
    size: int | None  # in bytes; None if it is not known


@dataclass(frozen=True)
class Choice:
    """The sources to try, the tarball first; at least one is given."""

    tarball: Tarball | None
    npm: NpmRelease | None


def file_name(version: str, platform: str) -> str:
    """Returns upstream's name of a tarball."""
    return f"code-server-{version}-{platform}.tar.gz"


def release_url(version: str, platform: str) -> str:
    """Returns the address at which upstream publishes a tarball."""
    name = file_name(version, platform)
    return f"https://github.com/coder/code-server/releases/download/v{version}/{name}"


def choose(
    source: str, version: str, platform: str, sha256: str | None, catalogue: Catalogue
) -> Choice:
    """Returns what to install for a value of `--source` and one of `--sha256`.

    Raises:
        NotFoundError: The version is not pinned, and the user gives no hash.
        UsageError: The source is not valid.
        VerificationError: The user's hash contradicts the pinned one.
    """
    npm = catalogue.npm_release(version)
    if source == "npm":
        if sha256:
            raise UsageError("--sha256 is of a tarball; with --source npm leave it out")
        if npm is None:
            raise catalogue.unknown(version, "npm")
        return Choice(None, npm)
    pinned = catalogue.release(version, platform)
    if pinned and sha256 and sha256 != pinned.sha256:
        raise VerificationError(
            f"--sha256 contradicts the pinned hash of {version} {platform}, {pinned.sha256}; "
            "leave it out, or see where yours comes from"
        )
    fallback = npm if source == "auto" and not sha256 else None
    known = sha256 or (pinned.sha256 if pinned else None)
    if known is None:
        if fallback is None:
            raise catalogue.unknown(version, platform)
        return Choice(None, fallback)
    size = pinned.size if pinned else None
    if source in NAMED:
        url = pinned.url if pinned else release_url(version, platform)
        return Choice(Tarball("release", url, known, size), fallback)
    place = _place(source, version, platform)
    kind = "file" if isinstance(place, Path) else "mirror"
    return Choice(Tarball(kind, place, known, size), None)


def _place(source: str, version: str, platform: str) -> str | Path:
    """Fills in the placeholders of a source; returns a URL or a path."""
    values = {"version": version, "platform": platform, "file": file_name(version, platform)}
    filled = source
    for name, value in values.items():
        filled = filled.replace(f"{{{name}}}", value)
    try:
        parts = urlsplit(filled)
    except ValueError as error:
        raise UsageError(f"--source {source!r} is not a usable URL: {error}") from error
    if re.search(r"\{\w*\}", filled):
        raise UsageError(
            f"--source {source!r}: the placeholders are {{version}}, {{platform}} and {{file}}"
        )
    if parts.scheme in ("http", "https") and parts.netloc:
        return filled + values["file"] if parts.path.endswith("/") else filled
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return _path(Path(unquote(parts.path)), values["file"])
    if parts.scheme and "://" in filled:
        raise UsageError(f"--source {source!r}: only http, https and file URLs are understood")
    return _path(Path(filled).expanduser(), values["file"])


def _path(path: Path, name: str) -> Path:
    """Returns an existing file; a folder stands for the file with upstream's name in it."""
    wanted = path / name if path.is_dir() else path
    if not wanted.is_file():
        raise UsageError(
            f"--source: {wanted} is not a file; give auto, release, npm, a URL or a tarball's path"
        )
    return wanted


def offline(tarball: Tarball | None, cached: Path | None) -> Tarball:
    """Returns a tarball (None for an npm package) as one that needs no network.

    Raises:
        NetworkError: The tarball is not on this machine.
    """
    if tarball and isinstance(tarball.place, Path):
        return tarball
    if tarball and cached and cached.is_file():
        return Tarball(tarball.source, cached, tarball.sha256, tarball.size)
    raise NetworkError(
        "--offline, and the tarball is not on this machine; "
        "give it with --source FILE, or a folder that holds it with --cache FOLDER"
    )
