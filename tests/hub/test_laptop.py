"""`make hub`: a real JupyterHub with the values of the real one, a student, VS Code, the culler."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from playwright.async_api import async_playwright

from tests.hub.conftest import (
    PASSWORD,
    START,
    Student,
    end_servers,
    free_ports,
    has_opened,
    open_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.hub

CONFIGURATION = Path(__file__).parents[2] / "z2jh/laptop/jupyterhub_config.py"


@dataclass
class Laptop:
    """What a student needs to know of the hub."""

    url: str
    folder: Path

    def home(self, student: str) -> Path:
        """A student's home."""
        return self.folder / "homes" / student

    def make_home(self, student: str) -> None:
        """Give a student a home with a long file in it."""
        self.home(student).mkdir(parents=True)
        text = "".join(f"line {number}\n" for number in range(2000))
        self.home(student).joinpath("long.txt").write_text(text)


@pytest.fixture
def laptop(
    hub_environments: dict[str, Path], code_server: Path, tmp_path: Path
) -> Iterator[Laptop]:
    """The hub as `make hub` starts it, with ports that are free."""
    proxy, api, hub = free_ports(3)
    environment = hub_environments["5"]
    variables = {
        "CODE_SERVER": str(code_server),
        "HUB_ENVIRONMENT": "staging",
        "HUB_FOLDER": str(tmp_path),
        "HUB_PASSWORD": PASSWORD,
        "HUB_PORT": str(hub),
        "HUB_PROXY_API": f"http://127.0.0.1:{api}",
        "HUB_URL": f"http://127.0.0.1:{proxy}",
    }
    command = [str(environment / "bin/jupyterhub"), "-f", str(CONFIGURATION)]
    with tmp_path.joinpath("hub.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(process, f"{variables['HUB_URL']}/hub/api/", tmp_path / "hub.log")
        yield Laptop(variables["HUB_URL"], tmp_path)
    finally:
        process.terminate()
        process.wait(timeout=START)
        end_servers(tmp_path)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(requests.RequestException):
            if requests.get(url, timeout=5).ok:
                return
        time.sleep(0.1)
    pytest.fail(f"JupyterHub did not start:\n{log.read_text()}", pytrace=False)


def test_a_student_logs_in_and_works_in_vs_code(laptop: Laptop, chromium: str) -> None:
    """The login page, JupyterLab, the tile, a saved file; the culler of the values is at work."""

    async def scenario() -> None:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox"]
            )
            alice = await Student.arrive("alice", laptop, browser)  # type: ignore[arg-type]
            lab = await alice.login("lab")
            tile = lab.locator(".jp-LauncherCard", has_text="VS Code")
            async with alice.context.expect_page() as opened:
                await tile.first.click()
            vscode = await opened.value
            await has_opened(vscode)
            await open_file(vscode)
            await vscode.keyboard.press("Control+Home")
            await vscode.keyboard.type("typed on a laptop ")
            await vscode.keyboard.press("Control+s")
            while "typed on a laptop" not in laptop.home("alice").joinpath("long.txt").read_text():  # noqa: ASYNC110 -- of a file there is no Event
                await asyncio.sleep(0.1)
            await browser.close()

    asyncio.run(asyncio.wait_for(scenario(), 300))
    log = (laptop.folder / "hub.log").read_text()
    assert "--timeout=3600" in log
    assert "--cull-every=300" in log
