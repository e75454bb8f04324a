"""Extensions of VS Code for everybody who shares a code-server: a folder of unpacked .vsix files.

VS Code gets them as if they were built in (see `builtin_extensions`): nothing of a student's is
written, a mounted home does not hide them, and a student can add others, or a newer version.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from jupyter_codeserver_proxy.regular_file import open_regular, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

# A .vsix is a zip: what is below this folder is the extension, the rest describes the package
# (https://code.visualstudio.com/api/working-with-extensions/publishing-extension).
_INSIDE = "extension/"
_MANIFEST = "extension.vsixmanifest"
_TARGET = re.compile(rb"""\bTargetPlatform\s*=\s*["']([^"']+)["']""")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_UNFINISHED = ".unfinished-"


class ExtensionError(Exception):
    """A .vsix cannot be installed; the message is one line for a person."""


@dataclass(frozen=True)
class Extension:
    """An extension that is installed.

    Attributes:
        identifier: publisher and name, as in "ms-python.python".
        version: as its manifest has it.
        folder: where it is.
    """

    identifier: str
    version: str
    folder: Path


def folder_in(prefix: Path) -> Path:
    """Where the shared extensions are, beside the code-server in the fetcher's prefix."""
    return prefix / "extensions"


def installed(folder: Path) -> list[Extension]:
    """The extensions in `folder`, by identifier; none where there is no such folder."""
    found = (_read(each) for each in sorted(folder.glob("*/package.json")))
    return [each for each in found if each]


def install(vsix: Path, folder: Path, *, platform: str, sha256: str = "") -> Extension:
    """Unpack a .vsix into `folder`, in place of another version of the same extension.

    Args:
        vsix: the file.
        folder: of the shared extensions; made if it is missing.
        platform: of this machine, as in "linux-x64".
        sha256: what the file's is to be, in hexadecimal; empty: it is not checked.

    Raises:
        ExtensionError: it is no .vsix, not the one expected, or for another platform.
        OSError: `vsix` cannot be read, or `folder` not be written.
    """
    if sha256 and (actual := _digest(vsix)) != sha256.lower():
        raise ExtensionError(
            f"{vsix} has the sha256 {actual}, and not {sha256.lower()}: nothing was installed."
        )
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=_UNFINISHED, dir=folder) as unfinished:
        unpacked = Path(unfinished, "extension")
        _unpack(vsix, unpacked, platform)
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
    """Delete an extension; gives what it was.

    Raises:
        ExtensionError: it is not there.
        OSError: it cannot be deleted.
    """
    for extension in installed(folder):
        if extension.identifier == identifier.lower():
            shutil.rmtree(extension.folder)
            return extension
    raise ExtensionError(f"{identifier} is not in {folder}; `extensions list` tells what is.")


def machine(system: str, architecture: str) -> str:
    """VS Code's name of a platform, from Python's names of system and architecture."""
    systems: Mapping[str, str] = {"Linux": "linux", "Darwin": "darwin"}
    architectures: Mapping[str, str] = {"x86_64": "x64", "aarch64": "arm64"}
    return f"{systems.get(system, system.lower())}-{architectures.get(architecture, architecture)}"


def _unpack(vsix: Path, target: Path, platform: str) -> None:
    try:
        with zipfile.ZipFile(vsix) as archive:
            _check_platform(vsix, archive, platform)
            target.mkdir()
            for member in archive.infolist():
                if member.filename.startswith(_INSIDE) and not member.is_dir():
                    _write(archive, member, target)
    except (zipfile.BadZipFile, KeyError, NotImplementedError) as error:
        raise ExtensionError(f"{vsix} is no .vsix: {error}.") from error


def _check_platform(vsix: Path, archive: zipfile.ZipFile, platform: str) -> None:
    target = _TARGET.search(archive.read(_MANIFEST))
    if target and target[1].decode() not in {platform, "universal", "undefined"}:
        raise ExtensionError(
            f"{vsix} is for {target[1].decode()}, and this machine is {platform}: "
            "take the file for that."
        )


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    path = PurePosixPath(member.filename.removeprefix(_INSIDE))
    mode = member.external_attr >> 16
    if path.is_absolute() or ".." in path.parts or stat.S_ISLNK(mode):
        raise ExtensionError(f"{archive.filename} is hostile: it has {member.filename!r}.")
    file = target / path
    file.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as source, file.open("wb") as out:
        shutil.copyfileobj(source, out)
    file.chmod(0o755 if mode & stat.S_IXUSR else 0o644)


def _read(manifest: Path) -> Extension | None:
    try:
        found: Any = read_json(open_regular(manifest))
        parts = [str(found[key]) for key in ("publisher", "name", "version")]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not all(_NAME.fullmatch(part) for part in parts):
        return None  # a part becomes a folder's name
    publisher, name, version = parts
    return Extension(f"{publisher}.{name}".lower(), version, manifest.parent)


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        digest = hashlib.sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
