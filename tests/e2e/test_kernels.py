"""Notebooks run in VS Code, on the kernels that JupyterLab uses too."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import requests
from playwright.sync_api import expect

from tests.e2e.conftest import status
from tests.e2e.notebook_editor import (
    cell,
    open_notebook,
    outputs,
    run_all,
    run_cell,
    saved_cells,
    write_notebook,
)
from tests.e2e.vscode import command, until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

    from tests.e2e.conftest import Lab, StartLab

COUNT = "import time\nfor number in range({}):\n    time.sleep(0.2)\n    print('line', number)"
PICTURE = """\
from base64 import b64decode
from IPython.display import Image
Image(b64decode("R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw=="), format="gif")"""


def sessions(lab: Lab) -> list[dict[str, Any]]:
    """Return Jupyter's sessions."""
    found: list[dict[str, Any]] = requests.get(lab.page("api/sessions"), timeout=30).json()
    return found


def kernel_of(lab: Lab, name: str) -> dict[str, Any]:
    """Return the kernel of a notebook, which has one session."""
    (kernel,) = [each["kernel"] for each in sessions(lab) if each["path"] == name]
    found: dict[str, Any] = kernel
    return found


def shown_lines(page: Page) -> list[int]:
    """Return the numbers of the lines that are shown."""
    return [int(it) for it in re.findall(r"line (\d+)", outputs(page).inner_text())]


def test_a_notebook_of_the_class_runs_without_a_question(lab: Lab, context: BrowserContext) -> None:
    """One click runs all cells, even while VS Code does not know any kernel yet."""
    page = context.new_page()
    page.goto(lab.page("codeserver/open/dice.ipynb"))
    expect(cell(page, 1).locator(".view-line").first).to_be_visible()
    run_all(page)
    expect(outputs(page)).to_contain_text("7  168 ####")
    expect(page.locator(".quick-input-widget")).to_be_hidden()
    expect(cell(page, 2).locator(".execution-count-label")).to_have_text("[2]")


def test_a_variable_of_jupyterlab_is_there_in_vs_code(lab: Lab, context: BrowserContext) -> None:
    """The notebook has one session and one kernel, whoever opened it first."""
    write_notebook(lab.root / "shared.ipynb", "number = 6 * 7", "number + 1")
    jupyterlab = context.new_page()
    jupyterlab.goto(lab.page("lab/tree/shared.ipynb"))
    jupyterlab.locator(".jp-CodeCell .cm-content").first.click()
    jupyterlab.keyboard.press("Shift+Enter")
    prompt = jupyterlab.locator(".jp-CodeCell .jp-InputPrompt").first
    expect(prompt).to_have_text("[1]:")
    page = context.new_page()
    open_notebook(page, lab, "shared.ipynb")
    run_cell(page, 1)
    expect(outputs(page)).to_contain_text("43")
    kernel_of(lab, "shared.ipynb")


def test_an_interrupt_ends_a_cell_and_those_behind_it(lab: Lab, context: BrowserContext) -> None:
    """The cell shows the error of its kernel; the next one is not run. Until then it is a job."""
    write_notebook(lab.root / "endless.ipynb", COUNT.format(10_000), "print('not reached')")
    page = context.new_page()
    open_notebook(page, lab, "endless.ipynb")
    run_all(page)
    expect(outputs(page)).to_contain_text("line 1")
    until(lambda: status(lab)["activity"] == "notebook: running job", page)
    page.get_by_role("button", name="Interrupt", exact=True).click()
    expect(outputs(page)).to_contain_text("KeyboardInterrupt")
    expect(page.get_by_role("button", name="Run All", exact=True)).to_be_visible()
    expect(outputs(page)).not_to_contain_text("not reached")
    until(lambda: status(lab)["activity"] == "a person", page)


