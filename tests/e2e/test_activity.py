"""VS Code's reports of use and jobs reach Jupyter, and an unused VS Code is stopped."""

from __future__ import annotations

import shutil
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from playwright.sync_api import expect

from tests.e2e.conftest import status
from tests.e2e.vscode import command, explorer_row, type_in_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page

    from tests.e2e.conftest import Lab, StartLab

PATIENCE = 180
# VS Code treats a window as active until a minute after it was last touched.
LEFT_ALONE = timedelta(seconds=60)


def until(lab: Lab, page: Page, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Wait until the status meets a condition, and let the browser run meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while not condition(found := status(lab)):
        assert time.monotonic() < deadline, found
        page.wait_for_timeout(500)
    return found


def vscode(lab: Lab, context: BrowserContext) -> Page:
    """Open VS Code and wait until it is ready."""
    page = context.new_page()
    page.goto(lab.page("codeserver/"))
    expect(explorer_row(page, "temperature.py")).to_be_visible()
    return page


def used(found: dict[str, Any]) -> datetime:
    """Return when VS Code was last in use."""
    return datetime.fromisoformat(found["last_activity"])


def jupyters(lab: Lab) -> datetime:
    """Return when the server was last in use, as Jupyter's own API says."""
    found = requests.get(lab.page("api/status"), timeout=30).json()["last_activity"]
    return datetime.fromisoformat(found.replace("Z", "+00:00"))


@pytest.mark.slow
def test_a_running_job_in_a_terminal_counts(start_lab: StartLab, context: BrowserContext) -> None:
    """A job counts with the window open and with the browser closed, until it ends."""
    lab = start_lab()
    page = vscode(lab, context)
    type_in_terminal(page, "sleep 1000")
    found = until(lab, page, lambda found: found["activity"] == "terminal: running job")
    assert datetime.now(timezone.utc) - used(found) < timedelta(seconds=30)
    page.keyboard.press("Control+c")
    until(lab, page, lambda found: used(found) < datetime.now(timezone.utc) - timedelta(seconds=2))
    page.keyboard.type("sleep 1000\n")
    until(lab, page, lambda found: used(found) > datetime.now(timezone.utc) - timedelta(seconds=1))
    page.close()
    idle = context.new_page()
    before = used(status(lab))
    until(lab, idle, lambda found: used(found) > before + timedelta(seconds=20))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Task", "Debugger"])
def test_what_vscode_runs_counts(
    start_lab: StartLab, context: BrowserContext, tmp_path: Path, kind: str
) -> None:
    """A task and a debug session count, as VS Code's API reports them."""
    extensions = tmp_path / "extensions"
    shutil.copytree(Path(__file__).with_name("jobs_extension"), extensions / "test.jobs-1.0.0")
    lab = start_lab(f"--CodeServer.extensions_folder={extensions}")
    page = vscode(lab, context)
    command(page, f"Start a Job: {kind}")
    until(lab, page, lambda found: found["activity"] == f"{kind.lower()}: running job")
    command(page, "End All Jobs")
    until(lab, page, lambda found: used(found) < datetime.now(timezone.utc) - timedelta(seconds=2))


@pytest.mark.slow
def test_a_page_that_is_merely_open_ages(start_lab: StartLab, context: BrowserContext) -> None:
    """Scrolling counts as use, although VS Code ignores it; an untouched page does not."""
    lab = start_lab()
    text = "".join(f"line {number}\n" for number in range(2000))
    (lab.root / "long.txt").write_text(text)
    page = vscode(lab, context)
    explorer_row(page, "long.txt").dblclick()
    expect(page.locator(".monaco-editor .view-lines").first).to_contain_text("line 3")
    age = LEFT_ALONE + timedelta(seconds=20)
    until(lab, page, lambda found: datetime.now(timezone.utc) - used(found) > age)
    page.locator(".monaco-editor").first.hover()
    page.mouse.wheel(0, 500)
    found = until(lab, page, lambda found: datetime.now(timezone.utc) - used(found) < LEFT_ALONE)
    assert found["activity"] == "a person"
    until(lab, page, lambda found: datetime.now(timezone.utc) - used(found) > age)
    assert jupyters(lab) < datetime.now(timezone.utc) - LEFT_ALONE


@pytest.mark.slow
def test_an_unused_vscode_is_stopped_and_keeps_unsaved_work(
    start_lab: StartLab, context: BrowserContext
) -> None:
    """Stopping frees its memory. The next click starts it, says so, and the typed text is there."""
    lab = start_lab("--CodeServer.idle_timeout=20")
    page = vscode(lab, context)
    command(page, "File: New Untitled Text File")
    page.keyboard.type("nobody has saved this")
    until(lab, page, lambda found: found["state"] == "stopped")
    found = status(lab)
    assert (found["pid"], found["memory"], found["failure"]) == (None, None, None)
    page.close()
    page = context.new_page()
    page.goto(lab.page("codeserver/"))
    expect(page.get_by_text("to free memory")).to_be_visible()
    expect(explorer_row(page, "temperature.py")).to_be_visible()
    expect(page.locator(".monaco-editor .view-lines").first).to_contain_text("nobody")
