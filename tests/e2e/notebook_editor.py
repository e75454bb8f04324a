"""Helpers to work in VS Code's notebook editor, in a browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.e2e.vscode import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.e2e.conftest import Lab

PYTHON = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}


def write_notebook(path: Path, *cells: str, kernel: dict[str, str] | None = None) -> None:
    """Write a notebook of code cells."""
    code: dict[str, Any] = {"cell_type": "code", "metadata": {}, "execution_count": None}
    notebook = {
        "cells": [
            {**code, "id": f"cell-{number}", "outputs": [], "source": source}
            for number, source in enumerate(cells)
        ],
        "metadata": {"kernelspec": kernel or PYTHON},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook))


def open_notebook(page: Page, lab: Lab, name: str, kernel: str = "Python 3 (ipykernel)") -> None:
    """Open a notebook in a new window, and wait until it has its kernel."""
    page.goto(lab.page(f"codeserver/open/{name}"))
    expect(page.locator(".kernel-label")).to_have_text(kernel)


def cell(page: Page, number: int) -> Locator:
    """Return a cell that is in sight."""
    return page.locator(f'.cell-list-container .monaco-list-row[data-index="{number}"]')


def run_cell(page: Page, number: int, key: str = "Control+Enter") -> None:
    """Run a cell by a key."""
    cell(page, number).locator(".view-lines").click()
    page.keyboard.press(key)


def run_all(page: Page) -> None:
    """Click on Run All."""
    page.get_by_role("button", name="Run All", exact=True).click()


def outputs(page: Page) -> Locator:
    """Return what the active notebook's outputs are shown in."""
    return page.frame_locator("iframe.webview").frame_locator("iframe#active-frame").locator("body")


def saved_cells(
    page: Page, path: Path, is_complete: Callable[[list[dict[str, Any]]], bool]
) -> list[dict[str, Any]]:
    """Return the cells of a notebook's file once they are complete; VS Code saves by itself."""

    def cells() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(path.read_text())["cells"]
        return found

    until(lambda: is_complete(cells()), page)
    return cells()
