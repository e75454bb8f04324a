"""VS Code completes, checks and runs programs."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.vscode import command, explorer_row, until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page

    from tests.e2e.conftest import Lab


@pytest.fixture
def vscode(lab: Lab, context: BrowserContext) -> Page:
    """Open VS Code and wait until the explorer shows the files."""
    page = context.new_page()
    page.goto(lab.page("codeserver/"))
    expect(explorer_row(page, "temperature.py")).to_be_visible()
    return page


def open_file(page: Page, name: str) -> Locator:
    """Open a file and return its text."""
    explorer_row(page, name).dblclick()
    text = page.locator(".monaco-editor .view-lines").first
    expect(text).to_be_visible()
    return text


def append(page: Page, text: Locator, added: str) -> None:
    """Type at the end of the file."""
    text.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(added)


def suggestion(page: Page, name: str) -> Locator:
    """Return a row of the list of completions."""
    return page.locator(".suggest-widget.visible .monaco-list-row", has_text=name)


def run(page: Page) -> None:
    """Click the button that runs the open file."""
    page.locator(".editor-actions .codicon-play").click()


def test_python_is_checked_completed_and_run(lab: Lab, vscode: Page) -> None:
    """An undefined name is an error, methods are completed, and the file runs in a terminal."""
    text = open_file(vscode, "temperature.py")
    append(vscode, text, "\nx = undefined_name")
    expect(vscode.locator(".squiggly-error").first).to_be_visible()
    vscode.keyboard.type('\n"".isal')
    expect(suggestion(vscode, "isalpha").first).to_be_visible()
    vscode.keyboard.press("Escape")
    vscode.keyboard.press("Control+a")
    vscode.keyboard.type("import sys\nopen('python', 'w').write(sys.executable)\n")
    run(vscode)
    answer = lab.root / "python"
    until(lambda: answer.exists() and answer.read_text() != "", vscode)
