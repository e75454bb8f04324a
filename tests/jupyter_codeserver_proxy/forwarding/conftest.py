"""A real Jupyter server that forwards, and upstream servers that misbehave on demand."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
PATIENCE = 30.0
"""Seconds after which a waiting test fails."""
PREFIX = "/user/alice/codeserver"


@dataclass(frozen=True)
class Message:
    """A request or a response as it arrived; a chunked body is not decoded."""

    head: bytes
    body: bytes

    @property
    def start(self) -> bytes:
        """Returns the first line."""
        return self.head.partition(b"\r\n")[0]

    @property
    def status(self) -> int:
        """Returns a response's status."""
        return int(self.start.split(b" ")[1])

    @property
    def target(self) -> bytes:
        """Returns a request's target."""
        return self.start.split(b" ")[1]

    @property
    def fields(self) -> dict[bytes, list[bytes]]:
        """Returns the values by lower-case name, in their order."""
        found: dict[bytes, list[bytes]] = {}
        for line in self.head.split(b"\r\n")[1:]:
            name, colon, value = line.partition(b":")
            if colon:
                found.setdefault(name.lower(), []).append(value.strip())
        return found

    @property
    def content(self) -> bytes:
        """Returns the body without chunked framing."""
        if b"transfer-encoding" not in self.fields:
            return self.body
        data, rest = b"", self.body
        while rest:
            line, _, rest = rest.partition(b"\r\n")
            size = int(line.split(b";")[0], 16)
            if not size:
                break
            data, rest = data + rest[:size], rest[size + 2 :]
        return data


class Wire:
    """A blocking socket that reads HTTP/1 messages."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.unread = b""
        sock.settimeout(PATIENCE)

    def send(self, data: bytes) -> None:
        """Sends all of the data."""
        self.sock.sendall(data)

    def send_until_stuck(self, limit: int, patience: float = 2) -> int:
        """Sends until the peer stops reading, up to a limit; returns the number of bytes."""
        self.sock.settimeout(patience)
        sent = 0
        with suppress(TimeoutError):
            while sent < limit:
                sent += self.sock.send(bytes(min(1 << 16, limit - sent)))
        self.sock.settimeout(PATIENCE)
        return sent

    def read(self, size: int) -> bytes:
        """Reads this many bytes."""
        while len(self.unread) < size:
            self._more()
        data, self.unread = self.unread[:size], self.unread[size:]
        return data

    def skip(self, size: int) -> None:
        """Reads this many bytes and drops them."""
        while size:
            size -= len(self.read(min(size, 1 << 18)))

    def until(self, mark: bytes) -> bytes:
        """Reads up to a mark, and includes it."""
        while mark not in self.unread:
            self._more()
        return self.read(self.unread.index(mark) + len(mark))

    def rest(self) -> bytes:
        """Reads to the end."""
        with suppress(EOFError):
            while True:
                self._more()
        data, self.unread = self.unread, b""
        return data

    def message(self, *, bodiless: bool = False) -> Message:
        """Reads a head and its body."""
        message = Message(self.until(b"\r\n\r\n"), b"")
        is_response = message.start.startswith(b"HTTP/")
        if bodiless or (is_response and message.status in {101, 204, 304}):
            return message
        return replace(message, body=self._body(message.fields, to_end=is_response))

    def _body(self, fields: dict[bytes, list[bytes]], *, to_end: bool) -> bytes:
        if b"transfer-encoding" in fields:
            return self._chunks()
        if length := fields.get(b"content-length"):
            return self.read(int(length[0]))
        return self.rest() if to_end else b""

    def _chunks(self) -> bytes:
        body = b""
        while not body.endswith(b"\r\n0\r\n") and body != b"0\r\n":
            line = self.until(b"\r\n")
            body += line
            if size := int(line.split(b";")[0], 16):
                body += self.read(size + 2)
        while not body.endswith(b"\r\n\r\n"):
            body += self.until(b"\r\n")
        return body

    def _more(self) -> None:
        data = self.sock.recv(1 << 18)
        if not data:
            raise EOFError
        self.unread += data

    def close(self) -> None:
        """Closes the socket."""
        self.sock.close()


@dataclass
class RawUpstream:
    """A server on a unix socket; a function plays each connection in a thread of its own."""

    path: Path
    play: Callable[[Wire], None]
    connections: list[Wire] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(16)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                wire = Wire(self._listener.accept()[0])
                self.connections.append(wire)
                threading.Thread(target=self._serve, args=(wire,), daemon=True).start()

    def _serve(self, wire: Wire) -> None:
        try:
            self.play(wire)
        except (EOFError, OSError):
            pass
        except BaseException as error:  # noqa: BLE001 -- for the test to raise
            self.errors.append(error)
        finally:
            wire.close()

    def stop(self) -> None:
        """Ends every connection."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(PATIENCE)
        for wire in self.connections:
            with suppress(OSError):
                wire.sock.shutdown(socket.SHUT_RDWR)
        if self.errors:
            raise self.errors[0]


