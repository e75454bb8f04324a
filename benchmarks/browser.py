"""A browser without a debugger, and how long a person waits in it after a click."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import requests
from websockets.sync.client import connect

from .errors import MeasurementError
from .link import HOST
from .process import awaited, running_process
from .starting import BASE_URL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.sync.client import ClientConnection

    from .servers import Server

_TIMEOUT = 180  # seconds
_TICK = 0.01  # seconds before a page that replaces another is asked again

# The browser reaches no host but this one.
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

# The explorer of the workbench shows each file.
_IS_READY = """
() => {
  const rows = [...document.querySelectorAll(
    ".monaco-workbench .explorer-folders-view .monaco-list-row")];
  const shown = new Set(rows.filter(row => row.offsetParent).map(row => row.textContent.trim()));
  return FILES.every(file => shown.has(file));
}
"""

# JupyterLab shows its launcher, and no splash over it: returns the milliseconds since the click.
_SHOWS_JUPYTERLAB = """
() => document.querySelector(".jp-LauncherCard")?.offsetParent
  && !document.querySelector("#jupyterlab-splash") && performance.now()
"""

# Where an element is, once nothing covers it.
_POINT = """
() => {
  const element = ELEMENT || null;
  const box = element?.getBoundingClientRect();
  const point = box?.width && [box.x + box.width / 2, box.y + box.height / 2];
  return point && element.contains(document.elementFromPoint(...point)) && point;
}
"""

# Evaluates the condition in each painted frame until it holds.
_ONCE = """
(async () => {
  for (;;) {
    await new Promise(requestAnimationFrame);
    const found = (CONDITION)();
    if (found) return found;
  }
})()
"""


@dataclass(frozen=True)
class Load:
    """How long a person waits, in seconds since the click."""

    page: float  # until the first page, whatever it shows
    ready: float  # until the workbench shows the files of the workspace


@dataclass(frozen=True)
class Key:
    """A key, as DOM events name it, with the modifiers that are pressed with it."""

    key: str
    code: str
    number: int
    text: str = ""  # that it types
    modifiers: int = 0


_CONTROL, _SHIFT = 2, 8
BACKSPACE = Key("Backspace", "Backspace", 8)
CONTROL_END = Key("End", "End", 35, modifiers=_CONTROL)
ESCAPE = Key("Escape", "Escape", 27)
PERIOD = Key(".", "Period", 190, ".")
SHIFT_ENTER = Key("Enter", "Enter", 13, "\r", _SHIFT)


class Window:
    """A window with an empty cache, driven by the DevTools protocol.

    Playwright would be shorter. But its `Runtime.enable` has V8 compute the source positions of all
    scripts, so that every load of VS Code takes a second longer than a student's.
    https://chromedevtools.github.io/devtools-protocol/
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = count(1)
        self._call("Emulation.setDeviceMetricsOverride", **_SIZE)

    def login(self, server: Server, port: int) -> None:
        """Gives the browser Jupyter's cookie, before the click."""
        if address := server.login(port):
            answer = requests.get(address, timeout=_TIMEOUT)
            answer.raise_for_status()
            for cookie in answer.cookies:
                fields = {"name": cookie.name, "value": cookie.value, "path": cookie.path}
                self._call("Network.setCookie", domain=HOST, **fields)

    def open(self, server: Server, port: int, files: list[str], clicked: float) -> Load:
        """Opens VS Code, and waits until its explorer shows the files.

        `port` is the server's or a link's, and `clicked` the click's time by `time.perf_counter`.
        """
        self.go(port, server.path)
        page = time.perf_counter() - clicked
        self.awaited(_IS_READY.replace("FILES", json.dumps(files)))
        return Load(page, time.perf_counter() - clicked)

    def open_jupyterlab(self, port: int) -> float:
        """Opens JupyterLab; returns the seconds until it shows its launcher."""
        self.go(port, f"{BASE_URL}lab?reset")
        return float(self.awaited(_SHOWS_JUPYTERLAB)) / 1000

    def leave(self) -> None:
        """Leaves VS Code's page, so that its extension host ends."""
        self._call("Page.enable")  # tells of the question whether to leave what is not saved
        self._navigate("about:blank")

    def go(self, port: int, path: str) -> None:
        """Opens a page; returns once it answers."""
        self._navigate(f"http://{HOST}:{port}{path}")

    def click(self, element: str) -> float:
        """Clicks an element as soon as it can be clicked; returns the time by `time.perf_counter`.

        `element` is an expression in JavaScript.
        """
        x, y = self.awaited(_POINT.replace("ELEMENT", element))
        mouse = partial(self._call, "Input.dispatchMouseEvent", x=x, y=y)
        mouse(type="mouseMoved")
        clicked = time.perf_counter()
        mouse(type="mousePressed", button="left", clickCount=1)
        mouse(type="mouseReleased", button="left", clickCount=1)
        return clicked

    def press(self, key: Key) -> float:
        """Presses a key; returns the time by `time.perf_counter`."""
        named = {"key": key.key, "code": key.code, "windowsVirtualKeyCode": key.number}
        pressed = time.perf_counter()
        for event in ({"type": "keyDown", "text": key.text}, {"type": "keyUp"}):
            self._call("Input.dispatchKeyEvent", modifiers=key.modifiers, **named, **event)
        return pressed

    def insert(self, text: str) -> None:
        """Inserts text where the cursor is."""
        self._call("Input.insertText", text=text)

    def _navigate(self, address: str) -> None:
        answer = self._call("Page.navigate", url=address)
        if error := answer.get("errorText"):
            raise MeasurementError(f"{address}: {error}")

    def awaited(self, condition: str) -> Any:  # noqa: ANN401 -- any value that JavaScript returns
        """Waits until a function in JavaScript returns a true value; returns that value."""
        expression = _ONCE.replace("CONDITION", condition)
        deadline = time.monotonic() + _TIMEOUT
        while time.monotonic() < deadline:
            try:
                answer = self._call(
                    "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
                )
            except _PageGoneError:  # another page has replaced it
                time.sleep(_TICK)
                continue
            if "exceptionDetails" in answer:
                raise MeasurementError(answer["exceptionDetails"]["text"])
            return answer["result"]["value"]
        raise MeasurementError(f"not ready after {_TIMEOUT} s")

    def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        number = self._send(method, **parameters)
        answer: dict[str, Any] = {}
        while answer.get("id") != number:
            answer = json.loads(self._connection.recv(_TIMEOUT))
            if answer.get("method") == "Page.javascriptDialogOpening":
                self._send("Page.handleJavaScriptDialog", accept=True)
        if "error" in answer:
            raise _PageGoneError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _send(self, method: str, **parameters: object) -> int:
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        return number


class _PageGoneError(MeasurementError):
    """The browser refuses a call, mostly because another page has replaced this one."""


@contextmanager
def window(executable: str) -> Iterator[Window]:
    """Runs a new browser until the block ends.

    Raises:
        MeasurementError: the browser does not start, or refuses a call.
        WebSocketException: the browser is out of reach.
        TimeoutError: the browser does not answer.
    """
    with TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        data = home / "data"
        command = (executable, *_ARGUMENTS, f"--user-data-dir={data}", "about:blank")
        with running_process(command, home, home, {}) as process:
            address = awaited(lambda: _page_address(data / "DevToolsActivePort"), process)
            with connect(address, max_size=None, open_timeout=_TIMEOUT) as connection:
                window = Window(connection)
                yield window
                window.leave()


def _page_address(port_file: Path) -> str | None:
    """Returns the debugging address of the browser's page, None until the browser listens."""
    try:
        port = port_file.read_text().split()[0]
        targets = requests.get(f"http://{HOST}:{port}/json/list", timeout=_TIMEOUT).json()
    except (FileNotFoundError, IndexError, requests.ConnectionError):
        return None
    pages = [target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page"]
    return pages[0] if pages else None
