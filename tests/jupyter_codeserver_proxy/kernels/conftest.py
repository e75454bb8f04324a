"""A real Jupyter server with the kernels socket, and a client of that."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import tempfile
import time
import uuid
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import unix_connect

from jupyter_codeserver_proxy.kernels.kernels_socket import KernelsSocket

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
        with closing(Connection(self.path)) as connection:
            connection.request(method, target, None if body is None else json.dumps(body))
            response = connection.getresponse()
            text = response.read()
            is_json = text and response.headers.get_content_type() == "application/json"
            return Answer(response.status, json.loads(text) if is_json else None)

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
            "content": {"code": code, "silent": False},
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
                    content = answer["content"]
                    result: dict[str, Any] = content.get("data", content)
                    return result
        raise AssertionError("the kernel did not answer")


@pytest.fixture
def options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Further options of the Jupyter server, by the names of their classes."""
    return dict(getattr(request, "param", {}))


@pytest.fixture
def jp_server_config(options: dict[str, Any]) -> dict[str, Any]:
    """A Jupyter server with those options."""
    return options


@pytest.fixture
def client(jp_serverapp: ServerApp, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[Client]:
    """A client of a kernels socket of `jp_serverapp`."""
    kernels = KernelsSocket(jp_serverapp.web_app)
    with tempfile.TemporaryDirectory() as folder:  # whose path is short enough
        path = Path(folder, "kernels")
        jp_asyncio_loop.run_until_complete(kernels.open(path))
        yield Client(path)
        jp_asyncio_loop.run_until_complete(kernels.close())