@dataclass
class Gateway:
    """A Jupyter server that forwards what is below `PREFIX`."""

    port: int
    token: str
    link: Path
    log: Path
    tls: ssl.SSLContext | None = None
    cookie: bytes = b""

    def __post_init__(self) -> None:
        self._wires: list[Wire] = []

    @property
    def host(self) -> bytes:
        """Returns the Host that a browser sends."""
        return b"127.0.0.1:%d" % self.port

    def connect(self) -> Wire:
        """Opens a browser's connection."""
        sock = socket.create_connection(("127.0.0.1", self.port))
        if self.tls:
            sock = self.tls.wrap_socket(sock)
        self._wires.append(Wire(sock))
        return self._wires[-1]

    def hang_up(self) -> None:
        """Closes every browser's connection."""
        for wire in self._wires:
            wire.close()
        self._wires.clear()

    def head(self, line: bytes, *lines: bytes) -> bytes:
        """Returns a logged-in browser's head; `line` has the method and target below `PREFIX`."""
        method, _, target = line.partition(b" ")
        first = b"%b %b%b HTTP/1.1" % (method, PREFIX.encode(), target)
        return b"\r\n".join(
            [first, b"Host: " + self.host, b"Cookie: " + self.cookie, *lines, b"", b""]
        )

    def ask(self, line: bytes, *lines: bytes, body: bytes = b"") -> Message:
        """Sends one request and returns its response."""
        wire = self.connect()
        wire.send(self.head(line, *lines) + body)
        answer = wire.message(bodiless=line.startswith(b"HEAD"))
        wire.close()
        return answer

    def open_websocket(self, line: bytes = b"GET /ws", *lines: bytes) -> tuple[Wire, bytes]:
        """Returns an upgraded connection and the head of the 101 response."""
        wire = self.connect()
        wire.send(
            self.head(
                line,
                b"Connection: keep-alive, Upgrade",
                b"Upgrade: websocket",
                b"Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==",
                b"Sec-WebSocket-Version: 13",
                *lines,
            )
        )
        return wire, wire.until(b"\r\n\r\n")

    def state(self, method: bytes = b"GET") -> dict[str, Any]:
        """Returns what the forwarding extension reports."""
        wire = self.connect()
        wire.send(method + b" /user/alice/state HTTP/1.1\r\nHost: " + self.host + b"\r\n\r\n")
        body = wire.message().body
        wire.close()
        return json.loads(body) if body else {}

    def await_state(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Waits until the condition holds for the state."""
        deadline = time.monotonic() + PATIENCE
        while not condition(state := self.state()):
            assert time.monotonic() < deadline, state
            time.sleep(0.01)
        return state


@contextmanager
def running_gateway(
    folder: Path,
    *arguments: str,
    tls: ssl.SSLContext | None = None,
    extension: str = "forwarding",
    **variables: str,
) -> Iterator[Gateway]:
    """Runs a Jupyter server with its own home and this server extension."""
    token, link, log = secrets.token_hex(16), folder / "link", folder / "jupyter.log"
    settings = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": str(_free_port()),  # older servers do not report the port that 0 became
        "ServerApp.base_url": "/user/alice/",
        "ServerApp.root_dir": str(folder),
        "ServerApp.open_browser": "False",
        "ServerApp.allow_root": "True",
        "ServerApp.jpserver_extensions": f"{{'{extension}': True}}",
        "IdentityProvider.token": token,
    }
    runtime = folder / "runtime"
    environment = {
        **os.environ,
        "HOME": str(folder),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]),
        "FORWARDING_TO": str(link),
        **variables,
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *options, *arguments],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        description = _description(process, runtime, log)
        gateway = Gateway(description["port"], token, link, log, tls)
        answer = gateway.ask(b"GET /?token=" + token.encode())
        gateway.cookie = answer.fields[b"set-cookie"][0].split(b";")[0]
        yield gateway
        gateway.hang_up()
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def _description(process: subprocess.Popen[bytes], runtime: Path, log: Path) -> dict[str, Any]:
    path = runtime / f"jpserver-{process.pid}.json"
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(FileNotFoundError, ValueError):
            description: dict[str, Any] = json.loads(path.read_text())
            with suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", description["port"])).close()
                return description
        time.sleep(0.05)
    pytest.fail(f"Jupyter did not start:\n{log.read_text()}", pytrace=False)


@pytest.fixture(scope="session")
def gateway_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Runs one Jupyter server for all tests."""
    with running_gateway(tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


@pytest.fixture
def gateway(gateway_process: Gateway) -> Iterator[Gateway]:
    """Returns the shared server, which forwards to nothing yet."""
    gateway_process.link.unlink(missing_ok=True)
    yield gateway_process
    gateway_process.hang_up()
    gateway_process.link.unlink(missing_ok=True)


@contextmanager
def serving(
    gateway: Gateway, folder: Path
) -> Iterator[Callable[[Callable[[Wire], None]], RawUpstream]]:
    """Puts upstreams behind a gateway; an error in one fails the test."""
    started: list[RawUpstream] = []

    def serve(play: Callable[[Wire], None]) -> RawUpstream:
        started.append(RawUpstream(folder / f"{len(started)}.sock", play))
        gateway.link.unlink(missing_ok=True)
        gateway.link.symlink_to(started[-1].path)
        return started[-1]

    yield serve
    for upstream in started:
        upstream.stop()


@pytest.fixture
def serve(
    gateway: Gateway, tmp_path: Path
) -> Iterator[Callable[[Callable[[Wire], None]], RawUpstream]]:
    """Puts upstreams behind the shared gateway."""
    with serving(gateway, tmp_path) as serve:
        yield serve
