"""`python -m benchmarks.language_servers`: measures Python's language servers side by side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from importlib.resources import files
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any

import psutil

from jupyter_codeserver_proxy.codeserver import executable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COMPLETIONS = 30
_ROUNDS = 3
_SETTLED = 3  # seconds after the last answer until memory is read
_MIB = 2**20
_SMALL = (Path(__file__).parents[1] / "examples" / "temperature.py").read_text()
# Basedpyright empties its caches when they fill three quarters of this.
NODE_OPTIONS = ["--max-old-space-size=1024"]
# Pyrefly's are those of the companion extension, basedpyright's need the least.
SETTINGS = {
    "python": {"pythonPath": sys.executable, "pyrefly": {"typeCheckingMode": "default"}},
    "basedpyright": {
        "analysis": {"diagnosticMode": "openFilesOnly", "typeCheckingMode": "off"},
    },
}
FILES = {
    "temperature.py": (_SMALL, "CELSIUS."),
    "pandas": ("import pandas as pd\n\ntable = pd.DataFrame({'a': [1, 2]})\n", "table."),
}


class Server:
    """A language server that is spoken to on its standard input and output."""

    def __init__(self, command: list[str], folder: Path, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._process = psutil.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._count = 0
        self._diagnosed: list[str] = []

    def send(self, method: str, params: object, **further: object) -> None:
        """Sends a notification, or with an `id` a request."""
        self._write({"method": method, "params": params, **further})

    def request(self, method: str, params: object) -> Any:  # noqa: ANN401 -- the server decides
        """Sends a request and returns its result, after answering what the server asks."""
        self._count += 1
        self.send(method, params, id=self._count)
        while True:
            message = self._read()
            if message.get("id") == self._count and "method" not in message:
                return message.get("result")

    def until_diagnosed(self, uri: str) -> None:
        """Waits for a file's first diagnostics."""
        while uri not in self._diagnosed:
            self._read()

    def memory(self) -> int:
        """Returns the memory (PSS) of all its processes, in bytes."""
        processes = [self._process, *self._process.children(recursive=True)]
        return sum(process.memory_full_info().pss for process in processes)

    def end(self) -> None:
        """Ends it."""
        for process in [*self._process.children(recursive=True), self._process]:
            process.kill()
        self._process.wait()

    def _write(self, message: dict[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        match message.get("method"):
            case "textDocument/publishDiagnostics":
                self._diagnosed.append(message["params"]["uri"])
            case "workspace/configuration":
                sections = [item.get("section", "") for item in message["params"]["items"]]
                self._write(
                    {
                        "id": message["id"],
                        "result": [self._section(section) for section in sections],
                    }
                )
            case _ if "method" in message and "id" in message:
                self._write({"id": message["id"], "result": None})
        return message

    def _section(self, name: str) -> object:
        inner: Any = self._settings
        for key in name.split("."):
            inner = inner.get(key) if isinstance(inner, dict) else None
        return inner


@dataclass(frozen=True)
class Measured:
    """What one run of a server needed.

    Attributes:
        diagnosed: seconds from the start of the server to the file's first diagnostics.
        opened: its memory then, in MiB.
        completed: the median of a completion, in seconds.
        used: its memory after the completions, in MiB.
    """

    diagnosed: float
    opened: float
    completed: float
    used: float


@contextmanager
def running(command: list[str], folder: Path, settings: Mapping[str, Any]) -> Iterator[Server]:
    """Runs a server until the block ends."""
    server = Server(command, folder, settings)
    try:
        yield server
    finally:
        server.end()


def measure(command: list[str], settings: Mapping[str, Any], text: str, typed: str) -> Measured:
    """Measures a server with one open file.

    Args:
        command: the server's command.
        settings: what it is told when it asks for settings.
        text: the file's text.
        typed: what is typed below it before each completion.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        uri = (folder / "measured.py").as_uri()
        start = perf_counter()
        with running(command, folder, settings) as server:
            open_document(server, folder, uri, text)
            server.until_diagnosed(uri)
            diagnosed = perf_counter() - start
            sleep(_SETTLED)
            opened = server.memory() / _MIB
            times = [_complete(server, uri, text, typed, at) for at in range(_COMPLETIONS)]
            sleep(_SETTLED)
            return Measured(diagnosed, opened, median(times), server.memory() / _MIB)


def open_document(server: Server, folder: Path, uri: str, text: str) -> None:
    """Initializes a server, and opens a file in it."""
    abilities = {
        "workspace": {"configuration": True, "workspaceFolders": True},
        "textDocument": {"publishDiagnostics": {}, "completion": {}, "synchronization": {}},
    }
    folders = [{"uri": folder.as_uri(), "name": "measured"}]
    server.request(
        "initialize",
        {
            "processId": None,
            "rootUri": folder.as_uri(),
            "capabilities": abilities,
            "workspaceFolders": folders,
        },
    )
    server.send("initialized", {})
    document = {"uri": uri, "languageId": "python", "version": 0, "text": text}
    server.send("textDocument/didOpen", {"textDocument": document})


def _complete(server: Server, uri: str, text: str, typed: str, at: int) -> float:
    """Returns the seconds from a change to the completions after it."""
    changed = f"{text}\n{'#' * at}\n{typed}"
    start = perf_counter()
    server.send(
        "textDocument/didChange",
        {
            "textDocument": {"uri": uri, "version": at + 1},
            "contentChanges": [{"text": changed}],
        },
    )
    lines = changed.split("\n")
    result = server.request(
        "textDocument/completion",
        {
            "textDocument": {"uri": uri},
            "position": {"line": len(lines) - 1, "character": len(lines[-1])},
        },
    )
    items = result["items"] if isinstance(result, dict) else result
    if not items:
        raise ValueError(changed)
    return perf_counter() - start


def _commands() -> dict[str, list[str]]:
    """Returns the commands of the servers; basedpyright runs on code-server's own node."""
    installation = executable.installation(executable.find("", os.environ).path)
    if installation is None:
        raise FileNotFoundError("the measurement needs a code-server with a node of its own")
    node = str(installation.root / "lib/node")
    script = str(files("basedpyright") / "langserver.index.js")
    return {
        "basedpyright": [node, *NODE_OPTIONS, script, "--stdio"],
        "pyrefly": [str(Path(sys.executable).with_name("pyrefly")), "lsp"],
    }


def main() -> None:
    """Prints the medians for each server and file, of rounds that take turns."""
    lines = [
        "| file, server | first diagnostics (s) | MiB | completion (ms) | MiB after 30 |",
        "|---|---:|---:|---:|---:|",
    ]
    commands = _commands()
    for name, (text, typed) in FILES.items():
        measured: dict[str, list[Measured]] = {server: [] for server in commands}
        for _ in range(_ROUNDS):
            for server, command in commands.items():
                measured[server].append(measure(command, SETTINGS, text, typed))
        for server, runs in measured.items():
            diagnosed, opened, completed, used = (
                median(values) for values in zip(*map(astuple, runs), strict=True)
            )
            lines.append(
                f"| {name}, {server} | {diagnosed:.2f} | {opened:.0f} "
                f"| {completed * 1000:.0f} | {used:.0f} |"
            )
    print("\n".join(lines))  # noqa: T201 -- a program's output


if __name__ == "__main__":
    main()
