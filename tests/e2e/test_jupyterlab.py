"""VS Code opens from JupyterLab, and JupyterLab from VS Code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import expect

from jupyter_codeserver_proxy.assets.files import find_root
from tests.e2e.conftest import BASE_URL, status
from tests.e2e.reverse_proxy import HOST, reverse_proxy
from tests.e2e.vscode import choose, command, explorer_row, until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

    from tests.e2e.conftest import Lab, StartLab

FOLDER = "Übung 1 #a %20"
FILE = "größe & maß?.py"


@pytest.fixture(scope="module", autouse=True)
def strange_names(lab: Lab) -> None:
    """Create a folder and a file whose names need escaping in a URL."""
    folder = lab.root / FOLDER
    folder.mkdir()
    (folder / FILE).write_text("here = True\n")


@pytest.fixture
def jupyterlab(lab: Lab, context: BrowserContext) -> Page:
    """Open JupyterLab in a browser."""
    return open_jupyterlab(lab, context)


def open_jupyterlab(lab: Lab, context: BrowserContext, path: str = "lab?reset") -> Page:
    """Open JupyterLab and wait until it shows the files."""
    page = context.new_page()
    page.goto(lab.page(path))
    expect(listed(page, "temperature.py")).to_be_visible()
    return page


def listed(page: Page, name: str) -> Locator:
    """Return a file or folder of JupyterLab's file browser."""
    return page.locator(".jp-DirListing-item", has_text=name)


def menu_item(page: Page, name: str | re.Pattern[str]) -> Locator:
    """Return an entry of the open menu."""
    return page.locator(".lm-Menu").last.get_by_role("menuitem", name=name)


def opened(context: BrowserContext, item: Locator) -> Page:
    """Click, and return the new browser tab."""
    with context.expect_page() as new:
        item.click()
    return new.value


def palette(page: Page, name: str) -> Locator:
    """Return a command of JupyterLab's command palette by its name."""
    page.keyboard.press("Control+Shift+c")
    page.locator(".lm-CommandPalette-input").fill(name)
    return page.locator(".lm-CommandPalette-item", has_text=name).first


def test_there_is_one_tile(jupyterlab: Page) -> None:
    """It is in the launcher's first section, and only there."""
    tiles = jupyterlab.locator(".jp-LauncherCard", has_text="VS Code")
    expect(tiles).to_have_count(1)
    section = jupyterlab.locator(".jp-Launcher-section", has=tiles)
    expect(section.locator(".jp-Launcher-sectionTitle")).to_have_text("Notebook")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "section", "icon"),
    [
        pytest.param(["category=Other"], "Other", "svg", id="category"),
        pytest.param(["category=Editors"], "Editors", "svg", id="new-category"),
        pytest.param(["rank=-1"], "Notebook", "img", id="rank"),
    ],
)
def test_options_place_the_tile(
    start_lab: StartLab, context: BrowserContext, arguments: list[str], section: str, icon: str
) -> None:
    """One tile is in the given section and place, with its icon, and opens VS Code."""
    lab = start_lab(*[f"--CodeServer.{argument}" for argument in arguments])
    page = open_jupyterlab(lab, context)
    tiles = page.locator(".jp-LauncherCard", has_text="VS Code")
    expect(tiles).to_have_count(1)
    where = page.locator(".jp-Launcher-section", has=tiles)
    expect(where.locator(".jp-Launcher-sectionTitle")).to_have_text(section)
    expect(tiles.locator(f".jp-LauncherCard-icon {icon}").first).to_be_visible()
    if "rank" in arguments[0]:
        expect(where.locator(".jp-LauncherCard").first).to_contain_text("VS Code")
    assert opened(context, tiles).url.startswith(f"{lab.url}codeserver/")


@pytest.mark.slow
def test_a_folder_opens_from_the_file_browser(jupyterlab: Page, context: BrowserContext) -> None:
    """Its context menu opens it in VS Code in a new browser tab, whatever its name."""
    listed(jupyterlab, FOLDER).click(button="right")
    page = opened(context, menu_item(jupyterlab, "Open in VS Code"))
    expect(explorer_row(page, FILE)).to_be_visible()


@pytest.mark.slow
def test_vscode_opens_in_a_tab_of_jupyterlab(start_lab: StartLab, context: BrowserContext) -> None:
    """The operator has set new_browser_tab to false."""
    page = open_jupyterlab(start_lab("--CodeServer.new_browser_tab=False"), context)
    listed(page, "temperature.py").click(button="right")
    menu_item(page, "Open in VS Code").click()
    frame = page.frame_locator(".jp-MainAreaWidget iframe")
    expect(frame.get_by_role("tab", name="temperature.py")).to_be_visible()
    assert context.pages == [page]


