"""Each language of the image is checked, completed, run and debugged in VS Code, as in an exam."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.docker.conftest import TOKEN
from tests.docker.lessons import LESSONS, Lesson
from tests.e2e.vscode import command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page

    from tests.docker.conftest import Container

pytestmark = pytest.mark.image
expect.set_options(timeout=60_000)

CHECKED = [name for name, lesson in LESSONS.items() if lesson.error]
DEBUGGED = [name for name, lesson in LESSONS.items() if lesson.debugged]


@pytest.fixture
def page(student: Container, browser: Browser, lesson: Lesson) -> Iterator[Page]:
    """Open the lesson in VS Code, with the cursor on the line that is empty."""
    for path, text in lesson.files.items():
        student.write(path, text)
    if lesson.before:
        place = PurePosixPath(lesson.file).parent
        student.execute("bash", "-c", f"cd ~/{place} && {lesson.before}")
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    link = f"codeserver/open/{lesson.file}?line={lesson.line}&token={TOKEN}"
    page.goto(f"http://{student.address()}/{link}")
    expect(page.locator("#status\\.editor\\.selection")).to_contain_text(f"Ln {lesson.line}")
    yield page
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder, f"image-{lesson.file.replace('/', '-')}.png"))
    page.close()


@pytest.fixture
def lesson(request: pytest.FixtureRequest) -> Lesson:
    """Return the lesson of a language."""
    return LESSONS[request.param]


def type_line(page: Page, text: str) -> None:
    """Replace what is on the line of the cursor."""
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.type(text)


def variable(page: Page, name: str) -> Locator:
    """Return the row of a variable of the innermost scope."""
    rows = page.locator(".debug-variables .monaco-list-row")
    scope = rows.first
    expect(scope).to_be_visible()
    if scope.get_attribute("aria-expanded") == "false":  # VS Code expands it for some debuggers
        scope.click()
    return rows.filter(has_text=re.compile(rf"^\s*{name}\b"))


@pytest.mark.parametrize("lesson", CHECKED, indirect=True)
def test_a_language_is_checked_and_completed(page: Page, lesson: Lesson) -> None:
    """An error that a student types is told, and a word that he begins is completed."""
    type_line(page, lesson.wrong)
    command(page, "View: Focus Problems")
    problems = page.locator(".markers-panel .monaco-list-row")
    expect(problems.filter(has_text=lesson.error).first).to_be_visible(timeout=120_000)
    command(page, "View: Focus Active Editor Group")
    type_line(page, lesson.begun)
    page.keyboard.press("Control+Space")
    offered = page.locator(".suggest-widget.visible .monaco-list-row")
    expect(offered.filter(has_text=lesson.completed).first).to_be_visible()


@pytest.mark.parametrize("lesson", LESSONS, indirect=True)
def test_a_file_runs(page: Page) -> None:
    """The button in the editor's title runs it in a terminal."""
    page.locator(".editor-actions .codicon-play").click()
    expect(page.locator(".terminal-wrapper.active .xterm-rows")).to_contain_text("total 6")


@pytest.mark.parametrize("lesson", DEBUGGED, indirect=True)
def test_a_program_stops_at_a_breakpoint(page: Page, lesson: Lesson) -> None:
    """F5 starts it without launch.json; the view of variables has the value of the line before."""
    page.keyboard.press("ArrowDown")
    command(page, "Debug: Toggle Breakpoint")
    expect(page.locator(".codicon-debug-breakpoint").first).to_be_visible()
    page.keyboard.press("F5")
    if lesson.asked:
        page.locator(".quick-input-list .monaco-list-row", has_text=lesson.asked).first.click()
    expect(page.locator(".debug-toolbar .codicon-debug-continue")).to_be_visible()
    expect(variable(page, "total")).to_contain_text("6")
    page.locator(".debug-toolbar .codicon-debug-continue").click()
    expect(page.locator(".debug-toolbar")).to_be_hidden()
