"""A student clicks the tile and works in VS Code."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import requests
from playwright.sync_api import expect

from tests.e2e.vscode import command, explorer_row, type_in_terminal, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page

    from tests.e2e.conftest import Lab, StartLab


EXAMPLES = ["README.md", "dice.ipynb", "primes.cpp", "temperature.py"]


@pytest.fixture
def vscode(lab: Lab, context: BrowserContext) -> Page:
    """Open VS Code and wait until the explorer shows the files."""
    page = context.new_page()
    page.goto(lab.page("codeserver/"))
    expect(explorer_row(page, "temperature.py")).to_be_visible()
    return page


def test_the_tile_opens_the_workspace_below_the_base_url(
    lab: Lab, open_tile: Callable[[Lab], Page]
) -> None:
    """The tile opens VS Code on the server's root, below its base URL."""
    page = open_tile(lab)
    for file in EXAMPLES:
        expect(explorer_row(page, file)).to_be_visible()
    assert page.url.startswith(f"{lab.url}codeserver/?folder=")


def test_what_the_workbench_asks_for_at_once_is_there(vscode: Page) -> None:
    """Our page fetches it while the workbench is compiled; VS Code then reads the cache."""
    for name in ("codicon.ttf", "vsda.js", "vsda_bg.wasm", "layout.contribution.linux.js"):
        (ahead, _), *later = vscode.evaluate(
            "name => performance.getEntriesByType('resource').filter(it => it.name.endsWith(name))"
            "  .map(it => [it.initiatorType, it.transferSize])",
            f"/{name}",
        )
        assert ahead == "fetch"
        assert [size for _, size in later] == [0]


def test_workbench_js_is_asked_for_first_and_once(vscode: Page) -> None:
    """The page requests it before everything else, and VS Code does not request it again."""
    asked = vscode.evaluate(
        "performance.getEntriesByType('resource').map(it => [it.startTime, it.name])"
    )
    (start,) = [time for time, name in asked if name.endswith("/workbench/workbench.js")]
    assert start == min(time for time, _ in asked)


def test_an_edited_file_is_saved_on_disk(lab: Lab, vscode: Page) -> None:
    """Text that is typed and saved in VS Code is in the file."""
    explorer_row(vscode, "temperature.py").dblclick()
    expect(vscode.locator(".monaco-editor .view-lines").first).to_contain_text("temperatures")
    vscode.locator(".monaco-editor .view-lines").first.click()
    vscode.keyboard.press("Control+Home")
    vscode.keyboard.type("# edited in VS Code\n")
    vscode.keyboard.press("Control+s")
    file = lab.root / "temperature.py"
    until(lambda: file.read_text().startswith("# edited in VS Code\n"), vscode)


def test_the_terminal_has_jupyters_programs(lab: Lab, vscode: Page) -> None:
    """Commands run in VS Code's terminal, and `python` and `jupyter` are the server's."""
    answer = lab.root / "answer"
    type_in_terminal(vscode, "(command -v python jupyter; env) > part; mv part answer")
    until(answer.exists, vscode)
    text = answer.read_text()
    programs = lab.process.cmdline()[0].rpartition("/")[0]
    assert text.splitlines()[:2] == [f"{programs}/python", f"{programs}/jupyter"]
    assert "JUPYTERHUB_API_TOKEN" not in text


def test_markdown_is_previewed(vscode: Page) -> None:
    """A webview shows the rendered Markdown."""
    explorer_row(vscode, "README.md").dblclick()
    expect(vscode.get_by_role("tab", name=re.compile("README.md"))).to_be_visible()
    command(vscode, "Markdown: Open Preview to the Side")
    outer = vscode.frame_locator("iframe.webview.ready")
    preview = outer.frame_locator("iframe#active-frame")
    expect(preview.get_by_role("heading", name="A small workspace")).to_be_visible()


def test_service_workers_keep_below_code_servers_address(lab: Lab, vscode: Page) -> None:
    """VS Code's and its webviews' are registered, and none covers all of Jupyter."""
    explorer_row(vscode, "README.md").dblclick()
    expect(vscode.get_by_role("tab", name=re.compile("README.md"))).to_be_visible()
    command(vscode, "Markdown: Open Preview to the Side")
    expect(vscode.locator("iframe.webview.ready")).to_be_visible()

    def scopes() -> list[str]:
        found: list[str] = vscode.evaluate(
            "navigator.serviceWorker.getRegistrations()"
            "  .then(all => all.filter(one => one.active).map(one => one.scope))"
        )
        return found

    until(lambda: len(scopes()) == 2, vscode)
    assert all(scope.startswith(f"{lab.url}codeserver/") for scope in scopes())
    assert f"{lab.url}codeserver/" in scopes()


