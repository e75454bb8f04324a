"""Installs extensions for everybody who shares a code-server: a folder of unpacked .vsix files.

VS Code loads them as built-in extensions (see `builtin_extensions`). So they leave the student's
files alone, a mounted home does not hide them, and a student can add others or a newer version.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import re
import shutil
import stat
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from jupyter_codeserver_proxy.system.regular_file import open_regular, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# More than any extension needs: open-vsx.org accepts .vsix files of up to 256 MB, and a few
# elsewhere have more than 512 MB (EclipseFdn/open-vsx.org#8724). Of VS Code's own 96 extensions,
# none would unpack to more than 15 times its size.
MOST_BYTES = 2_000_000_000
_MOST_FILES = 100_000
_MOST_TIMES = 100

# A .vsix is a zip. This folder of it is the extension, and the rest describes the package
# (https://code.visualstudio.com/api/working-with-extensions/publishing-extension).
_INSIDE = "extension/"
_MANIFEST = "extension.vsixmanifest"
_TARGET = re.compile(rb"""\bTargetPlatform\s*=\s*["']([^"']+)["']""")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_UNFINISHED = ".unfinished-"
_GZIP = b"\x1f\x8b"  # the first bytes of a gzip (RFC 1952)
_MANIFEST_BYTES = 1 << 20  # bytes of the manifest that are read
# Errors that zipfile and gzip raise for bytes that they cannot read.
_UNREADABLE = (
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    KeyError,
    RuntimeError,
)


class ExtensionError(Exception):
    """A .vsix cannot be installed; the message is one line for a person."""


@dataclass(frozen=True)
class Extension:
    """An installed extension.

    Attributes:
        identifier: publisher and name, as in "ms-python.python".
        version: the version in its manifest.
        folder: its folder.
    """

    identifier: str
    version: str
    folder: Path


def folder_in(prefix: Path) -> Path:
    """Returns the folder of shared extensions, beside the code-server in the fetcher's prefix."""
    return prefix / "extensions"


def installed(folder: Path) -> list[Extension]:
    """Returns the extensions in `folder`, by identifier; none if there is no such folder."""
    found = (_read(manifest) for manifest in sorted(folder.glob("*/package.json")))
    return [extension for extension in found if extension]


def install(vsix: Path, folder: Path, *, platform: str, sha256: str = "") -> Extension:
    """Unpacks a .vsix into `folder`, in place of other versions of the same extension.

    Args:
        vsix: the file; it may be wrapped in gzip, as marketplaces send it.
        folder: the folder of shared extensions; it is created if it is missing.
        platform: this machine's platform, as in "linux-x64".
        sha256: the expected digest of the file, wrapped or not, in hexadecimal; empty: no check.

    Raises:
        ExtensionError: the file is no .vsix, not the expected one, too large, or for another
            platform.
        OSError: `vsix` cannot be read, or `folder` cannot be written.
    """
    with _opened(vsix, sha256.lower()) as file:
        return _install(vsix, file, folder, platform)


def _install(vsix: Path, file: IO[bytes], folder: Path, platform: str) -> Extension:
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=_UNFINISHED, dir=folder) as unfinished:
        unpacked = Path(unfinished, "extension")
        with _errors_name(vsix):
            _unpack(file, unpacked, platform)
        extension = _read(unpacked / "package.json")
        if extension is None:
            raise ExtensionError(f"{vsix} has no package.json that names its extension.")
        final = folder / f"{extension.identifier}-{extension.version}"
        for older in installed(folder):
            if older.identifier == extension.identifier:
                shutil.rmtree(older.folder)
        unpacked.rename(final)
    return Extension(extension.identifier, extension.version, final)


def uninstall(identifier: str, folder: Path) -> Extension:
    """Deletes an extension and returns it.

    Raises:
        ExtensionError: it is not installed.
        OSError: it cannot be deleted.
    """
    for extension in installed(folder):
        if extension.identifier == identifier.lower():
            shutil.rmtree(extension.folder)
            return extension
    raise ExtensionError(f"{identifier} is not in {folder}; `extensions list` tells what is.")


