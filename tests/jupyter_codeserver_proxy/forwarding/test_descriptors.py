"""New connections are refused before descriptors run out; tested on a server that has few."""

from __future__ import annotations

import resource
import select
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.jupyter_codeserver_proxy.forwarding.conftest import PATIENCE, running_gateway
from tests.jupyter_codeserver_proxy.forwarding.test_splice import ACCEPTED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.jupyter_codeserver_proxy.forwarding.conftest import Gateway, RawUpstream, Wire
    from tests.jupyter_codeserver_proxy.forwarding.test_splice import Serve

FEW = 200
"""Descriptors that Jupyter may open beyond those it has."""
MANY = 300

pytestmark = pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="Linux alone sets another process's limit"
)


def test_a_low_limit_is_raised_where_that_is_allowed(tmp_path: Path) -> None:
    """Jupyter raises it, and we rely on that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with running_gateway(tmp_path) as gateway:
            raised, _ = resource.prlimit(gateway.state()["pid"], resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert raised == min(hard, 4096)


@pytest.fixture
def narrow(gateway: Gateway) -> Iterator[Gateway]:
    """Leaves the Jupyter server few descriptors."""
    state = gateway.state()
    before = resource.prlimit(state["pid"], resource.RLIMIT_NOFILE)
    few = (state["descriptors"] + FEW, before[1])
    resource.prlimit(state["pid"], resource.RLIMIT_NOFILE, few)
    yield gateway
    resource.prlimit(state["pid"], resource.RLIMIT_NOFILE, before)


@pytest.fixture
def upstream(serve: Serve) -> Iterator[RawUpstream]:
    """Accepts websockets, and answers all requests except slow ones."""
    over = threading.Event()

    def play(wire: Wire) -> None:
        while head := wire.until(b"\r\n\r\n"):
            if b"websocket" in head:
                wire.send(ACCEPTED)
                wire.rest()
            elif b"/slow" in head:
                over.wait(PATIENCE)
            else:
                wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    yield serve(play)
    over.set()


def refused(wires: list[Wire]) -> list[Wire]:
    """Returns the answers on connections that had none."""
    return [wire for wire in wires if select.select([wire.sock], [], [], 0)[0]]


def test_websockets_are_refused_in_time(narrow: Gateway, upstream: RawUpstream) -> None:
    """Jupyter and open connections go on; a page is refused too, and says why."""
    base = narrow.state()["descriptors"]
    written = narrow.log.stat().st_size
    opened = [narrow.open_websocket() for _ in range(MANY)]
    heads = [head.split(b"\r\n")[0] for _, head in opened]
    accepted = heads.count(b"HTTP/1.1 101 Switching Protocols")
    assert FEW // 4 < accepted < FEW // 2
    assert heads.count(b"HTTP/1.1 503 Service Unavailable") == MANY - accepted
    assert b"too many files and connections are open" in opened[-1][0].rest()  # it ends
    assert narrow.state()["descriptors"] - base < FEW - 32
    assert narrow.ask(b"GET /x").status == 200
    assert narrow.ask(b"GET /", b"Sec-Fetch-Mode: navigate").status == 503
    log = narrow.log.read_bytes()[written:].decode()
    assert "Traceback" not in log
    assert "Too many open files" not in log
    assert len(upstream.connections) < FEW // 2
    for wire, _ in opened:
        wire.close()
    narrow.await_state(lambda state: state["websockets"] == 0)
    assert narrow.open_websocket()[1] == ACCEPTED


def test_slow_requests_are_refused_in_time(narrow: Gateway, upstream: RawUpstream) -> None:
    """Each slow request also takes two descriptors while it lasts."""
    written = narrow.log.stat().st_size
    wires = [narrow.connect() for _ in range(MANY // 2)]
    for wire in wires:
        wire.send(narrow.head(b"GET /slow"))
    deadline = time.monotonic() + PATIENCE
    while len(told := refused(wires)) + len(upstream.connections) < len(wires):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert told
    assert all(b" 503 " in wire.until(b"\r\n") for wire in told)
    assert narrow.state()["websockets"] == 0  # Jupyter answers
    assert b"Traceback" not in narrow.log.read_bytes()[written:]
