"""ipywidgets in VS Code's notebooks."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext, FrameLocator, Page

    from tests.e2e.conftest import Lab

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def write_notebook(path: Path, *sources: str, outputs: tuple[dict[str, Any], ...] = ()) -> None:
    """Write a notebook with a code cell for each source; the first has the outputs."""
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": list(outputs) if number == 0 else [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook))


def stored(model: str, text: str) -> dict[str, Any]:
    """Return the output by which a notebook stores a widget."""
    view = {"model_id": model, "version_major": 2, "version_minor": 0}
    data = {WIDGET_VIEW: view, "text/plain": text}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def outputs(page: Page) -> FrameLocator:
    """Return the frame in which VS Code shows the outputs of the notebook."""
    return page.frame_locator("iframe.webview").frame_locator("#active-frame")


def open_notebook(context: BrowserContext, lab: Lab, name: str) -> Page:
    """Return a window with the notebook, which its link opens as one at once."""
    page = context.new_page()
    page.goto(lab.page(f"codeserver/open/{name}"))
    expect(page.locator(".notebook-editor .cell-list-container")).to_be_visible()
    return page


def test_a_widget_without_its_kernel_shows_its_text_and_leads_to_jupyterlab(
    lab: Lab, context: BrowserContext
) -> None:
    """A notebook from elsewhere shows what it stores, and a link opens it in JupyterLab."""
    slider = stored("a1", "IntSlider(value=7)")
    write_notebook(lab.root / "stored.ipynb", "slider", outputs=(slider,))
    page = open_notebook(context, lab, "stored.ipynb")
    expect(outputs(page).get_by_text("IntSlider(value=7)")).to_be_visible()
    with page.context.expect_page() as opened:
        outputs(page).get_by_role("link", name="Open in JupyterLab").click()
    expect(opened.value).to_have_url(re.compile("/lab/tree/stored.ipynb"))


INTERACT = """\
from ipywidgets import IntSlider, interact

@interact(n=IntSlider(value=3, min=0, max=10), unit="m")
def square(n, unit):
    print(f"{n * n} {unit}")
"""


def run_all(page: Page) -> None:
    """Run all cells of the notebook, once it has its kernel."""
    expect(page.locator(".kernel-label", has_text="Python 3")).to_be_visible()
    page.get_by_role("button", name="Run All", exact=True).click()


def test_a_slider_runs_its_function(lab: Lab, context: BrowserContext) -> None:
    """Keys and the mouse move the slider of `interact`, and its function prints below it.

    Letters go into its text field; elsewhere in a notebook these would add and delete cells.
    """
    write_notebook(lab.root / "interact.ipynb", INTERACT)
    page = open_notebook(context, lab, "interact.ipynb")
    run_all(page)
    shown = outputs(page).locator(".widget-output")
    expect(shown).to_have_text("9 m")
    handle = outputs(page).locator(".noUi-handle")
    handle.focus()
    page.keyboard.press("ArrowRight")
    expect(shown).to_have_text("16 m")
    page.keyboard.press("ArrowUp")
    expect(shown).to_have_text("25 m")
    handle.drag_to(outputs(page).locator(".noUi-target"), target_position={"x": 0, "y": 2})
    expect(shown).to_have_text("0 m")
    expect(outputs(page).locator(".widget-readout")).to_have_text("0")
    outputs(page).locator("input[type=text]").click()
    page.keyboard.type("add b")
    expect(shown).to_have_text(re.compile("0 .*add b.*"))
    expect(page.locator(".cell-list-container .code-cell-row")).to_have_count(1)


@pytest.mark.slow
def test_a_widget_from_before_a_reload_works_again(lab: Lab, context: BrowserContext) -> None:
    """The kernel still has it, with the value that the student gave it."""
    write_notebook(lab.root / "reload.ipynb", INTERACT)
    page = open_notebook(context, lab, "reload.ipynb")
    run_all(page)
    shown = outputs(page).locator(".widget-output")
    expect(shown).to_have_text("9 m")
    outputs(page).locator(".noUi-handle").press("ArrowRight")
    expect(shown).to_have_text("16 m")
    page.keyboard.press("Control+s")
    expect(page.locator(".tab.dirty")).to_have_count(0)
    page.reload()
    expect(shown).to_have_text("16 m")
    outputs(page).locator(".noUi-handle").press("ArrowLeft")
    expect(shown).to_have_text("9 m")


# Each step waits for a file, so that the test sees the bar while the cell runs.
PROGRESS = """\
import time
from pathlib import Path
from tqdm.notebook import tqdm

for step in tqdm(range(2), desc="Steps"):
    while not Path(f"step-{step}").exists():
        time.sleep(0.05)
"""


@pytest.mark.slow
def test_a_progress_bar_moves_while_its_cell_runs(lab: Lab, context: BrowserContext) -> None:
    """The kernel is busy meanwhile, and answers no question about its widgets."""
    write_notebook(lab.root / "progress.ipynb", PROGRESS)
    page = open_notebook(context, lab, "progress.ipynb")
    run_all(page)
    bar = outputs(page).locator(".widget-hbox")
    for done in range(2):
        expect(bar).to_contain_text(f"{done}/2")
        (lab.root / f"step-{done}").touch()
    expect(bar).to_contain_text("2/2")
    expect(bar.locator(".progress-bar-success")).to_have_css("width", re.compile(r"[1-9]\d+px"))


# Widgets that go different ways: bytes, an icon, and a widget within an Output widget.
SEVERAL = """\
from base64 import b64decode
from ipywidgets import Button, HTML, HBox, Image, Output

picture = Image(value=b64decode("R0lGODlhAwACAPAAAP8AAAAAACwAAAAAAwACAAACAoRRADs="))
button, output = Button(description="Roll", icon="dice"), Output()

@button.on_click
@output.capture()
def roll(_):
    display(HTML("<b>six</b>"))
    1 / 0

HBox([picture, button, output])
"""

# A widget from a module that VS Code has not.
GLOBE = """\
from ipywidgets import DOMWidget
from traitlets import Unicode

class Globe(DOMWidget):
    _view_name = Unicode("GlobeView").tag(sync=True)
    _model_module = Unicode("globes").tag(sync=True)
    _model_module_version = Unicode("1.2.0").tag(sync=True)

Globe()
"""


@pytest.mark.slow
def test_widgets_of_several_kinds_work(lab: Lab, context: BrowserContext) -> None:
    """Pictures, icons, widgets within widgets, and errors; an unknown one shows its text."""
    write_notebook(lab.root / "several.ipynb", SEVERAL, GLOBE)
    page = open_notebook(context, lab, "several.ipynb")
    run_all(page)
    frame = outputs(page)
    expect(frame.locator("img.widget-image")).to_have_js_property("naturalWidth", 3)
    frame.get_by_role("button", name="Roll").click()
    expect(frame.locator(".widget-output")).to_contain_text("six")
    expect(frame.locator(".widget-output")).to_contain_text("ZeroDivisionError")
    fonts = "[...document.fonts].filter(({ status }) => status === 'loaded').map(it => it.family)"
    assert any("Font Awesome" in each for each in frame.locator("body").evaluate(fonts))
    expect(frame.get_by_text("Globe()")).to_be_visible()
    expect(frame.get_by_text("VS Code cannot show widgets of globes 1.2.0.")).to_be_visible()
    expect(frame.get_by_role("link", name="Open in JupyterLab")).to_be_visible()
