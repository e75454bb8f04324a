"""Jupyter servers under attack: with an upstream that records, and with a real code-server."""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from tests.jupyter_codeserver_proxy.forwarding.conftest import (
    PATIENCE,
    RawUpstream,
    running_gateway,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.jupyter_codeserver_proxy.forwarding.conftest import Gateway, Message, Wire

SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"

# Jupyter's error page for an unknown method, which none of our routes handles.
JUPYTERS_OWN = re.compile(
    r"Uncaught exception in write_error\n(?:(?!\n\[).)*: Calling `Template404\.", re.DOTALL
)


@dataclass
class Server:
    """A Jupyter server, and the requests and responses of its upstream."""

    gateway: Gateway
    is_real: bool = False
    """Whether its upstream is a real code-server, and not one that records."""
    begun: list[bytes] = field(default_factory=list)
    """Targets of the requests whose head arrived."""
    heard: list[Message] = field(default_factory=list)
    response: bytes = b""
    """The response to `/odd`; other requests are answered with their own target."""
    hangs_up: bool = False
    """Whether upstream hangs up after that response."""

    def __post_init__(self) -> None:
        self._numbers = count()

    def target(self) -> bytes:
        """Returns a target that has not been used."""
        return b"/attacked?%d" % next(self._numbers)

    def play(self, wire: Wire) -> None:
        """Plays one connection to the upstream that records."""
        while True:
            head = wire.until(b"\r\n\r\n")
            self.begun.append(head.split(b" ")[1])
            wire.unread = head + wire.unread
            message = wire.message()
            self.heard.append(message)
            if message.target == b"/odd":
                wire.send(self.response)
                if self.hangs_up:
                    return
            elif b"upgrade" in message.fields:
                wire.send(SWITCHED)
            else:
                wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(message.target))
                wire.send(b"" if message.start.startswith(b"HEAD ") else message.target)

    def ask(self, data: bytes) -> tuple[Message | None, Wire]:
        """Returns the answer, or None if the server hangs up, and the connection."""
        wire = self.gateway.connect()
        with suppress(EOFError, ConnectionError):
            wire.send(data)
            return wire.message(bodiless=data.startswith(b"HEAD ")), wire
        return None, wire

    def status(self) -> dict[str, Any]:
        """Returns what the server reports."""
        if not self.is_real:
            return self.gateway.state()
        wire = self.gateway.connect()
        wire.send(self.gateway.head(b"GET ").replace(b"codeserver", b"api/codeserver", 1))
        told: dict[str, Any] = json.loads(wire.message().content)
        wire.close()
        return told

    def assert_serves_the_next(self) -> None:
        """Checks that the next client gets its own answer."""
        if self.is_real:
            answer = self.gateway.ask(b"GET /healthz")
            assert json.loads(answer.content)["status"] in {"alive", "expired"}
        else:
            assert self.gateway.ask(b"GET /mine").content == b"/mine"

    def assert_unharmed(self) -> None:
        """Checks that the server works, nothing was smuggled, and no traceback was logged."""
        self.gateway.hang_up()
        assert self.status()
        assert not any(b"smuggled" in target for target in self.begun)
        log = JUPYTERS_OWN.sub("", self.gateway.log.read_text(errors="replace"))
        assert "Traceback" not in log, log[log.find("Traceback") - 500 :][:3000]


def is_last(answer: Message | None, wire: Wire) -> bool:
    """Whether no other answer follows, as nobody knows where the next request begins."""
    rest = b""
    with suppress(ConnectionError):
        rest = wire.rest()
    return not rest or (answer is not None and answer.fields.get(b"connection") == [b"close"])


@pytest.fixture(scope="session")
def recorded_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Runs a server whose upstream records what it receives."""
    folder = tmp_path_factory.mktemp("a")
    with running_gateway(folder) as gateway:
        server = Server(gateway)
        upstream = RawUpstream(folder / "s", server.play)
        gateway.link.symlink_to(upstream.path)
        yield server
        upstream.stop()


@pytest.fixture(scope="session")
def real_process(code_server: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Runs a server with the installed extension and a real code-server."""
    folder = tmp_path_factory.mktemp("r")
    options = (f"--CodeServer.executable={code_server}", "--CodeServer.prestart=True")
    with running_gateway(folder, *options, extension="jupyter_codeserver_proxy") as gateway:
        server = Server(gateway, is_real=True)
        deadline = time.monotonic() + 2 * PATIENCE
        while server.status()["state"] != "ready":
            assert time.monotonic() < deadline, gateway.log.read_text()
            time.sleep(0.1)
        yield server


@pytest.fixture
def recorded(recorded_process: Server) -> Iterator[Server]:
    """Returns the server whose upstream records; checks it afterwards."""
    yield recorded_process
    recorded_process.assert_unharmed()


@pytest.fixture
def real(real_process: Server) -> Iterator[Server]:
    """Returns the server with a real code-server; checks it afterwards."""
    yield real_process
    real_process.assert_unharmed()


@pytest.fixture(params=["recorded", "real"])
def server(request: pytest.FixtureRequest) -> Server:
    """Returns each of the two servers."""
    found: Server = request.getfixturevalue(request.param)
    return found
