"""VS Code in a browser, as a test looks at it and works in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import TimeoutError, expect  # noqa: A004 -- Playwright's name

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page


def explorer_row(page: Page, name: str) -> Locator:
    """The row of a file in VS Code's explorer."""
    return page.locator(".explorer-folders-view .monaco-list-row", has_text=name)


def command(page: Page, name: str) -> None:
    """Runs a command of the command palette, once VS Code offers it here."""
    row = page.locator(".quick-input-list .monaco-list-row", has_text=name).first
    for _ in range(20):
        page.keyboard.press("F1")
        try:
            page.locator(".quick-input-widget input[type=text]").fill(f">{name}", timeout=3000)
            row.click(timeout=3000)
        except TimeoutError:  # it has gone again, or shows what was possible when it was opened
            page.keyboard.press("Escape")
        else:
            return
    pytest.fail(f"VS Code does not offer {name!r}")


def choose(page: Page, row: Locator, name: str) -> None:
    """Chooses an entry of a row's context menu, once extensions have put it there."""
    item = page.locator(".monaco-menu .action-label", has_text=name)
    for _ in range(20):
        row.click(button="right")
        try:
            item.wait_for(timeout=3000)
        except TimeoutError:  # the menu shows what was possible when it was opened
            page.keyboard.press("Escape")
        else:
            item.hover()
            page.keyboard.press("Enter")  # in its first 0.1 s a menu does not hear the mouse
            return
    pytest.fail(f"VS Code's menu does not offer {name!r}")


def offers(page: Page, name: str) -> bool:
    """Whether the command palette has a command of this name now."""
    page.keyboard.press("F1")
    page.locator(".quick-input-widget input[type=text]").fill(f">{name}")
    expect(page.locator(".quick-input-list .monaco-list-row").first).to_be_visible()
    rows = page.locator(".quick-input-list .monaco-list-row", has_text=name)
    found = rows.count() > 0
    page.keyboard.press("Escape")
    return found


def until(condition: Callable[[], bool], page: Page) -> None:
    """Waits, with the browser alive, until something outside of it is so."""
    for _ in range(600):
        if condition():
            return
        page.wait_for_timeout(50)
    pytest.fail("waited for 30 s in vain")


def type_in_terminal(page: Page, line: str) -> None:
    """Opens a new terminal and types a line into it."""
    command(page, "Terminal: Create New Terminal")
    terminal = page.locator(".terminal-wrapper.active .xterm-helper-textarea")
    expect(terminal).to_be_attached()
    terminal.focus()
    page.keyboard.type(f"{line}\n")
