"""Pyright's language server, started by hand as an editor would start it."""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.errors import NotPossibleError
from benchmarks.link import HOST
from benchmarks.process import running_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedRWPair

    import psutil

_TIMEOUT = 60  # seconds


@contextmanager
def pyright(node: Path, file: Path) -> Iterator[psutil.Popen]:
    """Runs Pyright until the block ends, once it has found the errors of a file.

    Raises:
        NotPossibleError: Pyright is not installed.
        OSError: it does not answer.
    """
    with (
        TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as home,
        socket.create_server((HOST, 0)) as listener,
    ):
        listener.settimeout(_TIMEOUT)
        command = (str(node), str(_script()), f"--socket={listener.getsockname()[1]}")
        with running_process(command, Path(home), file.parent, {}) as process:
            connection, _ = listener.accept()
            connection.settimeout(_TIMEOUT)
            with connection, connection.makefile("rwb") as stream:
                _check(stream, file)
                yield process


def _script() -> Path:
    found = find_spec("pyright")
    if found is None or found.origin is None:
        raise NotPossibleError("Pyright is missing: run `make .venv/bench`.")
    return Path(found.origin).parent / "dist" / "langserver.index.js"


def _check(stream: BufferedRWPair, file: Path) -> None:
    """Opens a file in the language server, and waits for its errors."""
    start: dict[str, Any] = {"processId": None, "capabilities": {}, "rootUri": file.parent.as_uri()}
    _send(stream, {"id": 1, "method": "initialize", "params": start})
    while (message := _receive(stream)).get("params", {}).get("diagnostics", []) == []:
        if message.get("id") == 1 and "method" not in message:  # it is initialized
            text = file.read_text(encoding="utf-8")
            document = {"uri": file.as_uri(), "languageId": "python", "version": 1, "text": text}
            _send(stream, {"method": "initialized", "params": {}})
            opened = {"textDocument": document}
            _send(stream, {"method": "textDocument/didOpen", "params": opened})
        elif "id" in message:  # a question, such as one for settings: there are none
            _send(stream, {"id": message["id"], "result": None})


def _send(stream: BufferedRWPair, message: dict[str, Any]) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    stream.flush()


def _receive(stream: BufferedRWPair) -> dict[str, Any]:
    length = 0
    while line := stream.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if not length:
        raise ConnectionError("Pyright has closed its connection")
    message: dict[str, Any] = json.loads(stream.read(length))
    return message
