"""A real JupyterLab and a real Chromium."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import psutil
import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e.reverse_proxy import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BASE_URL = "/user/alice/"
START_TIMEOUT = 60  # seconds
EXAMPLES = Path(__file__).parents[2] / "examples"

# Keep the browser from contacting any host but ours.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
]

expect.set_options(timeout=60_000)


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab.

    Attributes:
        url: its address, which ends with the base URL.
        root: the folder that it serves.
        home: the student's home.
        process: its process.
        log: what it has written.
    """

    url: str
    token: str
    root: Path
    home: Path
    process: psutil.Process
    log: Path

    def page(self, path: str) -> str:
        """Return the address of a page, with the token."""
        return f"{self.url}{path}{'&' if '?' in path else '?'}token={self.token}"


def status(lab: Lab) -> dict[str, Any]:
    """Return what the status API answers."""
    answer = requests.get(lab.page("api/codeserver"), timeout=30)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


class StartLab(Protocol):
    """Starts a JupyterLab with further arguments and variables; it ends with the test."""

    def __call__(self, *arguments: str, **environment: str) -> Lab:
        """Return the JupyterLab once it answers."""
        ...


@contextmanager
def running_lab(folder: Path, *arguments: str, **environment: str) -> Iterator[Lab]:
    """Run a JupyterLab in a new home, in a copy of the sample workspace."""
    root, home, runtime = folder / "work {1}", folder / "home", folder / "runtime"
    shutil.copytree(EXAMPLES, root, ignore=shutil.ignore_patterns(".*"))
    home.mkdir()
    token, log = secrets.token_hex(16), folder / "jupyter.log"
    settings = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": "0",
        "ServerApp.base_url": BASE_URL,
        "ServerApp.root_dir": str(root),
        "ServerApp.open_browser": "False",
        "ServerApp.allow_root": "True",
        "IdentityProvider.token": token,
    }
    command = [
        str(Path(sys.prefix, "bin", "jupyter")),
        "lab",
        *(f"--{name}={value}" for name, value in settings.items()),
        *arguments,
    ]
    variables = {"HOME": str(home), "JUPYTER_RUNTIME_DIR": str(runtime), **environment}
    with log.open("wb") as output:
        process = psutil.Popen(
            command,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Lab(_address(process, runtime, log), token, root, home, process, log)
    finally:
        started = [process, *process.children(recursive=True)] if process.is_running() else []
        with suppress(psutil.NoSuchProcess):  # a test may have ended it
            process.terminate()
        try:
            process.wait(timeout=20)
        except psutil.TimeoutExpired:
            # Jupyter Server may wait for ever for an anyio thread if it has to end while it reads a
            # file, also without the server extension. Other tests check what ends with it.
            process.kill()
            process.wait(timeout=20)
        for straggler in started[1:]:
            with suppress(psutil.NoSuchProcess):
                straggler.kill()


def _address(process: psutil.Popen, runtime: Path, log: Path) -> str:
    description = runtime / f"jpserver-{process.pid}.json"
    deadline = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        try:
            told = json.loads(description.read_text())
            # The file is written before the server listens.
            socket.create_connection(("127.0.0.1", told["port"])).close()
            return str(told["url"])
        except (OSError, ValueError):  # noqa: PERF203 -- not there yet, or half written
            time.sleep(0.05)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}", pytrace=False)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Start a real Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def start_lab(tmp_path: Path, code_server: Path) -> Iterator[StartLab]:
    """Return a function that starts a JupyterLab for one test."""
    with ExitStack() as stack:

        def start(*arguments: str, **environment: str) -> Lab:
            found = {"JUPYTER_CODESERVER_EXECUTABLE": str(code_server)}
            return stack.enter_context(
                running_lab(tmp_path, *arguments, **{**found, **environment})
            )

        yield start


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, code_server: Path) -> Iterator[Lab]:
    """Run a JupyterLab that the tests of a module share."""
    folder = tmp_path_factory.mktemp("lab")
    with running_lab(folder, JUPYTER_CODESERVER_EXECUTABLE=str(code_server)) as lab:
        yield lab


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """Open a separate browser context; `SCREENSHOTS` may name a folder for its screenshots."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    yield context
    if folder := os.environ.get("SCREENSHOTS"):
        for number, page in enumerate(context.pages):
            page.screenshot(path=Path(folder, f"{request.node.name}-{number}.png"))
    context.close()


@pytest.fixture
def open_tile(context: BrowserContext) -> Callable[[Lab], Page]:
    """Return a function that opens JupyterLab, clicks the tile and returns the new page."""

    def open_tile(lab: Lab) -> Page:
        launcher = context.new_page()
        launcher.goto(lab.page("lab?reset"))
        tile = launcher.locator(".jp-LauncherCard", has_text="VS Code")
        with context.expect_page() as opened:
            tile.click()
        return opened.value

    return open_tile