def test_a_link_opens_a_file_at_its_line(lab: Lab, context: BrowserContext) -> None:
    """An instructor's link opens the file with the cursor in the given line."""
    page = context.new_page()
    page.goto(lab.page("codeserver/open/temperature.py?line=3"))
    expect(page.get_by_role("tab", name=re.compile("temperature.py"))).to_be_visible()
    expect(page.locator("#status\\.editor\\.selection")).to_contain_text("Ln 3")


def test_a_second_tab_works_beside_the_first(
    lab: Lab, vscode: Page, context: BrowserContext
) -> None:
    """VS Code opens in a second tab while the first keeps working."""
    second = context.new_page()
    second.goto(f"{lab.url}codeserver/")
    for page in (second, vscode):
        explorer_row(page, "primes.cpp").dblclick()
        expect(page.locator(".monaco-editor .view-lines").first).to_contain_text("primes_below")


def code_servers(lab: Lab) -> list[psutil.Process]:
    """Return the descendants of Jupyter that serve on a socket, as code-server does."""
    return [
        process
        for process in lab.process.children(recursive=True)
        if "--socket-mode" in process.cmdline()
    ]


def listening(process: psutil.Process) -> set[int]:
    """Return the TCP ports on which a process and its descendants listen."""
    return {
        connection.laddr.port
        for member in [process, *process.children(recursive=True)]
        for connection in member.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    }


def test_javascript_is_debugged(
    start_lab: StartLab, context: BrowserContext, tmp_path: Path
) -> None:
    """The built-in debugger works, although its copy has a shorter manifest."""
    extensions = tmp_path / "extensions"
    shutil.copytree(Path(__file__).with_name("jobs_extension"), extensions / "test.jobs-1.0.0")
    lab = start_lab(f"--CodeServer.extensions_folder={extensions}")
    (lab.root / "script.js").write_text(
        "require('node:fs').writeFileSync('by.txt', `${require('node:inspector').url()}`);"
    )
    page = context.new_page()
    page.goto(lab.page("codeserver/"))
    expect(explorer_row(page, "script.js")).to_be_visible()
    command(page, "Start a Job: Script")
    told = lab.root / "by.txt"
    until(lambda: told.exists() and told.read_text().startswith("ws://127.0.0.1:"), page)


@pytest.mark.usefixtures("vscode")
def test_no_port_is_open_but_jupyters(lab: Lab) -> None:
    """With VS Code open, only Jupyter's own port is listening."""
    port = int(lab.url.split(":")[2].split("/")[0])
    assert code_servers(lab)
    assert listening(lab.process) == {port}


def test_without_the_token_nothing_is_started(start_lab: StartLab) -> None:
    """A request without a token does not even start code-server."""
    lab = start_lab()
    for path in ("codeserver/", "codeserver/?folder=/etc", "codeserver/healthz"):
        answer = requests.get(lab.url + path, timeout=30, allow_redirects=False)
        assert answer.status_code in {302, 403}
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    answer = requests.get(f"{lab.url}codeserver/stable", headers=upgrade, timeout=30)
    assert answer.status_code == 403
    assert not code_servers(lab)


def test_a_tile_without_code_server_says_how_to_install_it(
    start_lab: StartLab, open_tile: Callable[[Lab], Page], tmp_path: Path
) -> None:
    """Without code-server the tile is there, and a click says how to install it."""
    lab = start_lab(JUPYTER_CODESERVER_EXECUTABLE=str(tmp_path / "nowhere"))
    page = open_tile(lab)
    expect(page.locator("body")).to_contain_text("jupyter codeserver install")
    expect(page.get_by_role("button", name="Retry")).to_be_visible()


def test_a_wrong_option_is_told_at_the_click(
    start_lab: StartLab, open_tile: Callable[[Lab], Page]
) -> None:
    """The tile is there, and a click says which value was given and what is allowed."""
    lab = start_lab("--CodeServer.timeout=-5")
    page = open_tile(lab)
    expect(page.locator("body")).to_contain_text("CodeServer.timeout is -5; allowed is")


@pytest.mark.slow
def test_an_option_opens_it_inside_jupyterlab(start_lab: StartLab, context: BrowserContext) -> None:
    """With new_browser_tab off, VS Code opens in a JupyterLab tab."""
    lab = start_lab("--CodeServer.new_browser_tab=False", "--CodeServer.title=Editor")
    page = context.new_page()
    page.goto(lab.page("lab?reset"))
    page.locator(".jp-LauncherCard", has_text="Editor").click()
    inside = page.frame_locator("iframe[src*='codeserver']")
    row = inside.locator(".explorer-folders-view .monaco-list-row", has_text="temperature.py")
    expect(row).to_be_visible()
