"""The first screen that a student sees."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import psutil
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import status
from tests.e2e.vscode import explorer_row, type_in_terminal, until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page

    from tests.e2e.conftest import Lab, StartLab

SIZE = 23  # a font size that nobody has by accident


def opened(lab: Lab, context: BrowserContext, path: str = "codeserver/") -> Page:
    """Open VS Code and wait until the explorer shows the files."""
    page = context.new_page()
    page.goto(lab.page(path))
    expect(explorer_row(page, "temperature.py")).to_be_visible()
    return page


def keep_settings(lab: Lab, settings: dict[str, object]) -> None:
    """Write the student's settings before VS Code starts."""
    file = lab.home / ".local/share/code-server/User/settings.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(settings))


@pytest.mark.parametrize(
    "path",
    ["codeserver/", pytest.param("codeserver/open/temperature.py", marks=pytest.mark.slow)],
)
def test_no_panel_is_ever_there(lab: Lab, context: BrowserContext, path: str) -> None:
    """Not even for a moment: a panel that closes later has taken the keyboard by then."""
    page = context.new_page()
    page.add_init_script(
        "new MutationObserver(() => {"
        "  if (document.querySelector('.part.auxiliarybar .chat-viewpane, .part.auxiliarybar'"
        "      + ' .composite.title')?.offsetWidth) window.hadPanel = true;"
        "}).observe(document, {childList: true, subtree: true, attributes: true});"
    )
    page.goto(lab.page(path))
    expect(explorer_row(page, "temperature.py")).to_be_visible()
    expect(page.locator(".statusbar")).to_be_visible()
    assert page.evaluate("window.hadPanel") is None
    expect(page.locator(".part.auxiliarybar")).not_to_be_visible()


def test_the_first_screen_is_the_folder(lab: Lab, context: BrowserContext) -> None:
    """It shows no page, dialog or message, and text goes where a person clicks."""
    page = opened(lab, context)
    expect(page.locator(".statusbar")).to_be_visible()
    expect(page.get_by_role("tab", name=re.compile("Welcome|Getting Started"))).to_have_count(0)
    expect(page.locator(".monaco-dialog-box")).to_have_count(0)
    expect(page.locator(".notification-toast")).to_have_count(0)
    expect(page.get_by_text("Restricted Mode")).to_have_count(0)
    expect(page.get_by_text("Deploy code-server for your team")).to_have_count(0)
    assert "VS Code" in page.title()


def test_no_language_server_runs_before_a_file_needs_one(lab: Lab, context: BrowserContext) -> None:
    """VS Code reads a JSON file itself, which would start one at every other opening: 40 MB."""
    page = opened(lab, context)
    until((lab.home / ".local/share/code-server/User/chatLanguageModels.json").exists, page)
    type_in_terminal(page, "touch done")  # slower than a server that had started before
    until((lab.root / "done").exists, page)
    processes = psutil.Process(status(lab)["pid"]).children(recursive=True)
    running = [" ".join(process.cmdline()) for process in processes]
    assert any("extensionHost" in line for line in running)
    assert not any("jsonServerMain" in line for line in running)


@pytest.mark.slow
def test_an_operators_settings_hold_and_a_students_win(
    start_lab: StartLab, context: BrowserContext
) -> None:
    """`CodeServer.settings` are defaults that a student can change."""
    given = {"editor.fontSize": SIZE, "editor.lineNumbers": "off"}
    lab = start_lab(f"--CodeServer.settings={given}", "--CodeServer.title=Class Editor")
    keep_settings(lab, {"editor.lineNumbers": "on"})
    page = opened(lab, context)
    explorer_row(page, "temperature.py").dblclick()
    line = page.locator(".monaco-editor .view-line").first
    expect(line).to_have_css("font-size", f"{SIZE}px")
    expect(page.locator(".monaco-editor .line-numbers").first).to_be_visible()
    assert "Class Editor" in page.title()


def test_what_is_typed_is_on_disk_without_saving(lab: Lab, context: BrowserContext) -> None:
    """If the machine is preempted a moment later, nothing is lost."""
    page = opened(lab, context)
    explorer_row(page, "primes.cpp").dblclick()
    lines = page.locator(".monaco-editor .view-lines").first
    expect(lines).to_contain_text("primes_below")
    lines.click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("// not saved by hand\n")
    file = lab.root / "primes.cpp"
    until(lambda: file.read_text().startswith("// not saved by hand\n"), page)


@pytest.mark.slow
def test_the_python_extension_starts_with_the_kernels_python(
    start_lab: StartLab, context: BrowserContext, tmp_path: Path
) -> None:
    """It uses the Python of the kernel `python3`, even if the Jupyter server has another."""
    kernel = tmp_path / "jupyter/kernels/python3/kernel.json"
    kernel.parent.mkdir(parents=True)
    program = "/opt/class/bin/python"
    described = {"argv": [program, "-m", "ipykernel_launcher", "-f", "{connection_file}"]}
    kernel.write_text(json.dumps({**described, "display_name": "Class", "language": "python"}))
    page = opened(start_lab(JUPYTER_PATH=str(tmp_path / "jupyter")), context)
    told = page.locator("#vscode-workbench-web-configuration").get_attribute("data-settings")
    defaults = json.loads(told or "")["configurationDefaults"]
    assert defaults["python.defaultInterpreterPath"] == program
