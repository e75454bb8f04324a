"""The prefix, the folder of all installs: its layout, its markers and its lock."""

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

_TO_INSTALLS = ("..", "lib")  # the beginning of the link's target


@dataclass(frozen=True)
class Install:
    """A code-server on disk, with the fields of its marker."""

    version: str  # for example `4.139.1`
    platform: str  # for example `linux-amd64`
    source: str  # `release`, `mirror`, `file` or `npm`
    url: str  # that it came from, without secrets
    sha256: str | None  # of the tarball, in hex; None for npm
    integrity: str | None  # of the npm package, `sha512-<base64>`; None for a tarball
    slim: bool  # without the parts that a class does not need
    size: int  # on disk, in bytes
    installed: str  # the time in UTC, ISO 8601
    manifest: str  # the sha256 of the list of files beside the marker

    @property
    def name(self) -> str:
        """The name of the install's folder."""
        return folder_name(self.version, self.platform)


def folder_name(version: str, platform: str) -> str:
    """Returns the name of an install's folder, which is upstream's for a tarball's top folder."""
    return f"code-server-{version}-{platform}"


def default_prefix(environ: Mapping[str, str]) -> Path:
    """Returns the prefix that is used if none is named."""
    named = environ.get(ENVIRONMENT_VARIABLE)
    return Path(named) if named else platformdirs.user_data_path("jupyter-codeserver-proxy")


class Prefix:
    """A prefix; none of its folders exist before the first install.

    ```
    bin/code-server                          relative link to the install in use
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
        """Returns the folder of an install."""
        return self.lib / name

    def installs(self) -> list[Install]:
        """Returns all installs, the newest last."""
        found = map(self.find, (folder.name for folder in self._folders()))
        return sorted(filter(None, found), key=lambda install: install.installed)

    def find(self, name: str) -> Install | None:
        """Returns the install in a folder, None unless its marker is complete."""
        try:
            data = json.loads((self.folder(name) / MARKER).read_text(encoding="utf-8"))
            install = Install(**{f.name: data[f.name] for f in fields(Install)})
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return install if install.name == name else None

    def current(self) -> Install | None:
        """Returns the install that `bin/code-server` links to."""
        try:
            target = self.link.readlink()
        except OSError:
            return None
        is_ours = target.parts[:2] == _TO_INSTALLS and target.parts[3:] == ("bin", "code-server")
        return self.find(target.parts[2]) if is_ours else None

    def use(self, install: Install) -> None:
        """Links `bin/code-server` to an install, atomically."""
        self.link.parent.mkdir(parents=True, exist_ok=True)
        new = self.link.with_name(f".code-server-{os.getpid()}")
        new.unlink(missing_ok=True)
        new.symlink_to(Path("..", "lib", install.name, "bin", "code-server"))
        new.replace(self.link)

    def require_own(self, name: str) -> None:
        """Checks that an install would replace nothing that was not made here.

        Raises:
            FetchError: Somebody else's file or folder is in the way.
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
        """Moves a complete folder into its place, and then marks it as installed."""
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
        """Removes an install, in one step, so that nobody ever sees half of it."""
        if self.current() == install:
            self.link.unlink()
        with self.scratch() as scratch:
            self.folder(install.name).rename(scratch / install.name)

    def leftovers(self) -> list[Path]:
        """Returns what interrupted installs have left, except partial downloads.

        A folder that somebody unpacked here by hand has no manifest, and is left alone.
        """
        unmarked = [
            folder
            for folder in self._folders()
            if (folder / MANIFEST).exists() and self.find(folder.name) is None
        ]
        return unmarked + sorted(self.work.glob("making-*"))

    def clean(self, *, downloads: bool = False) -> list[Path]:
        """Deletes leftovers, and partial downloads on request. Call it with the prefix locked."""
        gone = self.leftovers()
        if downloads and self.downloads.exists():
            gone += sorted(self.downloads.iterdir())
        for path in gone:
            _delete(path)
        return gone

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Provides a temporary folder on the prefix's file system."""
        folder = Path(tempfile.mkdtemp(prefix="making-", dir=self.work))
        try:
            yield folder
        finally:
            _delete(folder)

    @contextmanager
    def locked(self, timeout: float, report: Report) -> Iterator[None]:
        """Locks the prefix for this process. The kernel frees the lock if the process dies.

        Raises:
            LockedError: Another process keeps the lock for `timeout` seconds.
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
