"""`code-server FILE` in a terminal opens the file in the open VS Code window."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import TimeoutError, expect  # noqa: A004 -- Playwright's name

from tests.e2e.vscode import explorer_row, type_in_terminal, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Page

    from tests.e2e.conftest import Lab, StartLab


@pytest.fixture
def home() -> Iterator[Path]:
    """Return a home with a short path, as the path of a socket in it is limited."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def open_terminal(lab: Lab, context: BrowserContext) -> Page:
    """Open a JupyterLab terminal and focus it."""
    page = context.new_page()
    page.goto(lab.page("lab?reset"))
    page.locator(".jp-LauncherCard", has_text="Terminal").click()
    prompt = page.locator(".jp-Terminal .xterm-helper-textarea")
    expect(prompt).to_be_attached()
    prompt.focus()
    page.keyboard.type(f"cd '{lab.root}'\n")
    return page


@pytest.mark.slow
def test_a_terminal_opens_a_file_in_the_window(
    start_lab: StartLab, context: BrowserContext, code_server: Path, home: Path
) -> None:
    """JupyterLab's and VS Code's terminals do. Without a window it says so and starts nothing."""
    lab = start_lab(HOME=str(home))
    terminal = open_terminal(lab, context)
    terminal.keyboard.type(f"{code_server} primes.cpp > part 2>&1; mv part said\n")
    said = lab.root / "said"
    until(said.exists, terminal)
    assert "No window of VS Code is open" in said.read_text()
    assert "listening" not in said.read_text()

    window = context.new_page()
    window.goto(lab.page("codeserver/"))
    expect(explorer_row(window, "temperature.py")).to_be_visible()
    tab = window.locator(".tab.active", has_text="primes.cpp")
    for _ in range(20):  # extensions register the window, and have only just started
        terminal.bring_to_front()
        terminal.keyboard.type(f"{code_server} primes.cpp:2\n")
        window.bring_to_front()
        with suppress(TimeoutError):
            tab.wait_for(timeout=5000)
            break
    expect(window.locator("#status\\.editor\\.selection")).to_contain_text("Ln 2")
    type_in_terminal(window, "code-server temperature.py")
    expect(window.locator(".tab.active", has_text="temperature.py")).to_be_visible()
