"""Each kernel of the image runs a notebook in VS Code, as in an exam."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.docker.conftest import TOKEN
from tests.docker.notebooks import NOTEBOOKS, notebook
from tests.e2e.vscode import command

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FrameLocator, Page

    from tests.docker.conftest import Container

pytestmark = pytest.mark.image
expect.set_options(timeout=60_000)


def outputs(page: Page) -> FrameLocator:
    """Return the frame in which VS Code shows what cells print."""
    return page.frame_locator("iframe.webview.ready").frame_locator("#active-frame")


@pytest.mark.parametrize("kernel", NOTEBOOKS)
def test_a_kernel_runs_a_notebook(student: Container, browser: Browser, kernel: str) -> None:
    """Run All runs it on the kernel that it names, and VS Code asks nothing."""
    told = json.loads(student.execute("jupyter", "kernelspec", "list", "--json"))["kernelspecs"]
    if kernel == "julia" and kernel not in told:
        pytest.skip("the image was built with JULIA=0, as where its release is out of reach")
    student.write(f"{kernel}.ipynb", notebook(kernel, NOTEBOOKS[kernel]))
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"http://{student.address()}/codeserver/open/{kernel}.ipynb?token={TOKEN}")
    name = told[kernel]["spec"]["display_name"]
    expect(page.locator(".notebook-toolbar-container")).to_contain_text(name)
    command(page, "Notebook: Run All")
    expect(outputs(page).get_by_text("total 6").first).to_be_visible()
    expect(page.locator(".quick-input-widget")).to_be_hidden()
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder, f"image-notebook-{kernel}.png"))
    page.close()
