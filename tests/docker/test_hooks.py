"""Operators' hooks run before Jupyter starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.conftest import Run

pytestmark = pytest.mark.image

FOLDERS = ["start-notebook.d", "before-notebook.d"]


def mounted(folder: Path, name: str) -> tuple[str, str]:
    """Return the option that mounts a folder of hooks in the container."""
    folder.chmod(0o755)  # so that the student, another user, can read it
    return ("--volume", f"{folder}:/usr/local/bin/{name}:ro")


@pytest.mark.parametrize("name", FOLDERS)
def test_a_sourced_hook_changes_the_environment(run: Run, tmp_path: Path, name: str) -> None:
    """Variables that a .sh file exports reach the command."""
    (tmp_path / "class.sh").write_text("export CLASS=physics\n")
    done = run("printenv", "CLASS", options=mounted(tmp_path, name))
    assert done.stdout == "physics\n"


@pytest.mark.parametrize("name", FOLDERS)
def test_an_executable_hook_is_run(run: Run, tmp_path: Path, name: str) -> None:
    """Hooks run in the order of their names; the log mentions those that are not executable."""
    for number, mode in (("1", 0o755), ("2", 0o755), ("3", 0o644)):
        hook = tmp_path / number
        hook.write_text(f"#!/bin/sh\necho {number}\n")
        hook.chmod(mode)
    done = run("true", options=mounted(tmp_path, name))
    assert done.stdout.split() == ["1", "2"]
    assert "not executable" in done.stderr


def test_a_hook_that_fails_keeps_nobody_out(run: Run, tmp_path: Path) -> None:
    """The log has its exit status, and the start continues."""
    (tmp_path / "a.sh").write_text("return 3\n")
    (tmp_path / "b").write_text("#!/bin/sh\nexit 4\n")
    (tmp_path / "b").chmod(0o755)
    done = run("echo", "started", options=mounted(tmp_path, "before-notebook.d"))
    assert done.stdout == "started\n"
    assert "a.sh has failed with 3" in done.stderr
    assert "b has failed with 4" in done.stderr


def test_a_hook_of_roots_start_is_root(run: Run, tmp_path: Path) -> None:
    """Hooks run as root, the command as the student."""
    (tmp_path / "a.sh").write_text("export HOOK_UID=$(id -u)\n")
    options = ("--user", "root", *mounted(tmp_path, "before-notebook.d"))
    done = run("bash", "-c", "echo $HOOK_UID $(id -u)", options=options)
    assert done.stdout == "0 1000\n"


def test_hooks_that_cannot_be_read_are_told_of(run: Run, tmp_path: Path) -> None:
    """Otherwise nobody would notice a folder that only its owner may enter."""
    option = mounted(tmp_path, "start-notebook.d")
    tmp_path.chmod(0o700)
    assert (
        "start-notebook.d are left out: uid 1000 cannot read" in run("true", options=option).stderr
    )
