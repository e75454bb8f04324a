"""Which folder VS Code opens."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import running_lab
from tests.e2e.vscode import explorer_row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page

    from tests.e2e.conftest import Lab, StartLab


@pytest.mark.slow
def test_the_tile_opens_the_folder_of_its_server(
    lab: Lab, open_tile: Callable[[Lab], Page], tmp_path: Path, code_server: Path
) -> None:
    """It does not open what another server of the same home opened before."""
    expect(explorer_row(open_tile(lab), "temperature.py")).to_be_visible()
    found = {"JUPYTER_CODESERVER_EXECUTABLE": str(code_server), "HOME": str(lab.home)}
    with running_lab(tmp_path, **found) as second:
        (second.root / "second.py").write_text("")
        page = open_tile(second)
        expect(explorer_row(page, "second.py")).to_be_visible()
        assert page.url == f"{second.url}codeserver/?folder={quote(str(second.root))}"


@pytest.mark.slow
def test_what_a_student_opens_and_closes_stays_so_until_the_tile_is_clicked(
    lab: Lab, context: BrowserContext, open_tile: Callable[[Lab], Page], tmp_path: Path
) -> None:
    """A reload keeps the folder, and the browser's Back leads to the one before."""
    (tmp_path / "other.py").write_text("")
    page = context.new_page()
    page.goto(lab.page(f"codeserver/?folder={tmp_path}"))
    expect(explorer_row(page, "other.py")).to_be_visible()
    expect(explorer_row(open_tile(lab), "temperature.py")).to_be_visible()
    page.goto(f"{lab.url}codeserver/?ew=true")
    without_folder = page.get_by_role("term").get_by_text("Open Folder", exact=True)
    expect(without_folder).to_be_visible()
    page.reload()
    expect(without_folder).to_be_visible()
    expect(explorer_row(open_tile(lab), "temperature.py")).to_be_visible()
    page.go_back()
    expect(explorer_row(page, "other.py")).to_be_visible()


@pytest.mark.slow
def test_vscode_opens_where_jupyterlab_does(
    start_lab: StartLab, open_tile: Callable[[Lab], Page], context: BrowserContext, tmp_path: Path
) -> None:
    """It opens the contents manager's preferred folder, below a root other than the server's."""
    folder = tmp_path / "served/week 1"
    folder.mkdir(parents=True)
    (folder / "lab.py").write_text("here = True\n")
    lab = start_lab(
        f"--FileContentsManager.root_dir={folder.parent}",
        "--FileContentsManager.preferred_dir=week 1",
    )
    expect(explorer_row(open_tile(lab), "lab.py")).to_be_visible()
    page = context.new_page()
    page.goto(lab.page("lab?reset"))
    page.locator(".jp-DirListing-item", has_text="lab.py").click(button="right")
    with context.expect_page() as new:
        page.locator(".lm-Menu").get_by_role("menuitem", name="Open in VS Code").click()
    expect(new.value.locator(".monaco-editor .view-lines").first).to_contain_text("here")


@pytest.mark.slow
def test_a_workspace_opens_as_one(start_lab: StartLab, context: BrowserContext) -> None:
    """A link opens it, and so does the tile if it is the configured folder."""
    lab = start_lab("--CodeServer.working_folder=class.code-workspace")
    (lab.root / "week 1").mkdir()
    (lab.root / "week 1/lab.py").write_text("")
    workspace = {"folders": [{"path": "week 1", "name": "The first week"}]}
    (lab.root / "class.code-workspace").write_text(json.dumps(workspace))
    for path in ("codeserver/", "codeserver/open/class.code-workspace"):
        page = context.new_page()
        page.goto(lab.page(path))
        expect(explorer_row(page, "The first week")).to_be_visible()
        expect(page).to_have_title(re.compile(r"class \(Workspace\)"))
        assert "?workspace=" in page.url
