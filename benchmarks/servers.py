"""Starts the servers that are compared, each with a home of its own."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psutil
import requests
from jupyter_core.paths import jupyter_path

from .errors import MeasurementError
from .link import CHECKOUT, HOST
from .load import Destination
from .measurements import Contender
from .process import OUTPUT, awaited, running_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

BASE_URL = "/user/alice/"

# What ours gives code-server for a clean first screen is given to it here as well, so that the
# way to it is all that differs. The peer is as a student gets it.
CLEAN_START = (
    "--disable-getting-started-override",
    "--disable-telemetry",
    "--disable-update-check",
    "--disable-workspace-trust",
    "--ignore-last-opened",
    "--vscode-option",
    "force-disable-user-env",
)

_PATHS = {
    Contender.DIRECT: "/",
    Contender.DEFAULTS: "/",
    Contender.PEER_TCP: f"{BASE_URL}vscode/",
    Contender.PEER_SOCKET: f"{BASE_URL}vscode/",
    Contender.OURS: f"{BASE_URL}codeserver/",
    Contender.JUPYTER: f"{BASE_URL}api/empty",
}

_TIMEOUT = 60  # seconds
_CALM = 0.5  # seconds of less than 10 % of one core
_LISTENING = re.compile(rb"HTTP server listening on http://[\d.]+:(\d+)/")
_WORKBENCH = re.compile(r"stable-[0-9a-f]+/static/out/vs/code/browser/workbench/workbench\.js")

_CONFIGURATION = """\
import sys
sys.path.append({checkout!r})
c.ServerApp.extra_services = ["benchmarks.empty"]
"""


@dataclass(frozen=True)
class Setup:
    """What all servers have in common.

    Attributes:
        code_server: the executable, which is called `code-server`.
        workspace: the folder that VS Code opens.
        assets: compressed ones for ours, as they are where an image has been made.
    """

    code_server: Path
    workspace: Path
    assets: Path


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        port: on loopback.
        path: below which code-server is found.
        process: that was started.
        token: Jupyter's; empty for code-server itself.
        started_in: seconds from its start to its first answer.
    """

    port: int
    path: str
    process: psutil.Popen
    token: str
    started_in: float

    def login(self, port: int) -> str:
        """An address at `port` that gives a browser Jupyter's cookie; empty if none is needed."""
        login = f"http://{HOST}:{port}{BASE_URL}api/status?token={self.token}"
        return login if self.token else ""

    def session(self) -> requests.Session:
        """A client that Jupyter knows."""
        session = requests.Session()
        if login := self.login(self.port):
            session.get(login, timeout=_TIMEOUT).raise_for_status()
        return session

    def destination(self, path: str = "", **headers: str) -> Destination:
        """A path below code-server's, with the cookies that a browser would send."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.session().cookies.items())
        known = {"Cookie": cookies} if cookies else {}
        return Destination(self.port, f"{self.path}{path}", {**known, **headers})

    def tree(self) -> list[psutil.Process]:
        """Its process, and all that this has started."""
        return [self.process, *self.process.children(recursive=True)]

    def editor_memory(self) -> int:
        """Bytes of code-server's own processes; what they share is divided among them (PSS)."""
        editors = self.tree()[1:] if self.token else self.tree()
        return _total(editors, lambda process: process.memory_full_info().pss)

    def memory(self) -> int:
        """Bytes that it and all it has started hold resident."""
        return _total(self.tree(), lambda process: process.memory_info().rss)


@contextmanager
def running(
    setup: Setup, contender: Contender, *, extension: bool | None = None
) -> Iterator[Server]:
    """A server with a new home, until the block ends; code-server is not started behind Jupyter.

    Args:
        setup: what all have in common.
        contender: which.
        extension: whether Jupyter loads our server extension; by default, it does for ours.

    Raises:
        MeasurementError: it did not start.
    """
    with TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        if extension is None:
            extension = contender is Contender.OURS
        if contender in {Contender.DIRECT, Contender.DEFAULTS}:
            flags = CLEAN_START if contender is Contender.DIRECT else ()
            start = _code_server(setup, home, flags)
        else:
            start = _jupyter(setup, contender, home, extension=extension)
        began = time.perf_counter()
        with start as it:
            took = time.perf_counter() - began
            yield Server(it.port, _PATHS[contender], it.process, it.token, took)


def wake(server: Server) -> str:
    """Have code-server started.

    Returns:
        The path of workbench.js, below code-server's.

    Raises:
        MeasurementError: it did not show VS Code in time.
    """
    url, page = f"http://{HOST}:{server.port}{server.path}", ""

    def shown() -> str | None:
        nonlocal page
        page = session.get(url, headers={"Accept": "text/html"}, timeout=_TIMEOUT).text
        found = _WORKBENCH.search(page)
        return found and found[0]

    with server.session() as session:
        try:
            return awaited(shown, server.process, tick=0.1)
        except MeasurementError as error:
            text = " ".join(re.sub(r"(?s)<(style|script).*?</\1>|<[^>]*>", " ", page).split())
            raise MeasurementError(f"{error}; it says: {text[:200]}") from error


