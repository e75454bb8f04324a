"""Notebooks and Python files in a window, as a student uses them with mouse and keyboard."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from benchmarks.browser import BACKSPACE, CONTROL_END, ESCAPE, PERIOD, SHIFT_ENTER, Window
from benchmarks.starting import BASE_URL

_COMPLETIONS = 25
_PAUSE = 0.2  # seconds between two keys of a student


# From then on, a click runs the notebook. Before, both applications ask for a kernel and run
# nothing, or JupyterLab clears the outputs and runs nothing.
_LAB_KERNEL = """() => document.querySelector(".jp-Notebook .jp-CodeCell")
    && /^Python/.test(document.querySelector(".jp-Toolbar-kernelName")?.textContent)
    && !!document.querySelector(
      ".jp-Notebook-ExecutionIndicator:not([data-status='initializing'])")"""
_KERNEL = """() => /^Python/.test(
    document.querySelector(".notebook-editor .kernel-label")?.textContent)"""

# Elements are expressions in JavaScript.
_MENU = """[...document.querySelectorAll(".lm-MenuBar-item")]
    .find(item => item.textContent === "Run")"""
_MENU_ITEM = """document.querySelector(".lm-Menu-item[data-command='runmenu:run-all']")"""
_LAB_CELL = """document.querySelector(".jp-Notebook .jp-CodeCell .cm-content")"""
_BUTTON = """document.querySelector(".notebook-toolbar-container [aria-label='Run All']")"""
_CELL = """document.querySelector(".notebook-editor .code-cell-row .view-lines")"""


@dataclass(frozen=True)
class Application:
    """Where an application opens notebooks, what it shows, and what a student clicks there."""

    path: str
    has_kernel: str
    run_all: tuple[str, ...]  # the last one runs; those before it open its menu
    first_cell: str


JUPYTERLAB = Application(f"{BASE_URL}lab/tree/", _LAB_KERNEL, (_MENU, _MENU_ITEM), _LAB_CELL)
VSCODE = Application(f"{BASE_URL}codeserver/open/", _KERNEL, (_BUTTON,), _CELL)

_FILE = """[...document.querySelectorAll(".explorer-folders-view .monaco-list-row")]
    .find(row => row.textContent.trim() === "NAME")"""
_LINES = "document.querySelector('.editor-instance .view-lines')"

# Outputs that match. VS Code shows them in a frame within a frame, of the page's own origin.
_OUTPUT = """
() => {
  const inside = page => [page, ...[...page.querySelectorAll("iframe")]
    .flatMap(frame => frame.contentDocument ? inside(frame.contentDocument) : [])];
  return inside(document)
    .flatMap(page => [...page.querySelectorAll(".jp-OutputArea-output, .output_container .output")])
    .some(output => output.getClientRects().length && /PATTERN/.test(output.textContent));
}
"""
_ERROR = (
    "() => !!document.querySelector('.editor-instance :is(.squiggly-error, .squiggly-warning)')"
)
_LISTED = """
() => [...document.querySelectorAll(".suggest-widget.visible .monaco-list-row")]
  .some(row => row.textContent.includes("NAME"))
"""
_NOT_LISTED = "() => !document.querySelector('.suggest-widget.visible')"


def run_all(window: Window, application: Application) -> float:
    """Clicks *Run All* as soon as that runs the notebook; returns the click's time."""
    window.awaited(application.has_kernel)
    return [window.click(element) for element in application.run_all][-1]


def select_first(window: Window, application: Application) -> None:
    """Clicks the first cell, once it can be run."""
    window.awaited(application.has_kernel)
    window.click(application.first_cell)


def run_next(window: Window) -> float:
    """Runs the selected cell and selects the next; returns the time of the key."""
    return window.press(SHIFT_ENTER)


def await_output(window: Window, pattern: str) -> float:
    """Waits until an output matches a regular expression; returns the time."""
    window.awaited(_OUTPUT.replace("PATTERN", pattern))
    return time.perf_counter()


def open_file(window: Window, name: str) -> float:
    """Clicks a file in VS Code's explorer; returns the click's time."""
    clicked = window.click(_FILE.replace("NAME", name))
    window.awaited(f"() => {_LINES}?.textContent")
    return clicked


def await_error(window: Window) -> float:
    """Waits until the editor underlines an error; returns the time."""
    window.awaited(_ERROR)
    return time.perf_counter()


def completion(window: Window, name: str, attribute: str) -> float:
    """Types a dot after a name at the end of a file, many times.

    Returns the median of the seconds until the list with an attribute is shown.
    """
    window.click(_LINES)
    window.press(CONTROL_END)
    window.insert(name)
    return statistics.median(_completion(window, attribute) for _ in range(_COMPLETIONS))


def _completion(window: Window, attribute: str) -> float:
    window.press(ESCAPE)
    window.awaited(_NOT_LISTED)
    time.sleep(_PAUSE)
    pressed = window.press(PERIOD)
    window.awaited(_LISTED.replace("NAME", attribute))
    shown = time.perf_counter()
    window.press(ESCAPE)
    window.press(BACKSPACE)
    return shown - pressed
