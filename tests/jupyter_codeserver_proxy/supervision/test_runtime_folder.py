"""Sockets lie in private folders with short paths, which are removed when their owner is gone."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from jupyter_codeserver_proxy.failure import CannotStart, Reason
from jupyter_codeserver_proxy.supervision.runtime_folder import RuntimeFolder, candidates, sweep

_LONG_AGO = (1, 1)


def test_it_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    """Nobody else may enter the folder, and nothing of it stays."""
    folder = RuntimeFolder.create([tmp_path])
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    folder.socket.touch()
    folder.remove()
    assert list(tmp_path.iterdir()) == []


def test_two_have_different_sockets(tmp_path: Path) -> None:
    """An old code-server cannot unlink a new one's socket."""
    one, other = RuntimeFolder.create([tmp_path]), RuntimeFolder.create([tmp_path])
    assert one.socket != other.socket
    one.remove()
    other.remove()


def test_a_place_that_is_too_long_or_missing_is_passed_over(tmp_path: Path) -> None:
    """The next candidate is used."""
    long = tmp_path / ("x" * 100)
    long.mkdir()
    good = Path(tempfile.mkdtemp(dir="/tmp"))
    folder = RuntimeFolder.create([long, tmp_path / "missing", good])
    assert folder.path.parent == good
    folder.remove()
    good.rmdir()
    assert list(long.iterdir()) == []


def test_no_place_is_told_with_each_cause(tmp_path: Path) -> None:
    """The message names all attempts, and the option."""
    with pytest.raises(CannotStart) as error:
        RuntimeFolder.create([tmp_path / "missing"])
    assert error.value.reason is Reason.CONFIGURATION
    assert str(tmp_path / "missing") in error.value.what


def test_a_disk_without_room_is_told_as_full(disk_of_few_files: Path) -> None:
    """The message names the folder, and nothing is left there."""
    taken = RuntimeFolder.create([disk_of_few_files])
    with pytest.raises(CannotStart) as error:
        RuntimeFolder.create([disk_of_few_files])
    taken.remove()
    assert error.value.reason is Reason.DISK_FULL
    assert str(disk_of_few_files) in error.value.what


def test_without_a_descriptor_none_is_made(tmp_path: Path) -> None:
    """The cause is reported, and no unlocked folder stays."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        with pytest.raises(CannotStart) as error:
            RuntimeFolder.create([tmp_path])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert error.value.reason is Reason.TOO_MANY_OPEN
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("mode", "is_taken"),
    [pytest.param(0o700, True, id="private"), pytest.param(0o755, False, id="open to others")],
)
def test_xdg_runtime_dir_comes_first_if_it_is_private(
    tmp_path: Path, mode: int, *, is_taken: bool
) -> None:
    """The XDG Base Directory Specification demands it, and a hub's image may set any value."""
    tmp_path.chmod(mode)
    assert (candidates(None, {"XDG_RUNTIME_DIR": str(tmp_path)})[0] == tmp_path) is is_taken


def test_a_configured_place_is_the_only_one(tmp_path: Path) -> None:
    """A configured folder has no alternatives."""
    assert candidates(tmp_path, {"XDG_RUNTIME_DIR": "/run"}) == [tmp_path]


def test_folders_of_the_dead_are_swept(tmp_path: Path) -> None:
    """A killed process leaves a folder, and the next start removes it."""
    code = (
        "import os, sys; from pathlib import Path;"
        "from jupyter_codeserver_proxy.supervision.runtime_folder import RuntimeFolder;"
        "RuntimeFolder.create([Path(sys.argv[1])]).socket.touch(); os.kill(os.getpid(), 9)"
    )
    path = os.pathsep.join(filter(None, sys.path))
    subprocess.run([sys.executable, "-c", code, tmp_path], check=False, env={"PYTHONPATH": path})
    (left,) = tmp_path.iterdir()
    os.utime(left, _LONG_AGO)
    RuntimeFolder.create([tmp_path]).remove()
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_a_dead_one_stays(tmp_path: Path) -> None:
    """Folders stay that are in use, new, open to others, links, or somebody else's."""
    alive = RuntimeFolder.create([tmp_path])
    os.utime(alive.path, _LONG_AGO)
    new = tmp_path / "codeserver-newborn1"
    new.mkdir(mode=0o700)
    for name, mode in (("codeserver-open4all", 0o755), ("something-else", 0o700)):
        (tmp_path / name).mkdir(mode=mode)
        os.utime(tmp_path / name, _LONG_AGO)
    (tmp_path / "codeserver-linked12").symlink_to(tmp_path / "something-else")
    before = sorted(tmp_path.iterdir())
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == before
    alive.remove()
