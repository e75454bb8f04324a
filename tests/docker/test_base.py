"""The base image is pinned by its digest, which a command gets from a registry."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import requests

from tests.docker.conftest import DOCKER, PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.image

PINNED = re.compile(r"\S+:trixie-slim@sha256:[0-9a-f]{64}")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """Run a registry on this machine and yield its address."""
    program = shutil.which("docker-registry")
    if not program:
        pytest.skip("docker-registry is not installed: the base image's lock is not renewed")
    with socket.create_server(("127.0.0.1", 0)) as sock:
        address = f"127.0.0.1:{sock.getsockname()[1]}"
    configuration = tmp_path / "registry.yml"
    configuration.write_text(
        f"version: 0.1\nhttp: {{addr: '{address}'}}\n"
        f"storage: {{filesystem: {{rootdirectory: '{tmp_path / 'storage'}'}}}}\n"
    )
    with (tmp_path / "registry.log").open("wb") as log:
        process = subprocess.Popen([program, "serve", configuration], stdout=log, stderr=log)
    try:
        _await_answer(f"http://{address}/v2/", process)
        yield address
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _await_answer(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not _answers(url):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=PATIENCE).ok
    except requests.ConnectionError:
        return False


def test_the_base_is_pinned_by_its_digest() -> None:
    """So a build today and one next year start from the same image."""
    assert PINNED.fullmatch((DOCKER / "base.lock").read_text().strip())


def test_a_command_renews_the_lock(engine: str, registry: str, tmp_path: Path) -> None:
    """It asks the registry, and the engine finds that very image by the written name."""
    name = f"{registry}/debian:trixie-slim"
    # `docker/engine base` has built or pulled one.
    present = subprocess.check_output([DOCKER / "engine", "base"], text=True).strip()
    subprocess.run([engine, "tag", present, name], check=True)
    try:
        subprocess.run([engine, "push", "--quiet", name], check=True)
        shutil.copytree(DOCKER, tmp_path / "docker")
        lock = tmp_path / "docker" / "base.lock"
        lock.write_text(f"{name}@sha256:{'0' * 64}\n")
        subprocess.run([sys.executable, tmp_path / "docker" / "lock.py", "base"], check=True)
        pinned = lock.read_text().strip()
        assert pinned.startswith(f"{name}@")
        assert PINNED.fullmatch(pinned)
        assert pinned != f"{name}@sha256:{'0' * 64}"
        subprocess.run([engine, "pull", "--quiet", pinned], check=True)
    finally:
        subprocess.run([engine, "rmi", "--force", name], check=True)
