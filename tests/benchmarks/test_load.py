"""The clients that measure, against the application that they measure with."""

from __future__ import annotations

import socketserver
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from benchmarks.application import application
from benchmarks.destination import Destination
from benchmarks.errors import MeasurementError
from benchmarks.link import HOST
from benchmarks.load import measured

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def a_server(answer: bytes) -> Iterator[int]:
    """Run a server that gives each request the same answer; yield its port."""

    class Answer(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionError):
                while self.request.recv(65536):
                    self.request.sendall(answer)

    with socketserver.ThreadingTCPServer((HOST, 0), Answer) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def port() -> Iterator[int]:
    """The application's port."""
    with application() as port:
        yield port


@pytest.mark.slow
def test_messages_come_back_unchanged(port: int) -> None:
    """The websocket gives a rate and a round trip."""
    result = measured("messages", Destination(port, "/echo", {}), 0.2)
    assert result["rate"] > 0
    assert 0 < result["round trip"] < 1


def test_a_changed_message_is_no_echo() -> None:
    """Messages are compared to the last byte."""
    answer = b"HTTP/1.1 101 Switching Protocols\r\nX-Padding: %b\r\n\r\n" % bytes(100)
    with a_server(answer) as port, pytest.raises(MeasurementError, match="came back changed"):
        measured("messages", Destination(port, "/", {}), 0.2)


def test_a_download_is_counted_to_the_last_byte(port: int) -> None:
    """It gives a rate; a size that is not the expected one is an error."""
    where = Destination(port, f"/stream/{3_000_001}", {})
    assert measured("download", where, 3_000_001)["rate"] > 0
    with pytest.raises(MeasurementError, match="3,000,001 of 3,000,002 bytes"):
        measured("download", where, 3_000_002)


@pytest.mark.parametrize("kind", ["download", "fetch", "messages", "requests"])
def test_a_refusal_is_no_measurement(kind: str) -> None:
    """The reason is the status of the unexpected answer."""
    answer = b"HTTP/1.1 503 Not now\r\nContent-Length: 0\r\n\r\n"
    with a_server(answer) as port, pytest.raises(MeasurementError, match="503 Not now"):
        measured(kind, Destination(port, "/", {}), 1)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", id="length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            id="chunked",
        ),
    ],
)
def test_requests_are_counted_whatever_the_framing(answer: bytes) -> None:
    """A connection asks again once it has been answered."""
    with a_server(answer) as port:
        assert measured("requests", Destination(port, "/", {}), 0.2)["rate"] > 0
