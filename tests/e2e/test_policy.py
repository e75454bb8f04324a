"""A student's settings cannot switch on what the operator has switched off."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from playwright.sync_api import expect

from tests.e2e.test_first_screen import keep_settings, opened
from tests.e2e.vscode import command, explorer_row, offers, until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

    from tests.e2e.conftest import Lab, StartLab

pytestmark = pytest.mark.slow

EXAM = (
    "--CodeServer.gallery=off",
    "--CodeServer.own_extensions=False",
    "--CodeServer.file_downloads=False",
    "--CodeServer.file_uploads=False",
    "--CodeServer.port_forwarding=False",
)
# A student's attempt to switch everything on again.
WANTED = {
    "chat.disableAIFeatures": False,
    "extensions.allowed": {"*": True},
    "extensions.autoUpdate": True,
    "security.workspace.trust.enabled": True,
    "telemetry.telemetryLevel": "all",
    "workbench.secondarySideBar.defaultVisibility": "visible",
}
OWN = Path(__file__).with_name("jobs_extension")


@pytest.fixture
def exam(start_lab: StartLab, context: BrowserContext) -> tuple[Lab, Page]:
    """Open VS Code in an exam, for a student who has prepared the home for it."""
    lab = start_lab(*EXAM)
    keep_settings(lab, WANTED)
    keep_extension(lab)
    return lab, opened(lab, context)


def gallery(page: Page) -> str | None:
    """Return VS Code's gallery as its page configures it, which needs no network."""
    found = page.locator("#vscode-workbench-web-configuration").get_attribute("data-settings")
    described = json.loads(found or "")["productConfiguration"]["extensionsGallery"]
    return str(described["serviceUrl"]) if described else None


def keep_extension(lab: Lab) -> None:
    """Put an extension into the student's home."""
    shutil.copytree(OWN, lab.home / ".local/share/code-server/extensions/test.jobs-1.0.0")


def test_what_is_off_stays_off(exam: tuple[Lab, Page]) -> None:
    """Menus, gallery and the student's own extensions are absent."""
    lab, page = exam
    explorer_row(page, "temperature.py").click(button="right")
    menu = page.locator(".monaco-menu-container, .context-view")
    expect(menu.get_by_text("Open to the Side")).to_be_visible()
    expect(menu.get_by_text("Download...")).to_have_count(0)
    page.keyboard.press("Escape")
    page.locator(".explorer-folders-view").click(button="right", position={"x": 100, "y": 400})
    expect(menu.get_by_text("New File...")).to_be_visible()
    expect(menu.get_by_text("Upload...")).to_have_count(0)
    page.keyboard.press("Escape")
    assert requests.get(lab.page("codeserver/proxy/1/"), timeout=30).status_code in {403, 404}
    assert gallery(page) is None
    # Extensions' commands appear together: the built-in debugger's are there by then.
    until(lambda: offers(page, "Debug: Start Debugging"), page)
    assert not offers(page, "Start a Job: Task")


def test_without_these_options_it_is_there(start_lab: StartLab, context: BrowserContext) -> None:
    """This shows that the test above can fail."""
    lab = start_lab()
    keep_extension(lab)
    page = opened(lab, context)
    explorer_row(page, "temperature.py").click(button="right")
    menu = page.locator(".monaco-menu-container, .context-view")
    expect(menu.get_by_text("Download...")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".explorer-folders-view").click(button="right", position={"x": 100, "y": 400})
    expect(menu.get_by_text("Upload...")).to_be_visible()
    page.keyboard.press("Escape")
    assert "open-vsx" in str(gallery(page))
    command(page, "Start a Job: Task")
