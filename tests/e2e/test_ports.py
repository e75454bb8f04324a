"""An application that a student starts in the terminal opens in the browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.vscode import command, explorer_row, type_in_terminal, until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

    from tests.e2e.conftest import StartLab

pytestmark = pytest.mark.slow

# A minimal application with a websocket; its page uses relative paths only.
APPLICATION = """
import asyncio, os, pathlib
from tornado import web, websocket

class Page(web.RequestHandler):
    def get(self):
        self.write('''<p id="said"></p><script>
          const url = new URL("echo", location.href.replace(/^http/, "ws"));
          const socket = new WebSocket(url);
          socket.onopen = () => socket.send("over a websocket");
          socket.onmessage = (event) => document.getElementById("said").textContent = event.data;
        </script>''')

class Echo(websocket.WebSocketHandler):
    def check_origin(self, origin):
        return True
    def on_message(self, message):
        self.write_message(f"heard {message}")

async def main():
    server = web.Application([("/", Page), ("/echo", Echo)]).listen(0, "127.0.0.1")
    (socket,) = server._sockets.values()
    port = socket.getsockname()[1]
    pathlib.Path("port").write_text(f"{port} {os.environ.get('VSCODE_PROXY_URI')}\\n")
    print(f"Serving at http://127.0.0.1:{port}/", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_an_application_with_a_websocket_opens_by_its_address(
    start_lab: StartLab, context: BrowserContext
) -> None:
    """VSCODE_PROXY_URI in the terminal and the Ports panel give its address."""
    lab = start_lab(JUPYTER_CODESERVER_ARGUMENTS="--log debug")
    page = context.new_page()
    # VS Code ignores ports that were open at its first scan, so the application starts later.
    with page.expect_console_message(
        lambda message: "Initial candidates set" in message.text, timeout=60_000
    ):
        page.goto(lab.page("codeserver/"))
    expect(explorer_row(page, "temperature.py")).to_be_visible()
    (lab.root / "application.py").write_text(APPLICATION)
    type_in_terminal(page, "python application.py")
    told = lab.root / "port"
    until(lambda: told.exists() and told.read_text().endswith("\n"), page)
    port, template = told.read_text().split()

    by_variable = context.new_page()
    by_variable.goto(template.replace("{{port}}", port))
    expect(by_variable.locator("#said")).to_have_text("heard over a websocket")

    page.bring_to_front()
    command(page, "Ports: Focus on Ports View")
    row = page.locator(".monaco-list-row", has_text=re.compile(rf"\b{port}\b")).first
    expect(row).to_be_visible()
    address = row.get_by_text(re.compile(rf"/codeserver/proxy/{port}"))
    expect(address).to_be_visible()
