"""A real Jupyter server with the kernels socket, and a client of that."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import unix_connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_server.serverapp import ServerApp

PATIENCE = 60.0


@dataclass(frozen=True)
class Answer:
    """A response: its status and its JSON, if it has some."""

    status: int
    body: Any


class Connection(http.client.HTTPConnection):
    """A connection to a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("vscode.example", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        """Connects."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self._path))


@dataclass(frozen=True)
class Client:
    """A program of the student's, as the companion extension is one."""

    path: Path

    async def send(self, method: str, target: str, body: object = None) -> Answer:
        """Sends a request, without a cookie or a token."""
        return await asyncio.to_thread(self._send, method, target, body)

    def _send(self, method: str, target: str, body: object) -> Answer:
        connection = Connection(self.path)
        connection.request(method, target, None if body is None else json.dumps(body))
        response = connection.getresponse()
        text, kind = response.read(), response.headers.get_content_type()
        connection.close()
        return Answer(
            response.status, json.loads(text) if text and kind == "application/json" else None
        )

    async def begin(self, notebook: str, kernel: str = "python3") -> dict[str, Any]:
        """Returns a new session of a notebook."""
        body = {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": kernel}}
        answer = await self.send("POST", "/api/sessions", body)
        assert answer.status == 201, answer
        session: dict[str, Any] = answer.body
        return session

    async def wait_until(self, kernel: str, state: str) -> None:
        """Waits until a kernel has become busy or idle."""
        deadline = time.monotonic() + PATIENCE
        while (await self.send("GET", f"/api/kernels/{kernel}")).body["execution_state"] != state:
            assert time.monotonic() < deadline

    async def execute(self, kernel: str, code: str) -> dict[str, Any]:
        """Executes code in a kernel; returns its result, by kinds of content."""
        message = uuid.uuid4().hex
        request = {
            "header": {
                "msg_id": message,
                "msg_type": "execute_request",
                "session": message,
                "username": "",
                "version": "5.3",
            },
            "parent_header": {},
            "metadata": {},
            "content": {"code": code},
            "channel": "shell",
        }
        address = f"ws://localhost/api/kernels/{kernel}/channels?session_id={message}"
        async with unix_connect(str(self.path), address) as websocket:
            await websocket.send(json.dumps(request))
            async for text in websocket:
                answer = json.loads(text)
                if answer["parent_header"].get("msg_id") != message:
                    continue
                if answer["msg_type"] in {"execute_result", "error"}:
                    result: dict[str, Any] = answer["content"]
                    return result.get("data", result)
        raise AssertionError("the kernel did not answer")


@pytest.fixture(scope="module")
def runtime() -> Iterator[Path]:
    """A folder for sockets whose path is short enough. Servers that have ended leave it empty."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)
        assert list(Path(name).iterdir()) == []


@pytest.fixture
def options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Further options of the Jupyter server, by the names of their classes."""
    return dict(getattr(request, "param", {}))


@pytest.fixture
def jp_server_config(runtime: Path, options: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """A Jupyter server with the extension, and with a base URL."""
    sections: dict[str, dict[str, Any]] = {
        "ServerApp": {"jpserver_extensions": {"jupyter_codeserver_proxy": True}},
        "CodeServer": {"runtime_folder": str(runtime), "working_folder": str(tmp_path)},
    }
    for name, section in options.items():
        sections.setdefault(name, {}).update(section)
    return sections


@pytest.fixture
def server(jp_serverapp: ServerApp, jp_asyncio_loop: asyncio.AbstractEventLoop) -> ServerApp:
    """A Jupyter server whose extensions run."""
    jp_asyncio_loop.run_until_complete(jp_serverapp.extension_manager.start_all_extensions())
    return jp_serverapp


@pytest.fixture
def client(server: ServerApp, runtime: Path) -> Client:
    """A client of the kernels socket of `server`."""
    assert server.web_app
    (path,) = runtime.glob("*/kernels")
    return Client(path)