def settle(server: Server) -> None:
    """Wait until a server, and all it has started, has come to rest."""
    deadline = time.monotonic() + _TIMEOUT
    before = _processor_time(server)
    while time.monotonic() < deadline:
        time.sleep(_CALM)
        now = _processor_time(server)
        if now - before < _CALM / 10:
            return
        before = now


def _total(processes: Iterable[psutil.Process], bytes_of: Callable[[psutil.Process], int]) -> int:
    """The sum over those that have not ended meanwhile."""
    total = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            total += bytes_of(process)
    return total


def _processor_time(server: Server) -> float:
    times = (process.cpu_times() for process in server.tree() if process.is_running())
    return sum(time.user + time.system for time in times)


@dataclass(frozen=True)
class _Started:
    process: psutil.Popen
    port: int
    token: str = ""


@contextmanager
def _code_server(setup: Setup, home: Path, flags: Sequence[str]) -> Iterator[_Started]:
    log = home / OUTPUT
    command = (
        *(str(setup.code_server), "--auth", "none", "--bind-addr", f"{HOST}:0"),
        *("--config", str(home / "config.yaml"), *flags, str(setup.workspace)),
    )

    def port() -> int | None:
        found = _LISTENING.search(log.read_bytes())
        return int(found[1]) if found else None

    with running_process(command, home, setup.workspace, {}) as process:
        found = awaited(port, process)
        url = f"http://{HOST}:{found}/healthz"
        awaited(lambda: _answers(url, {}), process)
        yield _Started(process, found)


@contextmanager
def _jupyter(
    setup: Setup, contender: Contender, home: Path, *, extension: bool
) -> Iterator[_Started]:
    token, runtime = os.urandom(16).hex(), home / "runtime"
    settings: dict[str, object] = {
        "ServerApp.allow_root": True,
        "ServerApp.base_url": BASE_URL,
        "ServerApp.ip": HOST,
        "ServerApp.jpserver_extensions": {"jupyter_codeserver_proxy": extension},
        "ServerApp.open_browser": False,
        "ServerApp.port": 0,
        "ServerApp.root_dir": str(setup.workspace),
        "IdentityProvider.token": token,
    }
    # As for whoever runs this, PATH finds the same code-server for the peer and for ours.
    path = f"{setup.code_server.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    variables = {"JUPYTER_RUNTIME_DIR": str(runtime), "PATH": path}
    if contender is Contender.PEER_SOCKET:
        variables["JUPYTER_VSCODE_PROXY_USE_SOCKET"] = "true"
    if contender is Contender.OURS:
        _put_assets(home, setup.assets)
    if contender is Contender.JUPYTER:
        _configure_empty_handler(home)
    if not extension:
        settings["LabApp.labextensions_path"] = _other_labextensions(home)
    arguments = (f"--{name}={value}" for name, value in settings.items())
    command = (sys.executable, "-m", "jupyter_server", *arguments)
    with running_process(command, home, setup.workspace, variables) as process:
        description = runtime / f"jpserver-{process.pid}.json"
        port = awaited(lambda: _described_port(description), process)
        url = f"http://{HOST}:{port}{BASE_URL}api/status"
        awaited(lambda: _answers(url, {"Authorization": f"token {token}"}), process)
        yield _Started(process, port, token)


def _put_assets(home: Path, assets: Path) -> None:
    folder = home / ".cache" / "jupyter-codeserver-proxy"
    folder.mkdir(parents=True)
    (folder / "assets").symlink_to(assets)


def _other_labextensions(home: Path) -> Path:
    """A folder with all of JupyterLab's extensions but ours."""
    folder = home / "labextensions"
    folder.mkdir()
    for place in map(Path, jupyter_path("labextensions")):
        for extension in place.glob("*"):
            link = folder / extension.name
            if extension.name != "jupyter-codeserver-proxy" and not link.exists():
                link.symlink_to(extension)
    return folder


def _configure_empty_handler(home: Path) -> None:
    # At the end of the path: the package that is measured is the one that is installed.
    configuration = _CONFIGURATION.format(checkout=str(CHECKOUT))
    (home / ".jupyter").mkdir()
    (home / ".jupyter" / "jupyter_server_config.py").write_text(configuration, encoding="utf-8")


def _described_port(description: Path) -> int | None:
    try:
        return int(json.loads(description.read_text())["port"])
    except (FileNotFoundError, ValueError):  # not there yet, or half written
        return None


def _answers(url: str, headers: Mapping[str, str]) -> bool:
    try:
        return requests.get(url, headers=headers, timeout=_TIMEOUT).status_code == HTTPStatus.OK
    except requests.ConnectionError:
        return False