@pytest.mark.slow
def test_the_keys_of_jupyterlab_run_cells(lab: Lab, context: BrowserContext) -> None:
    """Ctrl+Enter stays in the cell, Shift+Enter goes on, Alt+Enter adds a cell."""
    write_notebook(lab.root / "keys.ipynb", "print('one', 1)", "print('two', 2)")
    page = context.new_page()
    open_notebook(page, lab, "keys.ipynb")
    run_cell(page, 0, "Control+Enter")
    expect(outputs(page)).to_contain_text("one 1")
    expect(cell(page, 0)).to_have_class(re.compile("focused"))
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Alt+Enter")
    expect(outputs(page)).to_contain_text("two 2")
    expect(cell(page, 2)).to_be_visible()
    cells = saved_cells(page, lab.root / "keys.ipynb", lambda cells: len(cells) == 3)
    assert "".join(cells[0]["source"]) == "print('one', 1)"


@pytest.mark.slow
def test_outputs_are_shown_and_saved_as_jupyter_saves_them(
    lab: Lab, context: BrowserContext
) -> None:
    """Pictures, HTML, errors, updated displays, progress bars, and what a thread prints later."""
    write_notebook(
        lab.root / "outputs.ipynb",
        PICTURE,
        "display('old', display_id='it');",
        "from IPython.display import update_display\nupdate_display('new', display_id='it')",
        "for percent in range(101): print(f'\\r{percent} %', end='')",
        "from IPython.display import HTML, clear_output\n"
        "print('cleared'); clear_output(wait=True); HTML('<b>bold</b>')",
        "import threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(1), print('la' + 'te'))).start()",
    )
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 2000})
    open_notebook(page, lab, "outputs.ipynb")
    run_all(page)
    body = outputs(page)
    expect(body.locator("img")).to_be_visible()
    expect(body.locator("b")).to_have_text("bold")
    expect(body).to_contain_text("late")
    cells = saved_cells(page, lab.root / "outputs.ipynb", lambda cells: bool(cells[5]["outputs"]))
    kinds = [[output["output_type"] for output in each["outputs"]] for each in cells]
    assert kinds == [
        ["execute_result"],
        ["display_data"],
        [],
        ["stream"],
        ["execute_result"],
        ["stream"],
    ]
    assert [each["execution_count"] for each in cells] == [1, 2, 3, 4, 5, 6]
    picture, updated, _, progress, html, late = (each["outputs"] for each in cells)
    assert picture[0]["data"]["image/gif"].startswith("R0lGODlhAQABAIAAAAAAAP")
    assert updated[0]["data"] == {"text/plain": ["'new'"]}
    assert progress[0]["text"] == ["100 %"]
    assert html[0]["data"]["text/html"] == ["<b>bold</b>"]
    assert late[0]["text"] == ["late\n"]


@pytest.mark.slow
def test_an_error_links_to_its_line(lab: Lab, context: BrowserContext) -> None:
    """The traceback is coloured, and saved as it came; the cells behind it are not run."""
    write_notebook(lab.root / "error.ipynb", "def fail():\n    return 1 / 0\nfail()", "2")
    page = context.new_page()
    open_notebook(page, lab, "error.ipynb")
    run_all(page)
    expect(outputs(page)).to_contain_text("ZeroDivisionError")
    expect(outputs(page).locator("a", has_text="line 3")).to_be_visible()
    cells = saved_cells(page, lab.root / "error.ipynb", lambda cells: bool(cells[0]["outputs"]))
    (error,) = cells[0]["outputs"]
    assert error["ename"] == "ZeroDivisionError"
    assert "\x1b[" in "".join(error["traceback"])
    assert cells[1]["execution_count"] is None


@pytest.mark.slow
def test_the_kernel_completes_and_explains_what_only_it_knows(
    lab: Lab, context: BrowserContext
) -> None:
    """A key of a living dictionary, once; and what an object is that no file defines."""
    source = "table = {'colour': 1}\nglobals()['made'] = lambda: 1\nmade.__doc__ = 'Made up.'"
    write_notebook(lab.root / "live.ipynb", source, "table", "made")
    page = context.new_page()
    open_notebook(page, lab, "live.ipynb")
    run_cell(page, 0)
    expect(cell(page, 0).locator(".execution-count-label")).to_have_text("[1]")
    cell(page, 1).locator(".view-lines").click()
    page.keyboard.press("End")
    page.keyboard.type("['co")
    suggestion = page.locator(".suggest-widget .monaco-list-row", has_text="colour")
    expect(suggestion).to_have_count(1)
    page.keyboard.press("Escape")
    cell(page, 2).locator(".view-lines span", has_text="made").last.hover()
    expect(page.locator(".monaco-hover", has_text="Made up.")).to_be_visible()


