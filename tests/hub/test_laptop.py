"""`make hub` starts a real JupyterHub with the values: a student, VS Code, the culler."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import requests
from playwright.async_api import async_playwright, expect

from tests.hub.conftest import (
    PASSWORD,
    START,
    Student,
    end_servers,
    free_ports,
    has_opened,
    of_students,
    open_file,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from playwright.async_api import Page

    Play = Callable[[Student], Awaitable[None]]

pytestmark = pytest.mark.hub

NOTICE = 15  # seconds that a Spot node gives pods
NEW = "File: New Untitled Text File"
CHECKOUT = Path(__file__).parents[2]


@dataclass
class Laptop:
    """The part of the hub that a student needs."""

    url: str
    folder: Path

    def home(self, student: str) -> Path:
        """Return a student's home."""
        return self.folder / "homes" / student

    def text(self, student: str) -> str:
        """Return the content of a student's long file."""
        return self.home(student).joinpath("long.txt").read_text()

    def has_kept(self, student: str, text: str) -> bool:
        """Return whether hot exit has kept an unsaved text."""
        kept = self.home(student).rglob("Backups/**/*")
        return any(text in file.read_text(errors="replace") for file in kept if file.is_file())

    def make_home(self, student: str) -> None:
        """Give a student a home with a long file in it."""
        self.home(student).mkdir(parents=True)
        text = "".join(f"line {number}\n" for number in range(2000))
        self.home(student).joinpath("long.txt").write_text(text)


@pytest.fixture
def laptop(code_server: Path, tmp_path: Path) -> Iterator[Laptop]:
    """Run the hub as `make hub` does, on free ports."""
    program = CHECKOUT / ".venv/laptop/bin/jupyterhub"
    if not program.is_file():
        pytest.fail(f"no {program}: run `make hub-test`", pytrace=False)
    proxy, api, hub = free_ports(3)
    variables = {
        "CODE_SERVER": str(code_server),
        "HUB_ENVIRONMENT": "staging",
        "HUB_FOLDER": str(tmp_path),
        "HUB_PASSWORD": PASSWORD,
        "HUB_PORT": str(hub),
        "HUB_PROXY_API": f"http://127.0.0.1:{api}",
        "HUB_URL": f"http://127.0.0.1:{proxy}",
    }
    command = [str(program), "-f", str(CHECKOUT / "z2jh/laptop/jupyterhub_config.py")]
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


@pytest.fixture
def play(laptop: Laptop, chromium: str) -> Callable[[Play], None]:
    """Run a scenario with a student called Alice and her browser."""

    async def run(scenario: Play) -> None:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox"]
            )
            await scenario(await Student.arrive("alice", laptop, browser))
            await browser.close()

    return lambda scenario: asyncio.run(asyncio.wait_for(run(scenario), 300))


async def _saved(laptop: Laptop, text: str) -> None:
    while text not in laptop.text("alice"):  # noqa: ASYNC110 -- a file has no Event
        await asyncio.sleep(0.1)


def _is_first(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):  # the student's tools come and go
        return "jupyterhub-singleuser" in " ".join(process.cmdline())
    return False


async def _ended(servers: list[psutil.Process]) -> None:
    while any(_runs(server) for server in servers):  # noqa: ASYNC110 -- nor has a process
        await asyncio.sleep(0.1)


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


async def _picture(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=f"{folder}/laptop-{name}.png")


def test_a_student_logs_in_and_works_in_vs_code(
    laptop: Laptop, play: Callable[[Play], None]
) -> None:
    """Login page, JupyterLab, tile and a saved file work, and the values' culler runs."""

    async def scenario(alice: Student) -> None:
        lab = await alice.login("lab")
        tile = lab.locator(".jp-LauncherCard", has_text="VS Code")
        await expect(tile).to_be_visible(timeout=60_000)
        await _picture(lab, "launcher")
        async with alice.context.expect_page() as opened:
            await tile.click()
        vscode = await opened.value
        await has_opened(vscode)
        await open_file(vscode)
        await vscode.keyboard.press("Control+Home")
        await vscode.keyboard.type("typed on a laptop ")
        await vscode.keyboard.press("Control+s")
        await _saved(laptop, "typed on a laptop")
        await _picture(vscode, "vscode")

    play(scenario)
    log = (laptop.folder / "hub.log").read_text()
    assert "--timeout=3600" in log
    assert "--cull-every=300" in log
    assert "Using Proxy: builtins.ProxyWithoutClock" in log


def test_a_student_whose_machine_is_taken_back_loses_no_text(
    laptop: Laptop, play: Callable[[Play], None]
) -> None:
    """All ends within a Spot node's 15 s; the page says why, and a click brings it back.

    Nobody saves: what was typed into a file is in it, what was in no file yet is in its editor.
    """

    async def scenario(alice: Student) -> None:
        vscode = await alice.vscode()
        await open_file(vscode)
        await vscode.keyboard.press("Control+Home")
        await vscode.keyboard.type("never saved by hand ")
        await _saved(laptop, "never saved by hand")
        await vscode.keyboard.press("F1")
        await vscode.locator(".quick-input-widget input[type=text]").fill(f">{NEW}")
        await vscode.locator(".quick-input-list .monaco-list-row", has_text=NEW).first.click()
        await expect(vscode.locator(".tab", has_text="Untitled-1")).to_be_visible()
        await vscode.keyboard.type("not even a file")
        while not laptop.has_kept("alice", "not even a file"):  # noqa: ASYNC110 -- likewise
            await asyncio.sleep(0.1)
        servers = of_students(laptop.home("alice"))
        await vscode.close()
        # A kubelet signals only the container's first process.
        (first,) = filter(_is_first, servers)
        first.terminate()
        await asyncio.wait_for(_ended(servers), NOTICE)

        page = await alice.context.new_page()
        told = page.get_by_text("the machine that it runs on is taken back")
        while not await told.count():
            await page.goto(f"{laptop.url}/user/alice/codeserver/")
        await _picture(page, "taken-back")
        await page.click("#start")
        await page.wait_for_url("**/user/alice/**")
        await page.goto(f"{laptop.url}/user/alice/codeserver/")
        tab = page.locator(".tab", has_text="not even a file")
        await expect(tab).to_be_visible(timeout=120_000)
        await _picture(page, "back-again")

    play(scenario)
