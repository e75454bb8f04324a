"""Helpers to look at VS Code and work in it, in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import TimeoutError, expect  # noqa: A004 -- Playwright's name

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page


def explorer_row(page: Page, name: str) -> Locator:
    """Return the row of a file in VS Code's explorer."""
    return page.locator(".explorer-folders-view .monaco-list-row", has_text=name)


def command(page: Page, name: str) -> None:
    """Run a command of the command palette, once VS Code offers it."""
    row = page.locator(".quick-input-list .monaco-list-row", has_text=name).first
    for _ in range(20):
        page.keyboard.press("F1")
        try:
            page.locator(".quick-input-widget input[type=text]").fill(f">{name}", timeout=3000)
            row.wait_for(timeout=3000)
            # Patient, as a click that times out may have run the command all the same.
            row.click()
        except TimeoutError:  # the palette has closed, or lists commands from before
            page.keyboard.press("Escape")
        else:
            return
    pytest.fail(f"VS Code does not offer {name!r}")


def choose(page: Page, row: Locator, name: str) -> None:
    """Choose an entry of a row's context menu, once extensions have added it."""
    item = page.locator(".monaco-menu .action-label", has_text=name)
    for _ in range(20):
        row.click(button="right")
        try:
            item.wait_for(timeout=3000)
        except TimeoutError:  # the menu lists entries from before
            page.keyboard.press("Escape")
        else:
            item.hover()
            page.keyboard.press("Enter")  # for its first 0.1 s a menu ignores the mouse
            return
    pytest.fail(f"VS Code's menu does not offer {name!r}")


def offers(page: Page, name: str) -> bool:
    """Return whether the command palette now has a command of this name."""
    page.keyboard.press("F1")
    page.locator(".quick-input-widget input[type=text]").fill(f">{name}")
    expect(page.locator(".quick-input-list .monaco-list-row").first).to_be_visible()
    rows = page.locator(".quick-input-list .monaco-list-row", has_text=name)
    found = rows.count() > 0
    page.keyboard.press("Escape")
    return found


def until(condition: Callable[[], bool], page: Page) -> None:
    """Wait until a condition outside the browser holds, and let the browser run meanwhile."""
    for _ in range(600):
        if condition():
            return
        page.wait_for_timeout(50)
    pytest.fail("waited for 30 s in vain")


def type_in_terminal(page: Page, line: str) -> None:
    """Open a new terminal and type a line into it."""
    command(page, "Terminal: Create New Terminal")
    terminal = page.locator(".terminal-wrapper.active .xterm-helper-textarea")
    expect(terminal).to_be_attached()
    terminal.focus()
    page.keyboard.type(f"{line}\n")
