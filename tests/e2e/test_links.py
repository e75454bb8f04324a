"""An instructor's link shows a file in its own editor, even the first time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from jupyter_codeserver_proxy.codeserver import shared_extensions
from tests.e2e.vscode import command
from tests.vsix import make_vsix

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page

    from tests.e2e.conftest import StartLab

# The manifest and code of an extension with a custom editor.
BOARDS = {
    "main": "./boards.js",
    "contributes": {
        "customEditors": [
            {
                "viewType": "boards",
                "displayName": "Board",
                "selector": [{"filenamePattern": "*.board"}],
            }
        ]
    },
}
SHOWS = """
const { window } = require("vscode");
const provider = {
  resolveCustomTextEditor(_document, panel) { panel.webview.html = "<h1>A board</h1>"; },
};
exports.activate = () => window.registerCustomEditorProvider("boards", provider);
"""

# Records every kind of editor that appears, in order.
WATCH = """
window.editors = new Set();
const kinds = {
  ".notebook-editor": "notebook",
  ".editor-instance > .monaco-editor": "text",
  ".webview.ready": "extension",
};
new MutationObserver(() => {
  for (const [selector, kind] of Object.entries(kinds))
    if (document.querySelector(selector)) window.editors.add(kind);
}).observe(document, { childList: true, subtree: true });
"""

# Simulates a slow machine, where VS Code reads the extensions' contributions late.
NEVER_IDLE = """
window.requestIdleCallback = (todo) =>
  setTimeout(todo, 20_000, { didTimeout: true, timeRemaining: () => 1 });
"""


def follow(context: BrowserContext, address: str) -> Page:
    """Return the page that a link opens in a new browser context."""
    page = context.new_page()
    page.add_init_script(WATCH)
    page.add_init_script(NEVER_IDLE)
    page.goto(address)
    return page


def shown(page: Page) -> tuple[list[str], list[str]]:
    """Return the open editors and all kinds that have appeared, once nothing changes."""
    command(page, "File: New Untitled Text File")
    expect(page.locator(".tab", has_text="Untitled-1")).to_be_visible()
    names = page.locator(".tab").evaluate_all("tabs => tabs.map(it => it.dataset.resourceName)")
    return names[:-1], page.evaluate("[...window.editors].slice(0, -1)")


def test_a_notebook_is_a_notebook_at_once(start_lab: StartLab, context: BrowserContext) -> None:
    """In a new home and browser, with nothing running yet, it never appears as text."""
    lab = start_lab()
    page = follow(context, lab.page("codeserver/open/dice.ipynb"))
    expect(page.locator(".notebook-editor .cell-list-container")).to_be_visible()
    assert shown(page) == (["dice.ipynb"], ["notebook"])


@pytest.mark.slow
def test_a_file_has_the_editor_of_its_extension_at_once(
    start_lab: StartLab, context: BrowserContext, tmp_path: Path
) -> None:
    """A shared extension contributes it; a text file still opens as text, at the link's line."""
    vsix = make_vsix(tmp_path, described=json.dumps(BOARDS), **{"extension/boards.js": SHOWS})
    shared = tmp_path / "shared"
    shared_extensions.install(vsix, shared, platform="any")
    lab = start_lab(f"--CodeServer.shared_extensions_folder={shared}")
    (lab.root / "week 1.board").write_text("to do\n")
    page = follow(context, lab.page("codeserver/open/week%201.board"))
    board = page.frame_locator("iframe.webview.ready").frame_locator("#active-frame")
    expect(board.get_by_role("heading", name="A board")).to_be_visible()
    assert shown(page) == (["week 1.board"], ["extension"])

    page = follow(context, f"{lab.url}codeserver/open/temperature.py?line=3")
    expect(page.locator("#status\\.editor\\.selection")).to_contain_text("Ln 3")
