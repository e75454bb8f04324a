"""Programs are debugged in VS Code, by the extensions that it has built in."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from jupyter_codeserver_proxy.assets.files import find_root
from tests.e2e.test_first_screen import opened
from tests.e2e.vscode import explorer_row, offers, until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext

    from tests.e2e.conftest import StartLab

pytestmark = pytest.mark.slow


def test_a_javascript_program_is_debugged(
    start_lab: StartLab, context: BrowserContext, code_server: Path
) -> None:
    """It stops at a breakpoint and goes on, by a launch.json of type node."""
    lab = start_lab()
    installation = find_root(code_server)
    assert installation
    program = lab.root / "sum.js"
    program.write_text("let sum = 40 + 2;\ndebugger;\nconsole.log(`the sum is ${sum}`);\n")
    launch = {
        "type": "node",
        "request": "launch",
        "name": "Sum",
        "program": str(program),
        "runtimeExecutable": str(installation.root / "lib/node"),
        "console": "internalConsole",
    }
    folder = lab.root / ".vscode"
    folder.mkdir()
    (folder / "launch.json").write_text(json.dumps({"configurations": [launch]}))
    page = opened(lab, context)
    explorer_row(page, "sum.js").dblclick()
    expect(page.locator(".view-line", has_text="debugger")).to_be_visible()
    # Extensions' commands come together: the debugger's is there by then.
    until(lambda: offers(page, "Debug: Toggle Auto Attach"), page)
    page.locator(".view-line", has_text="debugger").click()
    page.keyboard.press("F5")
    page.locator(".activitybar .action-label[aria-label^='Run and Debug']").click()
    variables = page.locator(".debug-variables .monaco-list-row")
    expect(variables.filter(has_text=re.compile(r"^sum\s*=\s*42$"))).to_be_visible()
    page.keyboard.press("F5")
    until(lambda: page.get_by_text("the sum is 42").count() > 0, page)
