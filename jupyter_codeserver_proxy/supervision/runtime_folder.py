"""A private folder on local disk for the sockets of one start; removes abandoned ones."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_codeserver_proxy.failure import CannotStart, Reason

from .diagnosis import diagnose_shortage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PREFIX = "codeserver-"
_SOCKET = "s"
_SETTLED = 60.0  # seconds after which another process has surely locked its new folder

# sun_path of sockaddr_un has 104 bytes on macOS and 108 on Linux, with the terminating zero. The
# longest path is that of code-server's own socket `s.session`.
_LONGEST_SOCKET = 103 - len(".session")


class RuntimeFolder:
    """A folder of mode 0700 that is locked as long as its owner lives.

    The lock is the kernel's (flock on the folder itself). It ends with the process, however that
    ends. It works across containers that share a disk, and when process ids are reused. It also
    keeps systemd-tmpfiles from removing the folder.

    Attributes:
        path: the folder.
        socket: the path on which code-server shall listen.
    """

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.socket = path / _SOCKET
        self._lock = lock

    @classmethod
    def create(cls, parents: Iterable[Path]) -> RuntimeFolder:
        """Makes a folder in the first of `parents` that allows it; removes abandoned ones there.

        Raises:
            CannotStart: none of them allows it.
        """
        faults: list[str] = []
        reason, advice = (
            Reason.CONFIGURATION,
            "Set CodeServer.runtime_folder to a short, writable path on local disk.",
        )
        for parent in parents:
            try:
                sweep(parent)
                return cls._create(parent)
            except OSError as error:  # noqa: PERF203 -- two or three folders
                faults.append(f"{parent}: {error.strerror or error}")
                if shortage := diagnose_shortage(error):
                    reason, advice = shortage.reason, shortage.advice
        what = f"There is no folder for code-server's socket ({'; '.join(faults)})."
        raise CannotStart(reason, what, advice)

    @classmethod
    def _create(cls, parent: Path) -> RuntimeFolder:
        longest = os.fsencode(parent / f"{_PREFIX}12345678" / _SOCKET)
        if len(longest) > _LONGEST_SOCKET:
            raise OSError(f"the path is too long for a socket (more than {_LONGEST_SOCKET} bytes)")
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        try:
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            path.rmdir()
            raise
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return cls(path, lock)

    def remove(self) -> None:
        """Removes the folder and its contents."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def candidates(configured: Path | None, environment: Mapping[str, str]) -> list[Path]:
    """Returns the folders in which a runtime folder may be made, best first.

    Args:
        configured: the only candidate, if it is given.
        environment: XDG_RUNTIME_DIR counts if only the user can enter it, as the XDG Base
            Directory Specification demands.
    """
    if configured:
        return [configured]
    folders = [Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108 -- the folder made there has mode 0700
    xdg = environment.get("XDG_RUNTIME_DIR")
    if xdg and _is_private(Path(xdg)):
        folders.insert(0, Path(xdg))
    return folders


def sweep(parent: Path) -> None:
    """Removes the folders in `parent` whose owning process, one of this user's, is gone."""
    for path in parent.glob(f"{_PREFIX}????????"):
        if not _is_private(path) or time.time() - path.lstat().st_mtime < _SETTLED:
            continue
        try:
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        except OSError:
            continue
        finally:
            os.close(lock)


def _is_private(path: Path) -> bool:
    """Returns whether this user owns the folder and nobody else may enter it."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.geteuid()
        and stat.S_IMODE(status.st_mode) & 0o777 == stat.S_IRWXU
    )
