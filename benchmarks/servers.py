"""The servers that are compared."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING

import psutil
import requests

from .destination import Destination
from .errors import MeasurementError
from .link import HOST
from .measurements import Contender
from .process import awaited
from .starting import BASE_URL, started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .starting import Setup

_PATHS = {
    Contender.DIRECT: "/",
    Contender.DEFAULTS: "/",
    Contender.PEER_TCP: f"{BASE_URL}vscode/",
    Contender.PEER_SOCKET: f"{BASE_URL}vscode/",
    Contender.OURS: f"{BASE_URL}codeserver/",
    Contender.JUPYTER: f"{BASE_URL}api/empty",
}

_TIMEOUT = 60  # seconds
_CALM = 0.5  # seconds with less than 10 % of one core
_KERNEL = "ipykernel_launcher"
_WORKBENCH = re.compile(r"stable-[0-9a-f]+/static/out/vs/code/browser/workbench/workbench\.js")


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    path: str  # below which code-server answers
    process: psutil.Popen
    token: str  # Jupyter's; empty for code-server by itself
    started_in: float  # seconds from the start to the first answer

    def login(self, port: int) -> str:
        """Returns an address that sets Jupyter's cookie; empty if the server needs none."""
        login = f"http://{HOST}:{port}{BASE_URL}api/status?token={self.token}"
        return login if self.token else ""

    def session(self) -> requests.Session:
        """Returns a client that is logged in."""
        session = requests.Session()
        if login := self.login(self.port):
            session.get(login, timeout=_TIMEOUT).raise_for_status()
        return session

    def destination(self, path: str = "", **headers: str) -> Destination:
        """Returns a destination below code-server's path, with a browser's cookies."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.session().cookies.items())
        login = {"Cookie": cookies} if cookies else {}
        return Destination(self.port, f"{self.path}{path}", {**login, **headers})

    def tree(self) -> list[psutil.Process]:
        """Returns the process and all its descendants."""
        return [self.process, *self.process.children(recursive=True)]

    def editor_memory(self, program: str = "") -> int:
        """Returns the proportional set size of code-server's processes, in bytes.

        `program` limits it to those whose command contains this. Kernels are Jupyter's processes.
        """

        def share(process: psutil.Process) -> int:
            command = " ".join(process.cmdline())
            counts = program in command and _KERNEL not in command
            return int(process.memory_full_info().pss) if counts else 0

        return _total(self.tree()[1:] if self.token else self.tree(), share)

    def memory(self) -> int:
        """Returns the resident memory of the process and all its descendants, in bytes."""
        return _total(self.tree(), lambda process: process.memory_info().rss)


@contextmanager
def running(
    setup: Setup,
    contender: Contender,
    options: Mapping[str, object] = MappingProxyType({}),
    *,
    extension: bool | None = None,
) -> Iterator[Server]:
    """Runs a server with a new home until the block ends; Jupyter has not started code-server yet.

    `options` are Jupyter's. `extension` is whether it loads our server extension; None: only for
    `Contender.OURS`.

    Raises:
        MeasurementError: it does not start.
    """
    with TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as folder:
        if extension is None:
            extension = contender is Contender.OURS
        began = time.perf_counter()
        with started(setup, contender, Path(folder), options, extension=extension) as (
            process,
            port,
            token,
        ):
            took = time.perf_counter() - began
            yield Server(port, _PATHS[contender], process, token, took)


def wake(server: Server) -> str:
    """Has code-server started, and returns the path of workbench.js in VS Code's page.

    Raises:
        MeasurementError: VS Code's page does not come in time.
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
            raise MeasurementError(f"{error}; the page says: {text[:200]}") from error


def settle(server: Server) -> None:
    """Waits until a server and all its descendants hardly use the processor."""
    deadline = time.monotonic() + _TIMEOUT
    before = _processor_time(server)
    while time.monotonic() < deadline:
        time.sleep(_CALM)
        now = _processor_time(server)
        if now - before < _CALM / 10:
            return
        before = now


def _total(processes: Iterable[psutil.Process], bytes_of: Callable[[psutil.Process], int]) -> int:
    """Sums over the processes that have not ended meanwhile."""
    total = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            total += bytes_of(process)
    return total


def _processor_time(server: Server) -> float:
    times = (process.cpu_times() for process in server.tree() if process.is_running())
    return sum(time.user + time.system for time in times)