@pytest.mark.slow
def test_a_program_reads_what_the_person_types(lab: Lab, context: BrowserContext) -> None:
    """A box asks for it; Escape interrupts."""
    write_notebook(lab.root / "input.ipynb", "print('Hello', input('Who? '))")
    page = context.new_page()
    open_notebook(page, lab, "input.ipynb")
    run_cell(page, 0)
    box = page.locator(".quick-input-widget")
    expect(box).to_contain_text("Who?")
    expect(box.locator("input[type=text]")).to_be_focused()
    page.keyboard.type("Ada\n")
    expect(outputs(page)).to_contain_text("Hello Ada")
    expect(box).to_be_hidden()
    run_cell(page, 0)
    expect(box.locator("input[type=text]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(outputs(page)).to_contain_text("KeyboardInterrupt")


@pytest.mark.slow
def test_a_kernel_that_dies_is_reported(lab: Lab, context: BrowserContext) -> None:
    """Jupyter restarts it; the cell that ran has ended, and the next one runs."""
    write_notebook(
        lab.root / "dies.ipynb",
        "import os, time\nprint(f'process {os.getpid()}.')\ntime.sleep(600)",
        "print('alive', 6 * 7)",
    )
    page = context.new_page()
    open_notebook(page, lab, "dies.ipynb")
    run_cell(page, 0)
    expect(outputs(page)).to_contain_text("process")
    found = re.search(r"process (\d+)\.", outputs(page).inner_text())
    assert found
    psutil.Process(int(found[1])).kill()
    expect(page.locator(".notification-toast")).to_contain_text(
        "The kernel of dies.ipynb ended and was started again."
    )
    expect(page.get_by_role("button", name="Run All", exact=True)).to_be_visible()
    run_cell(page, 1)
    expect(outputs(page)).to_contain_text("alive 42")


@pytest.mark.slow
def test_a_cell_starts_a_kernel_that_was_shut_down(lab: Lab, context: BrowserContext) -> None:
    """Somebody shut it down in JupyterLab; the next cell says that the variables are lost."""
    write_notebook(lab.root / "shut.ipynb", "print('alive', 6 * 7)")
    page = context.new_page()
    open_notebook(page, lab, "shut.ipynb")
    expect(page.locator(".statusbar-item", has_text="Kernel:")).to_contain_text("idle")
    old = kernel_of(lab, "shut.ipynb")
    requests.delete(lab.page(f"api/kernels/{old['id']}"), timeout=30).raise_for_status()
    run_cell(page, 0)
    expect(outputs(page)).to_contain_text("alive 42")
    expect(page.locator(".notification-toast")).to_contain_text("Its variables are lost.")
    assert kernel_of(lab, "shut.ipynb")["id"] != old["id"]


@pytest.mark.slow
def test_a_restart_forgets_variables(lab: Lab, context: BrowserContext) -> None:
    """It is confirmed first; *Run All* follows on request."""
    source = "try: print('again', again)\nexcept NameError: again = print('first', 'time')"
    write_notebook(lab.root / "restart.ipynb", source)
    page = context.new_page()
    open_notebook(page, lab, "restart.ipynb")
    run_cell(page, 0)
    expect(outputs(page)).to_contain_text("first time")
    run_cell(page, 0)
    expect(outputs(page)).to_contain_text("again None")
    command(page, "Jupyter: Restart Kernel and Run All Cells")
    page.locator(".monaco-dialog-box").get_by_role("button", name="Restart").click()
    expect(outputs(page)).to_contain_text("first time")


@pytest.mark.slow
def test_a_missing_kernel_is_named(lab: Lab, context: BrowserContext) -> None:
    """The notebook runs on another of its language; without one the person chooses."""
    missing = {"name": "physics", "display_name": "Physics 101", "language": "python"}
    write_notebook(lab.root / "physics.ipynb", "print('runs', 6 * 7)", kernel=missing)
    page = context.new_page()
    open_notebook(page, lab, "physics.ipynb")
    expect(page.locator(".notification-toast")).to_contain_text(
        "The notebook asks for the kernel Physics 101, which is missing. "
        "It runs on Python 3 (ipykernel)."
    )
    run_cell(page, 0)
    expect(outputs(page)).to_contain_text("runs 42")
    write_notebook(lab.root / "cobol.ipynb", "1", kernel={**missing, "language": "cobol"})
    page.goto(lab.page("codeserver/open/cobol.ipynb"))
    expect(page.locator(".notification-toast")).to_contain_text("which is missing. Choose another.")


@pytest.mark.slow
def test_a_notebook_that_names_no_language_gets_its_kernels(
    lab: Lab, context: BrowserContext
) -> None:
    """VS Code opens it as Python. Its cells run all the same, and then are in its language."""
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    folder = lab.home / ".local/share/jupyter/kernels/statistics"
    folder.mkdir(parents=True)
    described = {"argv": command, "display_name": "Statistics", "language": "R"}
    (folder / "kernel.json").write_text(json.dumps(described))
    write_notebook(
        lab.root / "r.ipynb",
        "print('runs', 6 * 7)",
        kernel={"name": "statistics", "display_name": "Statistics"},
    )
    page = context.new_page()
    open_notebook(page, lab, "r.ipynb", "Statistics")
    run_all(page)
    expect(outputs(page)).to_contain_text("runs 42")
    expect(cell(page, 0).locator(".cell-statusbar-container")).to_contain_text(re.compile("R$"))


@pytest.mark.slow
def test_a_running_cell_outlives_its_window_and_code_server(
    start_lab: StartLab, context: BrowserContext
) -> None:
    """After a reload and a restart it is shown as running, and its lines go on to arrive."""
    lab = start_lab()
    write_notebook(lab.root / "long.ipynb", COUNT.format(300), "print('done', 6 * 7)")
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 2000})
    open_notebook(page, lab, "long.ipynb")
    run_all(page)
    until(lambda: 5 in shown_lines(page), page)
    page.reload()
    expect(page.locator(".kernel-label")).to_have_text("Python 3 (ipykernel)")
    expect(cell(page, 0).locator(".codicon-notebook-state-executing")).to_be_visible()
    requests.post(lab.page("api/codeserver/restart"), timeout=30).raise_for_status()
    expect(outputs(page)).to_contain_text("done 42", timeout=180_000)
    cells = saved_cells(page, lab.root / "long.ipynb", lambda cells: bool(cells[1]["outputs"]))
    (stream,) = cells[0]["outputs"]
    numbers = [int(line.split()[1]) for line in stream["text"]]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 299
    assert len(numbers) > 290


@pytest.mark.slow
def test_lines_arrive_that_were_printed_while_the_network_was_cut(
    lab: Lab, context: BrowserContext
) -> None:
    """The cell goes on, and the window has all its lines when it is back."""
    write_notebook(lab.root / "cut.ipynb", COUNT.format(100), "print('done', 6 * 7)")
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 2000})
    open_notebook(page, lab, "cut.ipynb")
    run_all(page)
    until(lambda: 5 in shown_lines(page), page)
    context.set_offline(offline=True)
    page.wait_for_timeout(5000)
    context.set_offline(offline=False)
    expect(outputs(page)).to_contain_text("done 42", timeout=120_000)
    cells = saved_cells(page, lab.root / "cut.ipynb", lambda cells: bool(cells[1]["outputs"]))
    (stream,) = cells[0]["outputs"]
    assert stream["text"] == [f"line {number}\n" for number in range(100)]
