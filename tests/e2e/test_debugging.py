"""A student debugs a program with F5, without launch.json."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import TimeoutError, expect  # noqa: A004 -- Playwright's name

from tests.e2e.vscode import command

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page

    from tests.e2e.conftest import Lab


def stop_at(lab: Lab, context: BrowserContext, file: str, line: int) -> Page:
    """Open a file, set a breakpoint, start debugging, and return the page once it has stopped."""
    page = context.new_page()
    page.goto(lab.page(f"codeserver/open/{file}?line={line}"))
    expect(page.locator("#status\\.editor\\.selection")).to_contain_text(f"Ln {line}")
    set_breakpoint(page)
    page.keyboard.press("F5")
    # A compiler and a debugger start before.
    expect(page.locator(".debug-toolbar .codicon-debug-continue")).to_be_visible(timeout=180_000)
    return page


def set_breakpoint(page: Page) -> None:
    """Set a breakpoint at the cursor, once VS Code knows that the language has a debugger."""
    for _ in range(10):
        command(page, "Debug: Toggle Breakpoint")
        try:
            page.locator(".codicon-debug-breakpoint").first.wait_for(timeout=6000)
        except TimeoutError:  # it did not know yet
            continue
        return
    pytest.fail("VS Code sets no breakpoint")


def variable(page: Page, name: str) -> Locator:
    """Return the row of a local variable in the Variables view."""
    rows = page.locator(".debug-variables .monaco-list-row")
    scope = rows.filter(has_text="Locals")
    expect(scope).to_be_visible()
    if scope.get_attribute("aria-expanded") == "false":  # VS Code may expand it by itself
        scope.click()
    return rows.filter(has_text=re.compile(rf"^\s*{name}\b"))


def finish(page: Page) -> None:
    """Let the program run to its end."""
    page.locator(".debug-toolbar .codicon-debug-continue").click()
    expect(page.locator(".debug-toolbar")).to_be_hidden()


def test_python_stops_at_a_breakpoint_and_shows_variables(
    lab: Lab, context: BrowserContext
) -> None:
    """The Variables view has a value; the program then prints in a terminal and ends."""
    page = stop_at(lab, context, "temperature.py", 25)
    expect(variable(page, "day")).to_contain_text("'Sun'")
    expect(variable(page, "value")).to_contain_text("18.0")
    finish(page)
    expect(page.locator(".terminal-wrapper.active .xterm-rows")).to_contain_text("mean 18.1")


def gdb_speaks() -> bool:
    """Return whether the gdb of the tests' environment starts, and speaks VS Code's protocol."""
    gdb = Path(sys.prefix, "bin", "gdb")
    question = [str(gdb), "--batch", "-ex", "python import gdb.dap; print('yes')"]
    return (
        gdb.exists() and b"yes" in subprocess.run(question, capture_output=True, check=False).stdout
    )


@pytest.mark.slow
def test_cpp_is_compiled_and_stops_at_a_breakpoint(lab: Lab, context: BrowserContext) -> None:
    """F5 compiles the open file; gdb shows variables, and the program prints in a terminal."""
    if not gdb_speaks():
        pytest.skip("no gdb 14 or newer runs here, so C++ is not debugged")
    page = stop_at(lab, context, "primes.cpp", 23)
    expect(variable(page, "limit")).to_contain_text("50")
    finish(page)
    expect(page.locator(".terminal-wrapper.active .xterm-rows")).to_contain_text("2 3 5 7")
