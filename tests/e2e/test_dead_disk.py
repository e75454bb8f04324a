"""A disk that does not answer, or a pipe that nobody writes, blocks nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from jupyter_codeserver_proxy.assets.files import find_root
from jupyter_codeserver_proxy.assets.workbench import first_load
from tests.e2e.conftest import status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Lab, StartLab

PATIENCE = 60
_FUSE = Path("/dev/fuse")


@pytest.fixture
def dead_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system whose server never answers, like a network disk that is down."""
    folder = tmp_path / "dead"
    folder.mkdir()
    if not os.access(_FUSE, os.R_OK | os.W_OK):
        pytest.skip("no file system can be served here (needs root and /dev/fuse)")
    server = os.open(_FUSE, os.O_RDWR)
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0"
    mount = [
        shutil.which("mount") or "mount",
        "-i",
        "-t",
        "fuse",
        "-o",
        options,
        "dead",
        str(folder),
    ]
    if subprocess.run(mount, pass_fds=[server], check=False, capture_output=True).returncode:
        os.close(server)
        pytest.skip("a file system cannot be mounted here (needs root)")
    try:
        yield folder
    finally:
        os.close(server)  # fails whatever still waits for the disk
        subprocess.run([shutil.which("umount") or "umount", "--lazy", folder], check=True)


def order(lab: Lab, what: str) -> dict[str, Any]:
    """Post to the status API, and return the status."""
    answer = requests.post(lab.page(f"api/codeserver/{what}"), timeout=PATIENCE)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def until_ready(lab: Lab) -> dict[str, Any]:
    """Wait until code-server is ready, and return the status."""
    deadline = time.monotonic() + PATIENCE
    while (found := status(lab))["state"] != "ready":
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def end(lab: Lab) -> None:
    """Check that Jupyter ends when it is told to."""
    lab.process.terminate()
    lab.process.wait(20)
    assert "Traceback" not in lab.log.read_text()


def test_a_pipe_among_the_reports_holds_nothing_up(start_lab: StartLab) -> None:
    """If a student creates one there, status, restart, stop and Jupyter's end still work."""
    lab = start_lab()
    order(lab, "start")
    before = until_ready(lab)
    os.mkfifo(Path(before["socket"]).with_name("reports") / "x.json")
    assert status(lab)["state"] == "ready"
    assert requests.get(lab.page("api/codeserver/assets"), timeout=PATIENCE).ok
    order(lab, "restart")
    after = until_ready(lab)
    assert after["pid"] != before["pid"]
    os.mkfifo(Path(after["socket"]).with_name("reports") / "x.json")
    assert order(lab, "stop")["state"] == "stopped"
    end(lab)


@pytest.mark.slow
def test_a_start_that_waits_for_a_dead_disk_can_be_stopped(
    start_lab: StartLab, dead_disk: Path
) -> None:
    """It can be stopped repeatedly; afterwards Jupyter ends when it is told to."""
    lab = start_lab(f"--CodeServer.working_folder={dead_disk / 'work'}")
    for _ in range(2):
        assert order(lab, "start")["state"] == "starting"
        assert order(lab, "stop")["state"] == "stopped"
    order(lab, "start")
    deadline = time.monotonic() + PATIENCE
    while (found := status(lab))["state"] == "starting":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "does not answer" in found["failure"]["what"]  # no thread is left to ask the disk
    end(lab)


@pytest.mark.slow
def test_assets_on_a_dead_disk_come_from_code_server(
    start_lab: StartLab, dead_disk: Path, tmp_path: Path, code_server: Path
) -> None:
    """With a dead home, VS Code's files come late, and Jupyter's responses are not delayed."""
    root = find_root(code_server)
    assert root
    own = {"XDG_CACHE_HOME": str(tmp_path / "cache")}  # code-server itself needs the home
    lab = start_lab(f"--CodeServer.environment={own}", XDG_CACHE_HOME=str(dead_disk / "cache"))
    order(lab, "start")
    until_ready(lab)
    address = lab.page(f"codeserver/stable-{root.commit}/static/{first_load.WORKBENCH}")
    answer = requests.get(address, timeout=PATIENCE)
    assert (answer.status_code, "immutable" in answer.headers["Cache-Control"]) == (200, False)
    assert status(lab)["state"] == "ready"
    ahead = requests.get(lab.page("api/codeserver/assets"), timeout=PATIENCE)
    assert ahead.json() == {"assets": []}
    end(lab)
