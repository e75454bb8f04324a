"""Whom VS Code tries to reach while a student works: nobody."""

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
    """An HTTP proxy that lets nothing out, and keeps what was asked of it."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listen on loopback."""
        super().__init__(("127.0.0.1", 0), Refusal)
        self.asked: list[str] = []

    @property
    def variables(self) -> dict[str, str]:
        """What makes programs, node among them, come by here."""
        url = f"http://127.0.0.1:{self.server_address[1]}"
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
        own = {"NODE_USE_ENV_PROXY": "1", "no_proxy": "127.0.0.1,localhost"}
        return {**dict.fromkeys(names, url), **own}


class Refusal(socketserver.StreamRequestHandler):
    """One request."""

    def handle(self) -> None:
        """Note its first line, and refuse it."""
        assert isinstance(self.server, Gate)
        if line := self.rfile.readline().decode(errors="replace").strip():
            self.server.asked.append(line)
        self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def gate() -> Iterator[Gate]:
    """The only way out."""
    with Gate() as gate:
        thread = threading.Thread(target=gate.serve_forever)
        thread.start()
        yield gate
        gate.shutdown()
        thread.join()


@pytest.fixture
def foreign(context: BrowserContext) -> set[str]:
    """The hosts beside ours that pages ask for anything."""
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
    """Not for telemetry, updates or pictures of extensions: neither by the page nor behind it."""
    lab = start_lab(**gate.variables)
    page = context.new_page()
    page.goto(lab.page("codeserver/"))
    explorer_row(page, "temperature.py").dblclick()
    expect(page.locator(".monaco-editor .view-lines").first).to_contain_text("temperatures")
    answer = lab.root / "answer"
    type_in_terminal(page, f"echo yes > {answer.name}")
    until(answer.exists, page)
    page.close()  # what is kept until then is sent when a page ends
    assert not foreign
    assert not gate.asked


@contextmanager
def plain(code_server: Path, home: Path, variables: dict[str, str]) -> Iterator[str]:
    """The address of a code-server as it is by itself."""
    command_line = [str(code_server), "--auth", "none", "--bind-addr", "127.0.0.1:0", str(home)]
    environment = {**os.environ, "HOME": str(home), **variables}
    process = psutil.Popen(
        command_line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        found = (line.partition("HTTP server listening on ")[2] for line in process.stdout)
        yield next(filter(None, found)).strip()
    finally:
        for each in (process, *process.children(recursive=True)):
            each.kill()
        process.stdout.close()
        process.wait()


def test_by_itself_it_would_ask(
    code_server: Path, tmp_path: Path, context: BrowserContext, gate: Gate
) -> None:
    """Or the test above could not fail."""
    with plain(code_server, tmp_path, gate.variables) as address:
        page: Page = context.new_page()
        page.goto(f"{address}?folder={tmp_path}")
        until(lambda: any("telemetry" in line for line in gate.asked), page)
        page.close()
