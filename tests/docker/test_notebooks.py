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
from tests.e2e.notebook_editor import outputs, run_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.docker.conftest import Container

pytestmark = pytest.mark.image
expect.set_options(timeout=60_000)


@pytest.fixture(scope="module")
def trusting(student: Container, browser: Browser, chromium: str) -> Iterator[Browser]:
    """Start a Chromium that trusts the server without a certificate, as outputs need it."""
    origin = f"--unsafely-treat-insecure-origin-as-secure=http://{student.address()}"
    started = browser.browser_type.launch(executable_path=chromium, args=["--no-sandbox", origin])
    yield started
    started.close()


@pytest.fixture
def page(trusting: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open a window, and save a picture of it at the end."""
    page = trusting.new_page(viewport={"width": 1280, "height": 800})
    yield page
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder, f"image-{request.node.callspec.id}.png"))
    page.close()


@pytest.mark.parametrize("kernel", NOTEBOOKS)
def test_a_kernel_runs_a_notebook(student: Container, page: Page, kernel: str) -> None:
    """Run All runs it on the kernel that it names, and VS Code asks nothing."""
    told = json.loads(student.execute("jupyter", "kernelspec", "list", "--json"))["kernelspecs"]
    if kernel == "julia" and kernel not in told:
        pytest.skip("the image was built with JULIA=0, as where its release is out of reach")
    spec = told[kernel]["spec"]
    student.write(f"{kernel}.ipynb", notebook(kernel, NOTEBOOKS[kernel], spec["language"]))
    page.goto(f"http://{student.address()}/codeserver/open/{kernel}.ipynb?token={TOKEN}")
    expect(page.locator(".kernel-label")).to_have_text(spec["display_name"])
    run_all(page)
    expect(outputs(page)).to_contain_text("total 6")
    expect(page.locator(".quick-input-widget")).to_be_hidden()
