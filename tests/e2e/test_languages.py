"""VS Code completes, checks and runs programs."""

from __future__ import annotations

import json
import re
import shutil
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from playwright.sync_api import expect

from tests.e2e.vscode import command, explorer_row, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import BrowserContext, Locator, Page

    from tests.e2e.conftest import Lab, StartLab

    OpenFile = Callable[[Lab, str], tuple[Page, Locator]]

# One long word, as VS Code's editor closes brackets and quotes while one types.
ERROR = "\nx = undefined_name"


@pytest.fixture
def open_file(context: BrowserContext) -> OpenFile:
    """Return a function that opens a file in VS Code, and returns the page and the file's text."""

    def open_file(lab: Lab, name: str) -> tuple[Page, Locator]:
        page = context.new_page()
        page.goto(lab.page(f"codeserver/open/{name}"))
        expect(page.locator(".tab.active", has_text=name)).to_be_visible()
        text = page.locator(".editor-instance .view-lines, .notebookOverlay .view-lines")
        expect(text.first).to_be_visible()
        return page, text

    return open_file


def append(page: Page, text: Locator, added: str) -> None:
    """Type at the end of the file."""
    text.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(added)


def replace(page: Page, text: Locator, whole: str) -> None:
    """Type instead of the whole file."""
    text.click()
    page.keyboard.press("Control+a")
    page.keyboard.type(whole)


def suggestion(page: Page, name: str) -> Locator:
    """Return a row of the list of completions."""
    return page.locator(".suggest-widget.visible .monaco-list-row", has_text=name)


def run(page: Page) -> None:
    """Click the button that runs the open file."""
    page.locator(".editor-actions .codicon-play").click()


def written(file: Path, page: Page) -> str:
    """Return what a program writes into a file, once it is there."""
    until(lambda: file.exists() and file.read_text() != "", page)
    return file.read_text()


def servers(lab: Lab, name: str) -> set[int]:
    """Return the processes of a language server."""
    found = set()
    for process in lab.process.children(recursive=True):
        try:
            if Path(process.cmdline()[0]).name == name:
                found.add(process.pid)
        except (psutil.NoSuchProcess, psutil.ZombieProcess, IndexError):
            continue
    return found


def test_python_is_checked_completed_and_run(lab: Lab, open_file: OpenFile) -> None:
    """An undefined name is one error, methods are completed, and the file runs in a terminal."""
    page, text = open_file(lab, "temperature.py")
    append(page, text, ERROR)
    expect(page.locator(".squiggly-error")).to_have_count(1)
    expect(page.locator(".squiggly-warning")).to_have_count(0)
    page.keyboard.type("\nCELSIUS.ite")
    expect(suggestion(page, "items").first).to_be_visible()
    page.keyboard.press("Escape")
    replace(page, text, "import sys\nopen('python', 'w').write(sys.executable)\n")
    run(page)
    assert Path(written(lab.root / "python", page)).parent == Path(sys.prefix, "bin")


def test_cpp_is_checked_completed_and_run(lab: Lab, open_file: OpenFile) -> None:
    """An undefined name is an error, methods are completed, and the file is compiled and run."""
    if not shutil.which("g++"):
        pytest.skip("g++ is not installed, so nothing is compiled")
    shutil.copy(lab.root / "primes.cpp", lab.root / "two primes.cpp")
    page, text = open_file(lab, "two primes.cpp")
    append(page, text, "\nint x = undefined_name;")
    expect(page.locator(".squiggly-error")).to_have_count(1)
    page.keyboard.type("\nauto y = primes_below(9).siz")
    expect(suggestion(page, "size").first).to_be_visible()
    page.keyboard.press("Escape")
    replace(page, text, '#include <fstream>\nint main() {\nstd::ofstream("out") << "ran";')
    run(page)
    assert written(lab.root / "out", page) == "ran"
    assert (lab.root / "two primes").exists()


def test_cells_know_the_names_of_earlier_cells(lab: Lab, open_file: OpenFile) -> None:
    """An undefined name in a cell is an error, a name of an earlier cell is completed."""
    page, cells = open_file(lab, "dice.ipynb")
    append(page, cells.nth(1), ERROR)
    expect(page.locator(".squiggly-error")).to_have_count(1)
    page.keyboard.type("\nrolls.most")
    expect(suggestion(page, "most_common").first).to_be_visible()
