"""VS Code opens from Notebook 7."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.vscode import explorer_row

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

    from tests.e2e.conftest import Lab

NAME = "Open in VS Code"


def file_menu(page: Page) -> None:
    """Open the File menu."""
    page.get_by_role("menuitem", name="File", exact=True).click()


def test_its_first_page_opens_a_folder_and_shows_what_runs(
    lab: Lab, context: BrowserContext
) -> None:
    """The File menu opens it, and VS Code is then listed among what runs."""
    page = context.new_page()
    page.goto(lab.page("tree"))
    expect(page.locator(".jp-DirListing-item", has_text="dice.ipynb")).to_be_visible()
    file_menu(page)
    with context.expect_page() as opened:
        page.locator(".lm-Menu").get_by_role("menuitem", name=NAME).click()
    expect(explorer_row(opened.value, "dice.ipynb")).to_be_visible()
    page.bring_to_front()
    page.get_by_role("tab", name="Running").click()
    item = page.locator(".jp-RunningSessions-item.jp-mod-codeserver")
    expect(item).to_contain_text("VS Code (running)")


@pytest.mark.slow
def test_its_file_menu_opens_the_notebook(lab: Lab, context: BrowserContext) -> None:
    """The File menu of a notebook's page opens that notebook in VS Code."""
    page = context.new_page()
    page.goto(lab.page("notebooks/dice.ipynb"))
    expect(page.locator(".jp-Notebook")).to_be_visible()
    file_menu(page)
    with context.expect_page() as opened:
        page.locator(".lm-Menu").get_by_role("menuitem", name=NAME).click()
    expect(opened.value.get_by_role("tab", name=re.compile("dice.ipynb"))).to_be_visible()
