"""VS Code contacts nobody while a student works."""

from __future__ import annotations

import os
import socketserver
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import expect

from tests.e2e.vscode import explorer_row, type_in_terminal, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page

    from tests.e2e.conftest import StartLab

pytestmark = pytest.mark.slow

OURS = {None, "127.0.0.1", "localhost"}


class Gate(socketserver.ThreadingTCPServer):
    """An HTTP proxy that refuses all requests and records them."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on loopback."""
        super().__init__(("127.0.0.1", 0), Refusal)
        self.asked: list[str] = []

    @property
    def variables(self) -> dict[str, str]:
        """Return the variables that make programs, including node, use this proxy."""
        url = f"http://127.0.0.1:{self.server_address[1]}"
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
        own = {"NODE_USE_ENV_PROXY": "1", "no_proxy": "127.0.0.1,localhost"}
        return {**dict.fromkeys(names, url), **own}


class Refusal(socketserver.StreamRequestHandler):
    """Handler of one request."""

    def handle(self) -> None:
        """Record the first line, and refuse the request."""
        assert isinstance(self.server, Gate)
        if line := self.rfile.readline().decode(errors="replace").strip():
            self.server.asked.append(line)
        self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Run the proxy, which is the only way out."""
    with Gate() as gate:
        thread = threading.Thread(target=gate.serve_forever)
        thread.start()
        yield gate
        gate.shutdown()
        thread.join()


@pytest.fixture
def foreign(context: BrowserContext) -> set[str]:
    """Record the other hosts that pages contact."""
    found: set[str] = set()

    def note(url: str) -> None:
        if (host := urlsplit(url).hostname) not in OURS:
            found.add(str(host))

    context.on("request", lambda request: note(request.url))
    context.on("page", lambda page: page.on("websocket", lambda socket: note(socket.url)))
    return found


def test_nobody_is_asked_for_anything(
    start_lab: StartLab, context: BrowserContext, gate: Gate, foreign: set[str]
) -> None:
    """Neither page nor server asks for telemetry, updates or extensions' pictures."""
    lab = start_lab(**gate.variables)
    page = context.new_page()
    page.goto(lab.page("codeserver/"))
    explorer_row(page, "temperature.py").dblclick()
    expect(page.locator(".monaco-editor .view-lines").first).to_contain_text("temperatures")
    answer = lab.root / "answer"
    type_in_terminal(page, f"echo yes > {answer.name}")
    until(answer.exists, page)
    page.close()  # a closing page sends what it has kept
    assert not foreign
    assert not gate.asked


@contextmanager
def plain(code_server: Path, home: Path, variables: dict[str, str]) -> Iterator[str]:
    """Run code-server without our options, and yield its address."""
    command_line = [str(code_server), "--auth", "none", "--bind-addr", "127.0.0.1:0", str(home)]
    environment = {**os.environ, "HOME": str(home), **variables}
    process = psutil.Popen(
        command_line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        found = (line.partition("HTTP server listening on ")[2] for line in process.stdout)
        yield next(filter(None, found)).strip()
    finally:
        for running in (process, *process.children(recursive=True)):
            running.kill()
        process.stdout.close()
        process.wait()


def test_by_itself_it_would_ask(
    code_server: Path, tmp_path: Path, context: BrowserContext, gate: Gate
) -> None:
    """This shows that the test above can fail."""
    with plain(code_server, tmp_path, gate.variables) as address:
        page: Page = context.new_page()
        page.goto(f"{address}?folder={tmp_path}")
        until(lambda: any("telemetry" in line for line in gate.asked), page)
        page.close()
