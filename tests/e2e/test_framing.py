"""Only pages that Jupyter's own policy allows may frame VS Code."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext

    from tests.e2e.conftest import StartLab

pytestmark = pytest.mark.slow

FRAME = """(url) => new Promise((done) => {
  const frame = document.createElement("iframe");
  frame.src = url;
  frame.onload = done;
  frame.width = frame.height = "800";
  document.body.replaceChildren(frame);
})"""


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[str]:
    """Serve another site, such as a university's portal, and yield its origin."""
    folder = tmp_path / "portal"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_another_site_frames_neither_vscode_nor_its_pages(
    start_lab: StartLab, context: BrowserContext, portal: str
) -> None:
    """The browser shows neither the starting page nor VS Code, whoever is logged in."""
    lab = start_lab()
    outside = context.new_page()
    outside.goto(portal)
    # The token grants access, so only the response's policy can refuse.
    outside.evaluate(FRAME, lab.page("codeserver/"))
    assert outside.frames[-1].url.startswith("chrome-error:")
    vscode = context.new_page()
    vscode.goto(lab.page("codeserver/"))
    expect(vscode.locator(".monaco-workbench")).to_be_visible()
    for address in (lab.page("codeserver/"), f"{lab.url}codeserver/"):
        outside.evaluate(FRAME, address)
        assert outside.frames[-1].url.startswith("chrome-error:")


def test_a_portal_that_the_operator_names_frames_vscode(
    start_lab: StartLab, context: BrowserContext, portal: str
) -> None:
    """If it may frame Jupyter, it may frame VS Code, whose own frames work too."""
    policy = f"frame-ancestors 'self' {portal}"
    lab = start_lab(
        f"--ServerApp.tornado_settings={{'headers': {{'Content-Security-Policy': \"{policy}\"}}}}"
    )
    outside = context.new_page()
    outside.goto(lab.page("api/status"))  # logs in
    outside.goto(portal)
    outside.evaluate(FRAME, f"{lab.url}codeserver/")
    workbench = outside.frame_locator("iframe")
    expect(workbench.locator(".explorer-folders-view .monaco-list-row").first).to_be_visible()
    worker = workbench.frame_locator("iframe[src*='webWorkerExtensionHostIframe']")
    expect(worker.locator("script")).to_be_attached()