def test_a_file_opens_from_the_file_browser(jupyterlab: Page, context: BrowserContext) -> None:
    """Its context menu opens it in VS Code, in the folder that Jupyter serves."""
    listed(jupyterlab, FOLDER).dblclick()
    listed(jupyterlab, FILE).click(button="right")
    page = opened(context, menu_item(jupyterlab, "Open in VS Code"))
    expect(page.get_by_role("tab", name=re.compile(re.escape(FILE)))).to_be_visible()
    expect(page.locator(".monaco-editor .view-lines").first).to_contain_text("here")


@pytest.mark.slow
def test_an_open_document_opens_by_its_tab_menu_and_palette(
    jupyterlab: Page, context: BrowserContext
) -> None:
    """All three open the active document, even if the file browser shows another folder."""
    listed(jupyterlab, "temperature.py").dblclick()
    tab = jupyterlab.get_by_role("tab", name="temperature.py")
    expect(tab).to_be_visible()
    listed(jupyterlab, FOLDER).dblclick()
    name = "Open in VS Code"
    tab.click(button="right")
    first = opened(context, menu_item(jupyterlab, name))
    expect(first.get_by_role("tab", name=re.compile("temperature.py"))).to_be_visible()
    jupyterlab.bring_to_front()
    tab.click()
    jupyterlab.get_by_role("menuitem", name="File").click()
    second = opened(context, menu_item(jupyterlab, name))
    expect(second).to_have_url(re.compile("temperature"))
    jupyterlab.bring_to_front()
    with context.expect_page() as third:
        palette(jupyterlab, name).wait_for()
        jupyterlab.keyboard.press("Enter")
    expect(third.value).to_have_url(re.compile("temperature"))


@pytest.mark.slow
def test_documents_of_other_drives_are_no_files(
    start_lab: StartLab, context: BrowserContext
) -> None:
    """jupyter-collaboration's drive has the server's files; other drives may have anything."""
    lab = start_lab("--LabApp.expose_app_in_browser=True")
    page = open_jupyterlab(lab, context)
    page.evaluate("""() => {
      const { contents } = jupyterapp.serviceManager;
      const Drive = contents._defaultDrive.constructor;
      for (const name of ["RTC", "Cloud"]) contents.addDrive(new Drive({ name }));
    }""")
    for drive, is_enabled in (("Cloud", False), ("RTC", True)):
        document = {"path": f"{drive}:temperature.py"}
        page.evaluate(
            "(document) => jupyterapp.commands.execute('docmanager:open', document)", document
        )
        expect(page.get_by_role("tab", name="temperature.py").last).to_be_visible()
        found = page.evaluate("() => jupyterapp.commands.isEnabled('codeserver:open')")
        assert found == is_enabled
    with context.expect_page() as new:
        page.evaluate("() => jupyterapp.commands.execute('codeserver:open')")
    expect(new.value).to_have_url(re.compile(r"temperature\.py"))


def test_the_running_panel_shows_restarts_and_shuts_down(
    start_lab: StartLab, context: BrowserContext
) -> None:
    """The panel follows VS Code's state, restarts it and shuts it down."""
    lab = start_lab()
    page = open_jupyterlab(lab, context)
    vscode = context.new_page()
    vscode.goto(lab.page("codeserver/"))
    expect(explorer_row(vscode, "temperature.py")).to_be_visible()
    page.bring_to_front()
    page.keyboard.press("Control+Shift+b")
    item = page.locator(".jp-RunningSessions-item.jp-mod-codeserver")
    expect(item).to_contain_text("VS Code (running)")
    before = status(lab)["pid"]
    item.click(button="right")
    menu_item(page, "Restart VS Code").click()
    page.get_by_role("dialog").get_by_role("button", name="Restart").click()
    expect(item).to_contain_text("VS Code (running)")
    until(lambda: status(lab)["pid"] not in {before, None}, page)
    item.hover()
    item.get_by_title("Shut Down VS Code").click()
    expect(item).to_have_count(0)
    assert status(lab)["state"] == "stopped"


@pytest.fixture(scope="module")
def compressed(tmp_path_factory: pytest.TempPathFactory, code_server: Path) -> Path:
    """Return a cache folder with VS Code's compressed files."""
    root = find_root(code_server)
    assert root is not None
    cache = tmp_path_factory.mktemp("cache")
    module = "jupyter_codeserver_proxy.assets.compression"
    destination = cache / "jupyter-codeserver-proxy" / "assets"
    command = [sys.executable, "-m", module, str(root.root), str(destination), "--quality=1"]
    subprocess.run(command, check=True, cwd=cache)
    return cache


FROM_CACHE = """() => Object.fromEntries(performance.getEntriesByType("resource")
  .filter((entry) => entry.name.includes("/stable-"))
  .map((entry) => [entry.name, entry.transferSize]))"""