def machine(system: str, architecture: str) -> str:
    """Returns VS Code's name of a platform, from Python's names of system and architecture."""
    systems: Mapping[str, str] = {"Linux": "linux", "Darwin": "darwin"}
    architectures: Mapping[str, str] = {"x86_64": "x64", "aarch64": "arm64"}
    return f"{systems.get(system, system.lower())}-{architectures.get(architecture, architecture)}"


@contextmanager
def _opened(vsix: Path, sha256: str) -> Iterator[IO[bytes]]:
    """Yields the verified file, unwrapped if it was wrapped."""
    with vsix.open("rb") as file, TemporaryFile() as unwrapped:
        digests = [_digest(file)]
        is_wrapped = _begins_with_gzip(file)
        if is_wrapped:
            with _errors_name(vsix):
                _unwrap(file, unwrapped)
            digests.append(_digest(unwrapped))
        if sha256 and sha256 not in digests:
            actual = ", and unwrapped ".join(digests)
            raise ExtensionError(
                f"{vsix} has the sha256 {actual}, and not {sha256}: nothing was installed."
            )
        yield unwrapped if is_wrapped else file


def _begins_with_gzip(file: IO[bytes]) -> bool:
    file.seek(0)
    return file.read(len(_GZIP)) == _GZIP


@contextmanager
def _errors_name(vsix: Path) -> Iterator[None]:
    """Adds the file's name to errors about it."""
    try:
        yield
    except ExtensionError as error:
        raise ExtensionError(f"{vsix} {error}") from error
    except _UNREADABLE as error:
        raise ExtensionError(f"{vsix} is no .vsix: {error}.") from error


def _unwrap(file: IO[bytes], unwrapped: IO[bytes]) -> None:
    most = _most(file)
    file.seek(0)
    with gzip.GzipFile(fileobj=file) as source:
        _copy(source, unwrapped, most)


def _unpack(file: IO[bytes], target: Path, platform: str) -> None:
    left = _most(file)
    with zipfile.ZipFile(file) as archive:
        _check_platform(archive, platform)
        target.mkdir()
        if len(archive.infolist()) > _MOST_FILES:
            raise ExtensionError(f"has more than {_MOST_FILES:,} files: refused.")
        for member in archive.infolist():
            if member.filename.startswith(_INSIDE) and not member.is_dir():
                left -= _write(archive, member, target, left)


def _most(file: IO[bytes]) -> int:
    """Returns how many bytes a file may unpack to."""
    return min(MOST_BYTES, _MOST_TIMES * file.seek(0, 2))


def _copy(source: IO[bytes] | gzip.GzipFile, target: IO[bytes], most: int) -> int:
    """Copies at most `most` bytes, as the sizes that an archive claims may be wrong."""
    copied = 0
    while block := source.read(1 << 16):
        copied += len(block)
        if copied > most:
            most_said = f"{_MOST_TIMES} times its size or {MOST_BYTES:,} bytes"
            raise ExtensionError(f"unpacks to more than {most_said}: refused.")
        target.write(block)
    return copied


def _check_platform(archive: zipfile.ZipFile, platform: str) -> None:
    with archive.open(_MANIFEST) as manifest:
        found = _TARGET.search(manifest.read(_MANIFEST_BYTES))
    target = found[1].decode(errors="replace") if found else platform
    if target not in {platform, "universal", "undefined"}:
        raise ExtensionError(
            f"is for {target}, and this machine is {platform}: take the file for that."
        )


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, most: int) -> int:
    path = PurePosixPath(member.filename.removeprefix(_INSIDE))
    mode = member.external_attr >> 16
    if path.is_absolute() or ".." in path.parts or stat.S_ISLNK(mode):
        raise ExtensionError(f"is hostile: it has {member.filename!r}.")
    file = target / path
    file.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as source, file.open("wb") as out:
        written = _copy(source, out, most)
    file.chmod(0o755 if mode & stat.S_IXUSR else 0o644)
    return written


def _read(manifest: Path) -> Extension | None:
    try:
        found: Any = read_json(open_regular(manifest))
        parts = [str(found[key]) for key in ("publisher", "name", "version")]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not all(_NAME.fullmatch(part) for part in parts):
        return None  # the parts become a folder's name
    publisher, name, version = parts
    return Extension(f"{publisher}.{name}".lower(), version, manifest.parent)


def _digest(file: IO[bytes]) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()
