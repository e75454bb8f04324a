"""Whatever happens to code-server, a student sees VS Code or a page that says what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psutil
import pytest
import requests
from playwright.sync_api import expect

from tests.e2e.conftest import status

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

    from tests.e2e.conftest import Lab, StartLab

WITHOUT_EXTENSION = "--ServerApp.jpserver_extensions={'jupyter_codeserver_proxy': False}"


def file_row(page: Page) -> Locator:
    """Return a file in VS Code's explorer, which shows that VS Code is open."""
    return page.locator(".explorer-folders-view .monaco-list-row", has_text="temperature.py")


def processes(lab: Lab) -> list[psutil.Process]:
    """Return code-server's processes: guard, servers, extension hosts and terminals."""
    pid = status(lab)["pid"]
    found = psutil.Process(int(str(pid)))
    return [found, *found.children(recursive=True)]


def has_ended(process: psutil.Process) -> bool:
    """Return whether a process has ended or is a zombie."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Write a code-server that fails until a file `repaired` is beside it, then runs a real one."""
    path = tmp_path / "code-server"
    path.write_text(
        '#!/bin/sh\n[ "$1" = --help ] || [ -e "$(dirname "$0")/repaired" ] && exec "$REAL" "$@"\n'
        "echo 'Error: EACCES: permission denied, mkdir /home/alice/.local' >&2\nexit 1\n"
    )
    path.chmod(0o755)
    return path


def test_the_starting_page_turns_into_vscode(start_lab: StartLab, context: BrowserContext) -> None:
    """The first click shows at once that VS Code is starting; no reload is needed."""
    lab = start_lab()
    page = context.new_page()
    answer = page.goto(lab.page("codeserver/"), wait_until="commit")
    assert answer is not None
    assert answer.status == 200
    assert "is starting" in answer.text()
    expect(file_row(page)).to_be_visible()


def test_the_failed_page_says_why_and_its_retry_works(
    start_lab: StartLab, context: BrowserContext, script: Path, code_server: Path
) -> None:
    """It shows cause, advice and log; after the repair, Retry by keyboard opens VS Code."""
    lab = start_lab(JUPYTER_CODESERVER_EXECUTABLE=str(script), REAL=str(code_server))
    page = context.new_page()
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.goto(lab.page("codeserver/"))
    expect(page.get_by_role("heading", name="could not be started")).to_be_visible()
    expect(page.locator("body")).to_contain_text("Likely cause: read-only")
    expect(page.locator("pre")).to_contain_text("EACCES: permission denied")
    page.get_by_role("button", name="Copy details").click()
    expect(page.get_by_role("status")).to_contain_text("clipboard")
    assert hosts == {lab.url.split("/")[2]}
    script.with_name("repaired").touch()
    page.get_by_role("button", name="Retry").focus()
    page.keyboard.press("Enter")
    expect(file_row(page)).to_be_visible()


@pytest.mark.slow
def test_vs_code_that_can_keep_nothing_says_so(
    start_lab: StartLab, context: BrowserContext, tmp_path: Path
) -> None:
    """In a home of another user, extensions run, and a message says what will be lost."""
    (tmp_path / "file").touch()
    lab = start_lab(f"--CodeServer.user_data_folder={tmp_path}/file/data")
    page = context.new_page()
    page.goto(lab.page("codeserver/"))
    told = page.locator(".notification-toast", has_text=f"{tmp_path}/file/data cannot be written")
    expect(told).to_be_visible()
    told.get_by_role("button", name="I see").click()
    expect(told).not_to_be_visible()


@pytest.mark.slow
def test_the_failed_page_works_without_javascript(
    start_lab: StartLab, browser: Browser, script: Path, code_server: Path
) -> None:
    """The page is readable, and Retry is a form that leads back."""
    lab = start_lab(JUPYTER_CODESERVER_EXECUTABLE=str(script), REAL=str(code_server))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(lab.page("codeserver/"))
    expect(page.get_by_role("heading", name="could not be started")).to_be_visible()
    script.with_name("repaired").touch()
    page.get_by_role("button", name="Retry").click()
    expect(page.locator("#vscode-workbench-web-configuration")).to_be_attached()  # VS Code's page
    context.close()


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1], ids=["outer", "inner"])
def test_a_killed_code_server_is_there_again_and_leaves_nothing(
    start_lab: StartLab, context: BrowserContext, victim: int
) -> None:
    """After kill -9 of its outer or inner process, a reload opens VS Code; no old one is left."""
    lab = start_lab()
    page = context.new_page()
    page.goto(lab.page("codeserver/"))
    expect(file_row(page)).to_be_visible()
    old = processes(lab)
    old[victim].kill()
    psutil.wait_procs([old[0]], timeout=30)
    page.goto(f"{lab.url}codeserver/")
    expect(file_row(page)).to_be_visible()
    _, left = psutil.wait_procs(old, timeout=30)
    assert [process for process in left if not has_ended(process)] == []
    assert processes(lab)[0] not in old


@pytest.mark.slow
def test_jupyter_killed_leaves_nothing(start_lab: StartLab, context: BrowserContext) -> None:
    """Kill -9 of Jupyter also ends code-server, its extension hosts and its terminals."""
    lab = start_lab()
    page = context.new_page()
    page.goto(lab.page("codeserver/"))
    expect(file_row(page)).to_be_visible()
    socket = status(lab)["socket"]
    below = processes(lab)
    lab.process.kill()
    _, left = psutil.wait_procs(below, timeout=30)
    assert [process for process in left if not has_ended(process)] == []
    assert socket


@pytest.mark.slow
def test_the_plain_entry_works_when_the_extension_is_off(
    start_lab: StartLab, open_tile: Callable[[Lab], Page]
) -> None:
    """With the server extension switched off, jupyter-server-proxy alone serves VS Code.

    It opens the configured folder, whatever code-server remembers of another server.
    """
    lab = start_lab(WITHOUT_EXTENSION)
    remembered = lab.home / ".local/share/code-server/coder.json"
    remembered.parent.mkdir(parents=True)
    remembered.write_text(json.dumps({"query": {"folder": "/gone"}}))
    page = open_tile(lab)
    expect(file_row(page)).to_be_visible()
    assert requests.get(lab.page("api/codeserver"), timeout=30).status_code == 404