def test_an_idle_jupyterlab_has_vscode_in_the_cache(
    start_lab: StartLab, context: BrowserContext, compressed: Path
) -> None:
    """It prefetches VS Code's files and starts nothing; the click uses the cache."""
    lab = start_lab(XDG_CACHE_HOME=str(compressed))
    page = context.new_page()
    with page.expect_response(re.compile("api/codeserver/assets")) as answer:
        page.goto(lab.page("lab?reset"))
    assets = answer.value.json()["assets"]
    seen = "() => performance.getEntriesByType('resource').map((entry) => entry.name)"
    ahead = {f"{lab.url}codeserver/{path}" for path in assets}
    until(lambda: ahead <= set(page.evaluate(seen)), page)
    assert status(lab)["state"] == "stopped"
    vscode = opened(context, page.locator(".jp-LauncherCard", has_text="VS Code"))
    expect(explorer_row(vscode, "temperature.py")).to_be_visible()
    sizes = vscode.evaluate(FROM_CACHE)
    asked_again = ahead & sizes.keys()
    assert {url.rpartition("/")[2] for url in asked_again} >= {"workbench.js", "workbench.css"}
    assert {url for url in asked_again if sizes[url]} == set()


SAVES_DATA = """Object.defineProperty(navigator, "connection", {value: {saveData: true}})"""
IS_SLOW = """Object.defineProperty(navigator, "connection", {value: {effectiveType: "slow-2g"}})"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "setting", "asks"),
    [
        pytest.param("", True, True, id="idle"),
        pytest.param("", False, False, id="setting"),
        pytest.param(SAVES_DATA, True, False, id="data-saver"),
        pytest.param(IS_SLOW, True, False, id="slow"),
    ],
)
def test_nothing_is_fetched_ahead_where_it_would_be_a_burden(
    lab: Lab, context: BrowserContext, script: str, *, setting: bool, asks: bool
) -> None:
    """Not over a slow or data-saving link, and not if the student's setting forbids it."""
    settings = lab.home / ".jupyter/lab/user-settings"
    file = settings / "jupyter-codeserver-proxy/plugin.jupyterlab-settings"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"prefetch": setting}))
    context.add_init_script(script)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(lab.page("lab?reset"))
    expect(page.locator(".jp-LauncherCard", has_text="VS Code")).to_be_visible()
    idle = "() => new Promise((resolve) => requestIdleCallback(resolve))"
    for _ in range(20):
        page.evaluate(idle)
        page.wait_for_timeout(50)
    assert any("api/codeserver/assets" in url for url in asked) == asks


@pytest.mark.slow
def test_behind_proxies_a_link_opens_its_file_and_a_notebook_leads_back(
    start_lab: StartLab, browser: Browser, tmp_path: Path
) -> None:
    """Jupyter knows neither the host nor the protocol that this browser uses.

    The link opens the explorer's file, and the menu opens JupyterLab without asking, even if
    VS Code forwards no ports.
    """
    lab = start_lab(
        rf"--ServerApp.allow_origin_pat=https://{HOST}:\d+",
        "--ServerApp.trust_xheaders=True",
        "--CodeServer.port_forwarding=False",
    )
    (lab.root / FOLDER).mkdir()
    (lab.root / "dice.ipynb").rename(lab.root / FOLDER / "dice.ipynb")
    with (
        reverse_proxy(urlsplit(lab.url).port or 0, tmp_path) as hub,
        closing(browser.new_context(ignore_https_errors=True)) as context,
    ):
        vscode = context.new_page()
        vscode.goto(f"{hub}{BASE_URL}codeserver/open/temperature.py?token={lab.token}")
        expect(vscode.locator(".monaco-editor .view-lines").first).to_contain_text("temperatures")
        shown = vscode.locator(".explorer-folders-view .monaco-list-row.selected")
        expect(shown).to_have_text("temperature.py")
        vscode.goto(f"{hub}{BASE_URL}codeserver/open/{quote(FOLDER)}")
        with context.expect_page() as new:
            choose(vscode, explorer_row(vscode, "dice.ipynb"), "Open in JupyterLab")
        page = new.value
        expect(page.get_by_role("tab", name="dice.ipynb")).to_be_visible()
        expect(page.get_by_role("heading", name="Two dice")).to_be_visible()
        assert page.url.startswith(f"{hub}{BASE_URL}lab/tree/")


@pytest.mark.slow
def test_a_notebook_outside_of_jupyters_root_is_refused(
    lab: Lab, context: BrowserContext, tmp_path: Path
) -> None:
    """The message names it, and the folder that JupyterLab shows."""
    notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "outside.ipynb").write_text(json.dumps(notebook))
    page = context.new_page()
    page.goto(lab.page(f"codeserver/?folder={tmp_path}"))
    explorer_row(page, "outside.ipynb").dblclick()
    expect(page.get_by_role("tab", name=re.compile("outside.ipynb"))).to_be_visible()
    command(page, "Jupyter: Open in JupyterLab")
    expect(page.locator(".notifications-toasts")).to_contain_text(
        f"outside.ipynb is not below {lab.root}"
    )
