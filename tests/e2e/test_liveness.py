"""An unreachable code-server is replaced; a slow one is not."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import requests
from playwright.sync_api import expect

from tests.e2e.conftest import status
from tests.e2e.test_recovery import file_row, has_ended, processes
from tests.e2e.vscode import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import BrowserContext, Page, Request

    from tests.e2e.conftest import Lab, StartLab

# A code-server that answers only its health check.
HOLLOW = """#!{python}
import socket, sys
if "--help" in sys.argv:
    sys.exit()
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[sys.argv.index("--socket") + 1])
server.listen(64)
while True:
    client, _ = server.accept()
    if client.recv(65536).startswith(b"GET /healthz "):
        client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
    client.close()
"""


def remove_socket(lab: Lab) -> None:
    """Remove the socket, as a cleaner of temporary files does."""
    Path(status(lab)["socket"]).unlink()


def remove_folder(lab: Lab) -> None:
    """Remove the runtime folder, as `rm -rf /tmp/*` or the end of a login session does."""
    shutil.rmtree(Path(status(lab)["socket"]).parent)


def stop(lab: Lab) -> None:
    """Suspend all of code-server's processes."""
    os.killpg(status(lab)["pid"], signal.SIGSTOP)


def opened(lab: Lab, context: BrowserContext) -> Page:
    """Open VS Code and wait until it is ready."""
    page = context.new_page()
    page.goto(lab.page("codeserver/"))
    expect(file_row(page)).to_be_visible()
    return page


@pytest.mark.slow
@pytest.mark.parametrize("strike", [remove_socket, remove_folder, stop])
def test_a_page_load_heals_what_cannot_be_reached(
    start_lab: StartLab, context: BrowserContext, strike: Callable[[Lab], None]
) -> None:
    """VS Code opens without a click, in a new process, and no old process is left."""
    lab = start_lab()
    page = opened(lab, context)
    old = processes(lab)
    strike(lab)
    page.goto(f"{lab.url}codeserver/")
    expect(file_row(page)).to_be_visible()
    assert status(lab)["pid"] != old[0].pid
    _, left = psutil.wait_procs(old, timeout=30)
    assert [process for process in left if not has_ended(process)] == []


@pytest.mark.slow
def test_a_page_that_does_not_become_vscode_backs_off_and_offers_a_restart(
    start_lab: StartLab, context: BrowserContext, tmp_path: Path
) -> None:
    """It reloads at most once a second, then more slowly; its button works by keyboard."""
    script = tmp_path / "code-server"
    script.write_text(HOLLOW.format(python=sys.executable))
    script.chmod(0o755)
    lab = start_lab(JUPYTER_CODESERVER_EXECUTABLE=str(script))
    page = context.new_page()
    made: list[Request] = []

    def note(request: Request) -> None:
        if request.is_navigation_request():
            made.append(request)

    page.on("request", note)
    page.goto(lab.page("codeserver/"))
    restart = page.get_by_role("button", name="Restart")
    expect(restart).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("does not open")
    loads = [request.timing["startTime"] / 1000 for request in made]
    # A start ends with the first reload; each later one waits longer.
    pauses = [later - earlier for earlier, later in itertools.pairwise(loads[1:])]
    assert len(pauses) >= 2
    assert all(pause >= 1 for pause in pauses)
    assert pauses == sorted(pauses)
    pid = status(lab)["pid"]
    restart.focus()
    page.keyboard.press("Enter")
    until(lambda: status(lab)["pid"] not in {None, pid}, page)


@pytest.mark.slow
def test_a_busy_machine_is_not_taken_for_a_dead_one(
    start_lab: StartLab, context: BrowserContext
) -> None:
    """With two busy loops per core and an upload that nobody reads, VS Code keeps its process."""
    lab = start_lab()
    opened(lab, context)
    pid = status(lab)["pid"]
    with _busy(2 * (os.cpu_count() or 1)), socket.create_server(("127.0.0.1", 0)) as deaf:
        upload = f"{lab.url}codeserver/proxy/{deaf.getsockname()[1]}/"
        with pytest.raises(requests.RequestException):
            # Longer than an idle code-server may be silent.
            requests.post(upload, data=_slowly(15), headers=_token(lab), timeout=5)
        opened(lab, context)
    assert status(lab)["pid"] == pid


@pytest.mark.slow
def test_a_machine_that_sleeps_finds_the_same_vscode(
    start_lab: StartLab, context: BrowserContext
) -> None:
    """A laptop's lid closes during a load; pending requests are answered after it opens."""
    lab = start_lab()
    page = opened(lab, context)
    below = processes(lab)
    for process in below:
        process.suspend()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(requests.get, lab.page("codeserver/healthz"), timeout=60)
        # No condition to await: the health check has begun, and then everything sleeps.
        time.sleep(5)
        lab.process.suspend()
        time.sleep(15)
        for process in (lab.process, *below):
            process.resume()
        assert waiting.result().status_code == 200
    page.reload()
    expect(file_row(page)).to_be_visible()
    assert status(lab)["pid"] == below[0].pid


def _token(lab: Lab) -> dict[str, str]:
    return {"Authorization": f"token {lab.token}"}


def _slowly(seconds: int) -> Iterator[bytes]:
    for _ in range(seconds):
        yield bytes(1 << 20)
        time.sleep(1)


@contextmanager
def _busy(count: int) -> Iterator[None]:
    """Run so many busy loops, each in a process of its own."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.send_signal(signal.SIGKILL)
            loop.wait()
