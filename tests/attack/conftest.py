"""Jupyter servers under attack: before an upstream that records, and with a real code-server."""

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

# Its page for an unknown method, where no route of ours is asked.
JUPYTERS_OWN = re.compile(
    r"Uncaught exception in write_error\n(?:(?!\n\[).)*: Calling `Template404\.", re.DOTALL
)


@dataclass
class Server:
    """A Jupyter server, and what the upstream behind it does and has heard."""

    gateway: Gateway
    is_real: bool = False
    """Whether a code-server is behind it, and not the upstream that records."""
    begun: list[bytes] = field(default_factory=list)
    """The targets of requests whose head came, at least."""
    heard: list[Message] = field(default_factory=list)
    response: bytes = b""
    """To requests for `/odd`; everything else is answered with its own target."""
    hangs_up: bool = False
    """Whether that is the last of its connection."""

    def __post_init__(self) -> None:
        self._numbers = count()

    def target(self) -> bytes:
        """One that nobody else has asked for."""
        return b"/attacked?%d" % next(self._numbers)

    def play(self, wire: Wire) -> None:
        """One connection to the upstream that records."""
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
        """What it answers, if it does not hang up instead; and that connection."""
        wire = self.gateway.connect()
        with suppress(EOFError, ConnectionError):
            wire.send(data)
            return wire.message(bodiless=data.startswith(b"HEAD ")), wire
        return None, wire

    def status(self) -> dict[str, Any]:
        """What it tells of itself."""
        if not self.is_real:
            return self.gateway.state()
        wire = self.gateway.connect()
        wire.send(self.gateway.head(b"GET ").replace(b"codeserver", b"api/codeserver", 1))
        told: dict[str, Any] = json.loads(wire.message().content)
        wire.close()
        return told

    def assert_serves_the_next(self) -> None:
        """Whoever comes next gets an answer to what was asked, whatever was there before."""
        if self.is_real:
            answer = self.gateway.ask(b"GET /healthz")
            assert json.loads(answer.content)["status"] in {"alive", "expired"}
        else:
            assert self.gateway.ask(b"GET /mine").content == b"/mine"

    def assert_unharmed(self) -> None:
        """It tells its status, nothing was smuggled, and no attack has surprised it."""
        self.gateway.hang_up()
        assert self.status()
        assert not any(b"smuggled" in target for target in self.begun)
        log = JUPYTERS_OWN.sub("", self.gateway.log.read_text(errors="replace"))
        assert "Traceback" not in log, log[log.find("Traceback") - 500 :][:3000]


def is_last(answer: Message | None, wire: Wire) -> bool:
    """Whether no other answer comes: nobody can know where the next request would begin."""
    rest = b""
    with suppress(ConnectionError):
        rest = wire.rest()
    return not rest or (answer is not None and answer.fields.get(b"connection") == [b"close"])


@pytest.fixture(scope="session")
def recorded_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With an upstream that records what it hears."""
    folder = tmp_path_factory.mktemp("a")
    with running_gateway(folder) as gateway:
        server = Server(gateway)
        upstream = RawUpstream(folder / "s", server.play)
        gateway.link.symlink_to(upstream.path)
        yield server
        upstream.stop()


@pytest.fixture(scope="session")
def real_process(code_server: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With the extension as it is installed, and a real code-server that runs."""
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
    """Before an upstream that records, and unharmed afterwards."""
    yield recorded_process
    recorded_process.assert_unharmed()


@pytest.fixture
def real(real_process: Server) -> Iterator[Server]:
    """With a real code-server, and unharmed afterwards."""
    yield real_process
    real_process.assert_unharmed()


@pytest.fixture(params=["recorded", "real"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each of the two."""
    found: Server = request.getfixturevalue(request.param)
    return found
