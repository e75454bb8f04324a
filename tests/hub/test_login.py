"""A student logs in at a real JupyterHub and works in VS Code; another student cannot reach it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import async_playwright

from jupyter_codeserver_proxy.kernels.kernels_socket import kernels_socket
from tests.hub.conftest import Student, has_opened, open_file, running_hub
from tests.jupyter_codeserver_proxy.kernels.conftest import Client

if TYPE_CHECKING:
    from tests.hub.conftest import Hub

pytestmark = pytest.mark.hub

ORDER = """async () => {
  const token = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/)[1];
  const answer = await fetch("/user/alice/api/codeserver/restart",
    { method: "POST", headers: { "X-XSRFToken": token, "Content-Type": "application/json" } });
  return answer.status;
}"""
GET = """async (path) => {
  const token = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/)[1];
  return (await fetch(`/user/alice/api/${path}`, { headers: { "X-XSRFToken": token } })).json();
}"""
# Sent by VS Code's own page, which does not know Jupyter's token.
POST = """async () => (await fetch("mint-key", { method: "POST" })).status"""


@pytest.mark.parametrize("version", ["5", "6"])
def test_a_student_comes_by_the_tile(
    version: str,
    hub_environments: dict[str, Path],
    code_server: Path,
    chromium: str,
    tmp_path: Path,
) -> None:
    """Login, JupyterLab, tile, VS Code below the student's address, files and kernels work."""

    async def scenario(hub: Hub) -> None:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox"]
            )
            alice = await Student.arrive("alice", hub, browser)
            lab = await alice.login("lab")
            tile = lab.locator(".jp-LauncherCard", has_text="VS Code of the class")
            async with alice.context.expect_page() as opened:
                await tile.click()
            vscode = await opened.value
            await has_opened(vscode)
            assert vscode.url.startswith(f"{hub.url}/user/alice/codeserver/")
            await open_file(vscode)
            await vscode.keyboard.press("Control+Home")
            await vscode.keyboard.type("typed behind a hub ")
            await vscode.keyboard.press("Control+s")
            while "typed behind a hub" not in hub.home("alice").joinpath("long.txt").read_text():  # noqa: ASYNC110 -- a file has no Event
                await asyncio.sleep(0.1)
            assert await vscode.evaluate(POST) == 200
            socket = Path((await lab.evaluate(GET, "codeserver"))["socket"])
            kernels = Client(kernels_socket(socket))  # which no login guards
            session = await kernels.begin("a.ipynb")
            assert await kernels.execute(session["kernel"]["id"], "2") == {"text/plain": "2"}
            (listed,) = await lab.evaluate(GET, "sessions")
            assert listed["id"] == session["id"]
            assert await lab.evaluate(ORDER) == 200

            bob = await Student.arrive("bob", hub, browser)
            await bob.login("lab")
            page = await bob.context.new_page()
            answer = await page.goto(f"{hub.url}/user/alice/codeserver/")
            assert answer
            assert answer.status == 403
            await browser.close()

    with running_hub(hub_environments[version], tmp_path / "hub", code_server) as hub:
        asyncio.run(asyncio.wait_for(scenario(hub), 300))
        assert re.search(rf"JupyterHub.*\b{version}\.", (hub.folder / "hub.log").read_text())
