"""A private folder on local disk for one start's sockets, and the removal of dead ones."""

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
_SETTLED = 60.0  # seconds after which a folder that another process makes is surely locked

# sun_path of sockaddr_un has 104 bytes on macOS and 108 on Linux, with the terminating zero;
# code-server's own `s.session` lies beside ours.
_LONGEST_SOCKET = 103 - len(".session")


class RuntimeFolder:
    """A folder of mode 0700 that is locked as long as its owner lives.

    The lock is the kernel's (flock on the folder itself), which ends with the process however
    that ended, holds across containers that share a disk, is not fooled by a process id that is
    used again, and also keeps systemd-tmpfiles from cleaning the folder away.
    """

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.socket = path / _SOCKET
        """Where code-server shall listen."""
        self._lock = lock

    @classmethod
    def create(cls, parents: Iterable[Path]) -> RuntimeFolder:
        """Make one in the first of `parents` that will have it, and remove dead ones there.

        Raises:
            CannotStart: none of them will.
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
                if found := diagnose_shortage(error):
                    reason, advice = found.reason, found.advice
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
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def candidates(configured: Path | None, environment: Mapping[str, str]) -> list[Path]:
    """Where a runtime folder may be made, best first.

    Args:
        configured: the only place, if it is given.
        environment: XDG_RUNTIME_DIR counts if it is the user's own and nobody else's, as the XDG
            Base Directory Specification demands.
    """
    if configured:
        return [configured]
    places = [Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108 -- a folder of mode 0700 in it
    xdg = environment.get("XDG_RUNTIME_DIR")
    if xdg and _is_private(Path(xdg)):
        places.insert(0, Path(xdg))
    return places


def sweep(parent: Path) -> None:
    """Remove the folders in `parent` whose owner, a process of this user's, is gone."""
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
    """Whether it is a folder of this user's that nobody else may enter."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.geteuid()
        and stat.S_IMODE(status.st_mode) & 0o777 == stat.S_IRWXU
    )
