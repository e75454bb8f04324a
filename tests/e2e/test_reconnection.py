"""An open window recovers when code-server or Jupyter restarts."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest
import requests
from playwright.sync_api import expect

from tests.e2e.conftest import status
from tests.e2e.vscode import command, explorer_row, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from playwright.sync_api import BrowserContext, Dialog, Page

    from tests.e2e.conftest import Lab, StartLab

TEXT = "in no file yet"


def open_window(lab: Lab, context: BrowserContext) -> Page:
    """Open VS Code with a file, and with unsaved text that hot exit has kept."""
    page = context.new_page()
    page.goto(lab.page("codeserver/"))
    explorer_row(page, "primes.cpp").dblclick()
    expect(page.locator(".tab", has_text="primes.cpp")).to_be_visible()
    command(page, "File: New Untitled Text File")
    expect(page.locator(".tab", has_text="Untitled-1")).to_be_visible()
    page.keyboard.type(TEXT)
    until(lambda: is_kept(lab, TEXT), page)
    page.evaluate("window.isOld = true")
    return page


def is_kept(lab: Lab, text: str) -> bool:
    """Return whether hot exit has kept an unsaved text."""
    files = filter(lambda it: it.is_file(), lab.home.rglob("Backups/**/*"))
    return any(text in file.read_text(errors="replace") for file in files)


def expect_window(page: Page) -> None:
    """Check that the window has reloaded by itself and shows the same."""
    page.wait_for_function("!window.isOld", timeout=60_000)
    expect(explorer_row(page, "temperature.py")).to_be_visible()
    expect(page.locator(".tab", has_text="primes.cpp")).to_be_visible()
    expect(page.locator(".tab.active", has_text=TEXT)).to_be_visible()
    expect(page.locator(".monaco-dialog-box")).to_have_count(0)


def give_order(lab: Lab, order: str) -> None:
    """Post to the status API, as JupyterLab does for a person."""
    requests.post(lab.page(f"api/codeserver/{order}"), timeout=30).raise_for_status()


@contextmanager
def killed(lab: Lab) -> Iterator[None]:
    """Kill code-server; the next request starts it again."""
    psutil.Process(status(lab)["pid"]).kill()
    yield


@contextmanager
def restarted(lab: Lab) -> Iterator[None]:
    """Restart VS Code as JupyterLab does."""
    give_order(lab, "restart")
    yield


@contextmanager
def jupyter_restarted(lab: Lab) -> Iterator[None]:
    """Kill Jupyter, and start it again on the same port."""
    command, environment = lab.process.cmdline(), lab.process.environ()
    port = lab.url.split(":")[2].partition("/")[0]
    lab.process.kill()
    while lab.process.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.05)
    again = [word.replace("ServerApp.port=0", f"ServerApp.port={port}") for word in command]
    with lab.log.open("ab") as log:
        process = subprocess.Popen(again, env=environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()  # its code-server ends with it
        process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("event", [killed, restarted, jupyter_restarted])
def test_an_open_window_is_back_without_a_click(
    start_lab: StartLab,
    context: BrowserContext,
    event: Callable[[Lab], AbstractContextManager[None]],
) -> None:
    """It has its folder, its editors and its unsaved text."""
    lab = start_lab()
    page = open_window(lab, context)
    with event(lab):
        expect_window(page)


@pytest.mark.slow
def test_what_is_typed_meanwhile_is_not_thrown_away(
    start_lab: StartLab, context: BrowserContext
) -> None:
    """It cannot be kept while code-server is away, so the browser asks before a reload."""
    lab = start_lab()
    page = open_window(lab, context)
    asked = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    give_order(lab, "stop")
    page.keyboard.type(" and kept nowhere")
    give_order(lab, "start")
    until(lambda: len(asked) > 0, page)
    assert asked == ["beforeunload"]
    assert page.evaluate("window.isOld")
    expect(page.locator(".tab.active", has_text="kept nowhere")).to_be_visible()
