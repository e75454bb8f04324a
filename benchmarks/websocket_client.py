"""A websocket client that measures rates and round trips of messages."""

from __future__ import annotations

import base64
import secrets
import socket
import statistics
import time
from typing import TYPE_CHECKING

from .errors import MeasurementError
from .link import HOST

if TYPE_CHECKING:
    from .destination import Destination

_WARM_UP = 20.0  # seconds, in which code-server's JavaScript is compiled and its rate doubles
_PAYLOAD = bytes(range(64))
_WINDOW = 256  # messages under way
_ROUND_TRIPS = 1000  # in each turn
_TURNS = 7
_TIMEOUT = 120  # seconds


def messages(destination: Destination, seconds: float) -> dict[str, float]:
    """Measures echoes a second, and the round trip of one, with messages of 64 bytes."""
    with socket.create_connection((HOST, destination.port), _TIMEOUT) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _upgrade(connection, destination)
        echo = _Echo(connection)
        echo.run(_WARM_UP)
        # In turns: for seconds, both depend on the cores that the system gives to the processes.
        runs = [(echo.run(seconds / _TURNS), echo.round_trip()) for _ in range(_TURNS)]
    rates, round_trips = zip(*runs, strict=True)
    return {"rate": statistics.median(rates), "round trip": statistics.median(round_trips)}


def _upgrade(connection: socket.socket, destination: Destination) -> None:
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    connection.sendall(
        destination.head(
            **{
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Origin": f"http://{HOST}:{destination.port}",
                "Sec-WebSocket-Key": key,
                "Sec-WebSocket-Version": "13",
            }
        )
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):  # byte by byte, as a message may follow
        byte = connection.recv(1)
        if not byte:
            raise MeasurementError("The connection was closed instead of upgraded")
        head += byte
    if b" 101 " not in head[:16]:
        raise MeasurementError(head.partition(b"\r\n")[0].decode())


class _Echo:
    """A websocket to a server that sends each message back."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        mask = secrets.token_bytes(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(_PAYLOAD))
        self._sent = bytes((0x82, 0x80 | len(_PAYLOAD))) + mask + masked
        self._expected = bytes((0x82, len(_PAYLOAD))) + _PAYLOAD
        self._rest = b""

    def run(self, seconds: float) -> float:
        """Returns the echoes a second with `_WINDOW` messages under way."""
        began = time.perf_counter()
        self._connection.sendall(self._sent * _WINDOW)
        count = 0
        while (took := time.perf_counter() - began) < seconds:
            arrived = self._receive()
            count += arrived
            self._connection.sendall(self._sent * arrived)
        under_way = _WINDOW
        while under_way:
            under_way -= self._receive()
        return count / took

    def round_trip(self) -> float:
        """Returns the median of the seconds between a message and its echo."""
        times = []
        for _ in range(_ROUND_TRIPS):
            began = time.perf_counter()
            self._connection.sendall(self._sent)
            while not self._receive():
                pass
            times.append(time.perf_counter() - began)
        return statistics.median(times)

    def _receive(self) -> int:
        """Waits for bytes; returns the number of messages that they complete."""
        block = self._connection.recv(65536)
        if not block:
            raise MeasurementError("The websocket was closed")
        received = self._rest + block
        count = len(received) // len(self._expected)
        end = count * len(self._expected)
        if received[:end] != self._expected * count:
            raise MeasurementError("A message came back changed")
        self._rest = received[end:]
        return count
