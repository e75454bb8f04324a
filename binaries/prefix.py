"""The folder that holds what is installed: its layout, its markers and its lock."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import filelock
import platformdirs

from .errors import FetchError, LockedError
from .manifest import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .progress import Report

MARKER = "install.json"
HELP = "help.txt"
ENVIRONMENT_VARIABLE = "JUPYTER_CODESERVER_PREFIX"

_TO_INSTALLS = ("..", "lib")  # what the link begins with


@dataclass(frozen=True)
class Install:
    """One code-server on disk; these are the marker's fields.

    Attributes:
        version: For example `4.139.1`.
        platform: For example `linux-amd64`.
        source: `release`, `mirror`, `file` or `npm`.
        url: Where it came from, without secrets.
        sha256: Of the tarball, in hex; None for npm.
        integrity: Of the npm package, `sha512-<base64>`; None for a tarball.
        slim: Whether parts were left out.
        size: Bytes on disk.
        installed: When, in UTC, ISO 8601.
        manifest: sha256 of the list of files beside the marker.
    """

    version: str
    platform: str
    source: str
    url: str
    sha256: str | None
    integrity: str | None
    slim: bool
    size: int
    installed: str
    manifest: str

    @property
    def name(self) -> str:
        """The folder's name."""
        return folder_name(self.version, self.platform)


def folder_name(version: str, platform: str) -> str:
    """Name an install's folder, as upstream names a tarball's top folder."""
    return f"code-server-{version}-{platform}"


def default_prefix(environ: Mapping[str, str]) -> Path:
    """Give the prefix that is taken when none is named."""
    named = environ.get(ENVIRONMENT_VARIABLE)
    return Path(named) if named else platformdirs.user_data_path("jupyter-codeserver-proxy")


class Prefix:
    """A prefix; nothing is made before something is installed.

    ```
    bin/code-server                          relative link to the install that is in use
    lib/code-server-<version>-<platform>/    an install, if install.json is in it
    lib/.code-server/                        partial downloads, half-made installs, the lock
    ```
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self.lib = self.path / "lib"
        self.work = self.lib / ".code-server"
        self.downloads = self.work / "downloads"
        self.link = self.path / "bin" / "code-server"

    def folder(self, name: str) -> Path:
        """Give the folder of an install."""
        return self.lib / name

    def installs(self) -> list[Install]:
        """Give what is installed, newest install last."""
        found = [self.find(folder.name) for folder in self._folders()]
        return sorted((i for i in found if i), key=lambda install: install.installed)

    def find(self, name: str) -> Install | None:
        """Give the install of a folder name, None unless its marker is whole."""
        try:
            data = json.loads((self.folder(name) / MARKER).read_text(encoding="utf-8"))
            install = Install(**{f.name: data[f.name] for f in fields(Install)})
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return install if install.name == name else None

    def current(self) -> Install | None:
        """Give the install that `bin/code-server` leads to."""
        try:
            target = self.link.readlink()
        except OSError:
            return None
        is_ours = target.parts[:2] == _TO_INSTALLS and target.parts[3:] == ("bin", "code-server")
        return self.find(target.parts[2]) if is_ours else None

    def use(self, install: Install) -> None:
        """Point `bin/code-server` at an install, in one step."""
        self.link.parent.mkdir(parents=True, exist_ok=True)
        new = self.link.with_name(f".code-server-{os.getpid()}")
        new.unlink(missing_ok=True)
        new.symlink_to(Path("..", "lib", install.name, "bin", "code-server"))
        new.replace(self.link)

    def require_own(self, name: str) -> None:
        """See that what an install is going to replace was made here.

        Raises:
            FetchError: Somebody else's file or folder is there.
        """
        folder = self.folder(name)
        ours = self.link.is_symlink() and self.link.readlink().parts[:2] == _TO_INSTALLS
        strange = [] if ours or not os.path.lexists(self.link) else [self.link]
        if os.path.lexists(folder) and not (folder / MANIFEST).exists():
            strange.append(folder)
        if strange:
            raise FetchError(
                f"{strange[0]} was not made by this program and is left alone; "
                "move it away, or choose another place with --prefix"
            )

    def settle(self, made: Path, install: Install) -> None:
        """Move a folder that is ready into its place, and mark it, last, as installed."""
        folder = self.folder(install.name)
        made.rename(folder)
        marker = self.work / MARKER
        with marker.open("w", encoding="utf-8") as file:
            json.dump(asdict(install), file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        marker.replace(folder / MARKER)

    def remove(self, install: Install) -> None:
        """Take an install away, in one step, so that no half of it is ever seen."""
        if self.current() == install:
            self.link.unlink()
        with self.scratch() as scratch:
            self.folder(install.name).rename(scratch / install.name)

    def leftovers(self) -> list[Path]:
        """Give what interrupted installs have left, partial downloads apart.

        A folder that somebody unpacked here by hand has no manifest, and is none of them.
        """
        unmarked = [
            folder
            for folder in self._folders()
            if (folder / MANIFEST).exists() and self.find(folder.name) is None
        ]
        return unmarked + sorted(self.work.glob("making-*"))

    def clean(self, *, downloads: bool = False) -> list[Path]:
        """Delete leftovers, and partial downloads if wanted; the lock must be held."""
        gone = self.leftovers()
        if downloads and self.downloads.exists():
            gone += sorted(self.downloads.iterdir())
        for path in gone:
            _delete(path)
        return gone

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give a folder to work in, on the prefix's file system, deleted in any case."""
        folder = Path(tempfile.mkdtemp(prefix="making-", dir=self.work))
        try:
            yield folder
        finally:
            _delete(folder)

    @contextmanager
    def locked(self, timeout: float, report: Report) -> Iterator[None]:
        """Hold the prefix against other processes.

        The kernel frees the lock of a process that died, however it did.

        Args:
            timeout: Seconds to wait for another.
            report: Told when there is one.

        Raises:
            LockedError: Another process kept it for that long.
        """
        self.downloads.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(self.work / "lock")
        try:
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:
                report.line(f"another install is at work in {self.path}; waiting for it")
                lock.acquire(timeout=timeout)
        except filelock.Timeout as error:
            raise LockedError(
                f"another install has been at work in {self.path} for {timeout:g} s; "
                "wait for it, or end it (no file needs to be deleted)"
            ) from error
        try:
            yield
        finally:
            lock.release()

    def _folders(self) -> list[Path]:
        return sorted(path for path in self.lib.glob("code-server-*-*") if path.is_dir())


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
