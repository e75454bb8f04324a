"""ipywidgets in VS Code's notebooks."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.notebook_editor import (
    open_notebook,
    outputs,
    run_all,
    saved_cells,
    write_notebook,
)
from tests.e2e.vscode import command, explorer_row

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page

    from tests.e2e.conftest import Lab

INTERACT = """\
from ipywidgets import IntSlider, interact

@interact(n=IntSlider(value=3, min=0, max=10), unit="m")
def square(n, unit):
    print(f"{n * n} {unit}")
"""
# Each step waits for a file, so that the test sees the bar while the cell runs.
PROGRESS = """\
import time
from pathlib import Path
from tqdm.notebook import tqdm

for step in tqdm(range(2), desc="Steps"):
    while not Path(f"step-{step}").exists():
        time.sleep(0.05)
"""
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
# A widget of a module that VS Code lacks.
GLOBE = """\
from ipywidgets import DOMWidget
from traitlets import Unicode

class Globe(DOMWidget):
    _view_name = Unicode("GlobeView").tag(sync=True)
    _model_module = Unicode("globes").tag(sync=True)
    _model_module_version = Unicode("1.2.0").tag(sync=True)

Globe()
"""
LOADED_FONTS = """
[...document.fonts].filter(({ status }) => status === "loaded").map(({ family }) => family)
"""


def store_slider(path: Path) -> None:
    """Write a notebook that stores a widget of a kernel that has gone."""
    write_notebook(path, "slider")
    notebook = json.loads(path.read_text())
    view = {"model_id": "a1", "version_major": 2, "version_minor": 0}
    data = {
        "application/vnd.jupyter.widget-view+json": view,
        "text/plain": "IntSlider(value=7)",
    }
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    notebook["cells"][0]["outputs"] = [output]
    path.write_text(json.dumps(notebook))


def run_notebook(context: BrowserContext, lab: Lab, *sources: str) -> Page:
    """Return a window in which all cells of a new notebook run."""
    write_notebook(lab.root / "widgets.ipynb", *sources)
    page = context.new_page()
    open_notebook(page, lab, "widgets.ipynb")
    run_all(page)
    return page


def test_a_slider_runs_its_function(lab: Lab, context: BrowserContext) -> None:
    """Keys and the mouse move the slider of `interact`, and its function prints below it.

    Letters go into its text field; elsewhere in a notebook these would add and delete cells.
    """
    page = run_notebook(context, lab, INTERACT)
    shown, handle = outputs(page).locator(".widget-output"), outputs(page).locator(".noUi-handle")
    expect(shown).to_have_text("9 m")
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
def test_a_widget_without_its_kernel_shows_its_text_and_leads_to_jupyterlab(
    lab: Lab, context: BrowserContext
) -> None:
    """A notebook from elsewhere shows what it stores, and a link opens it in JupyterLab."""
    store_slider(lab.root / "stored.ipynb")
    page = context.new_page()
    open_notebook(page, lab, "stored.ipynb")
    expect(outputs(page)).to_contain_text("IntSlider(value=7)")
    with page.context.expect_page() as opened:
        outputs(page).get_by_role("link", name="Open in JupyterLab").click()
    expect(opened.value).to_have_url(re.compile("/lab/tree/stored.ipynb"))


@pytest.mark.slow
def test_a_widget_outlives_the_page_but_not_its_kernel(lab: Lab, context: BrowserContext) -> None:
    """After a reload it has the student's value and works; after a restart it looks disabled."""
    page = run_notebook(context, lab, INTERACT)
    shown, handle = outputs(page).locator(".widget-output"), outputs(page).locator(".noUi-handle")
    expect(shown).to_have_text("9 m")
    handle.press("ArrowRight")
    expect(shown).to_have_text("16 m")
    explorer_row(page, "README.md").dblclick()
    page.get_by_role("tab", name="widgets.ipynb").click()
    handle.press("ArrowRight")
    expect(shown).to_have_text("25 m")
    handle.press("ArrowLeft")
    expect(shown).to_have_text("16 m")
    saved_cells(page, lab.root / "widgets.ipynb", lambda cells: bool(cells[0]["outputs"]))
    page.reload()
    expect(shown).to_have_text("16 m")
    handle.press("ArrowLeft")
    expect(shown).to_have_text("9 m")
    disconnected = outputs(page).locator(".jupyter-widgets-disconnected")
    expect(disconnected).to_have_count(0)
    command(page, "Jupyter: Restart Kernel")
    page.locator(".monaco-dialog-box").get_by_role("button", name="Restart").click()
    expect(disconnected.first).to_be_visible()


@pytest.mark.slow
def test_a_progress_bar_moves_while_its_cell_runs(lab: Lab, context: BrowserContext) -> None:
    """The kernel is busy meanwhile, and answers no question about its widgets."""
    page = run_notebook(context, lab, PROGRESS)
    bar = outputs(page).locator(".widget-hbox")
    for done in range(2):
        expect(bar).to_contain_text(f"{done}/2")
        (lab.root / f"step-{done}").touch()
    expect(bar).to_contain_text("2/2")
    expect(bar.locator(".progress-bar-success")).to_have_css("width", re.compile(r"[1-9]\d+px"))


@pytest.mark.slow
def test_widgets_of_several_kinds_work(lab: Lab, context: BrowserContext) -> None:
    """Pictures, icons, widgets within widgets, and errors; an unknown one shows its text."""
    page = run_notebook(context, lab, SEVERAL, GLOBE)
    frame = outputs(page)
    expect(frame.locator("img.widget-image")).to_have_js_property("naturalWidth", 3)
    frame.get_by_role("button", name="Roll").click()
    expect(frame.locator(".widget-output")).to_contain_text("six")
    expect(frame.locator(".widget-output")).to_contain_text("ZeroDivisionError")
    assert any("Font Awesome" in family for family in frame.evaluate(LOADED_FONTS))
    expect(frame).to_contain_text("Globe()")
    expect(frame).to_contain_text("VS Code cannot show widgets of globes 1.2.0.")
    expect(frame.get_by_role("link", name="Open in JupyterLab")).to_be_visible()
