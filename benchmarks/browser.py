"""A browser, and how long a person who has clicked waits in it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .link import HOST
from .servers import BASE_URL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserType, Page

    from .servers import Server

_TIMEOUT = 180_000  # milliseconds

# The browser has no business with any host but this one.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}",
)

# Looked at in each frame that is painted: the workbench is there, and each file in its explorer.
_IS_READY = """
files => {
  const rows = [...document.querySelectorAll(
    ".monaco-workbench .explorer-folders-view .monaco-list-row")];
  const shown = new Set(rows.filter(row => row.offsetParent).map(row => row.textContent.trim()));
  return files.every(file => shown.has(file));
}
"""


# JupyterLab is there: the launcher, and nothing before it; gives milliseconds since the click.
_SHOWS_JUPYTERLAB = """
() => document.querySelector(".jp-LauncherCard")?.offsetParent
  && !document.querySelector("#jupyterlab-splash") && performance.now()
"""


@dataclass(frozen=True)
class Load:
    """What a person waited for, in seconds since the click.

    Attributes:
        page: the first page, whatever it shows.
        ready: the workbench, with the workspace's files.
    """

    page: float
    ready: float


@dataclass(frozen=True)
class Window:
    """A window with an empty cache."""

    page: Page

    def login(self, server: Server, port: int) -> None:
        """Have the browser know Jupyter's cookie before anybody clicks."""
        if address := server.login(port):
            answer = self.page.request.get(address)
            assert answer.ok, answer.status  # noqa: S101 -- the token is Jupyter's own

    def open(self, server: Server, port: int, files: list[str], clicked: float) -> Load:
        """Open VS Code, and wait until it is ready.

        Args:
            server: whose VS Code.
            port: where the server, or a link to it, is reached.
            files: that the explorer shows when it is ready.
            clicked: when, as `time.perf_counter` gives it.
        """
        self.page.goto(f"http://{HOST}:{port}{server.path}", wait_until="commit")
        page = time.perf_counter() - clicked
        self.page.wait_for_function(_IS_READY, arg=files, polling="raf")
        return Load(page, time.perf_counter() - clicked)

    def open_jupyterlab(self, port: int) -> float:
        """Open JupyterLab; gives the seconds until its launcher was there."""
        self.page.goto(f"http://{HOST}:{port}{BASE_URL}lab?reset", wait_until="commit")
        shown = self.page.wait_for_function(_SHOWS_JUPYTERLAB, polling="raf")
        return float(shown.json_value()) / 1000


@contextmanager
def window(chromium: BrowserType, executable: str) -> Iterator[Window]:
    """A new browser, until the block ends."""
    with chromium.launch(executable_path=executable, args=_ARGUMENTS) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(_TIMEOUT)
        yield Window(page)
        page.goto("about:blank")  # VS Code says good-bye, so that its extension host ends
