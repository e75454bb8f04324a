"""A browser that nobody inspects, and how long a person who has clicked waits in it."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import requests
from websockets.sync.client import connect

from .errors import MeasurementError
from .link import HOST
from .process import awaited, running_process
from .servers import BASE_URL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.sync.client import ClientConnection

    from .servers import Server

_TIMEOUT = 180  # seconds
_TICK = 0.01  # seconds, until a page that comes after another can be asked

# The browser has no business with any host but this one.
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-port=0",
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}",
)
_SIZE = {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False}

# The workbench is there, and each file in its explorer.
_IS_READY = """
() => {
  const rows = [...document.querySelectorAll(
    ".monaco-workbench .explorer-folders-view .monaco-list-row")];
  const shown = new Set(rows.filter(row => row.offsetParent).map(row => row.textContent.trim()));
  return FILES.every(file => shown.has(file));
}
"""

# JupyterLab is there: the launcher, and nothing before it; gives milliseconds since the click.
_SHOWS_JUPYTERLAB = """
() => document.querySelector(".jp-LauncherCard")?.offsetParent
  && !document.querySelector("#jupyterlab-splash") && performance.now()
"""

# Looked at in each frame that is painted.
_ONCE = """
new Promise(tell => {
  const look = () => { const found = (CONDITION)(); found ? tell(found) : next(); };
  const next = () => requestAnimationFrame(look);
  next();
})
"""


@dataclass(frozen=True)
class Load:
    """What a person waited for, in seconds since the click.

    Attributes:
        page: the first page, whatever it shows.
        ready: the workbench, with the workspace's files.
    """

    page: float
    ready: float


class Window:
    """A window with an empty cache, driven by the DevTools protocol itself.

    Playwright would be less to write, but its `Runtime.enable` has V8 work out the source positions
    of all scripts, and so every load of VS Code takes a second longer than a student's.
    https://chromedevtools.github.io/devtools-protocol/
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = count(1)
        self._call("Emulation.setDeviceMetricsOverride", **_SIZE)

    def login(self, server: Server, port: int) -> None:
        """Have the browser know Jupyter's cookie before anybody clicks."""
        if address := server.login(port):
            answer = requests.get(address, timeout=_TIMEOUT)
            answer.raise_for_status()
            for cookie in answer.cookies:
                told = {"name": cookie.name, "value": cookie.value, "path": cookie.path}
                self._call("Network.setCookie", domain=HOST, **told)

    def open(self, server: Server, port: int, files: list[str], clicked: float) -> Load:
        """Open VS Code, and wait until it is ready.

        Args:
            server: whose VS Code.
            port: where the server, or a link to it, is reached.
            files: that the explorer shows when it is ready.
            clicked: when, as `time.perf_counter` gives it.
        """
        self._go(f"http://{HOST}:{port}{server.path}")
        page = time.perf_counter() - clicked
        self._awaited(_IS_READY.replace("FILES", json.dumps(files)))
        return Load(page, time.perf_counter() - clicked)

    def open_jupyterlab(self, port: int) -> float:
        """Open JupyterLab; gives the seconds until its launcher was there."""
        self._go(f"http://{HOST}:{port}{BASE_URL}lab?reset")
        return float(self._awaited(_SHOWS_JUPYTERLAB)) / 1000

    def leave(self) -> None:
        """Have VS Code say good-bye, so that its extension host ends."""
        self._go("about:blank")

    def _go(self, address: str) -> None:
        answer = self._call("Page.navigate", url=address)
        if error := answer.get("errorText"):
            raise MeasurementError(f"{address}: {error}")

    def _awaited(self, condition: str) -> Any:  # noqa: ANN401 -- whatever the condition gives
        expression = _ONCE.replace("CONDITION", condition)
        deadline = time.monotonic() + _TIMEOUT
        while time.monotonic() < deadline:
            try:
                answer = self._call(
                    "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
                )
            except _PageGoneError:  # another one has come instead
                time.sleep(_TICK)
                continue
            if "exceptionDetails" in answer:
                raise MeasurementError(answer["exceptionDetails"]["text"])
            return answer["result"]["value"]
        raise MeasurementError(f"not ready after {_TIMEOUT} s")

    def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        answer: dict[str, Any] = {}
        while answer.get("id") != number:
            answer = json.loads(self._connection.recv(_TIMEOUT))
        if "error" in answer:
            raise _PageGoneError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result


class _PageGoneError(MeasurementError):
    """The browser refused a call, mostly as the page has gone meanwhile."""


@contextmanager
def window(executable: str) -> Iterator[Window]:
    """A new browser, until the block ends.

    Raises:
        MeasurementError: it did not start, or refused a call.
        WebSocketException: it is no longer reached.
        TimeoutError: it did not answer.
    """
    with TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        data = home / "data"
        command = (executable, *_ARGUMENTS, f"--user-data-dir={data}", "about:blank")
        with running_process(command, home, home, {}) as process:
            address = awaited(lambda: _page(data / "DevToolsActivePort"), process)
            with connect(address, max_size=None, open_timeout=_TIMEOUT) as connection:
                window = Window(connection)
                yield window
                window.leave()


def _page(told: Path) -> str | None:
    """Where the browser's one page listens, once the browser has told its port."""
    try:
        port = told.read_text().split()[0]
        targets = requests.get(f"http://{HOST}:{port}/json/list", timeout=_TIMEOUT).json()
    except (FileNotFoundError, IndexError, requests.ConnectionError):
        return None
    pages = [it["webSocketDebuggerUrl"] for it in targets if it["type"] == "page"]
    return pages[0] if pages else None
