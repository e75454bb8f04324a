"""The clients that measure: each runs alone in a process of its own, and is the same for all."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import secrets
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from .errors import MeasurementError
from .link import CHECKOUT, HOST

if TYPE_CHECKING:
    from collections.abc import Callable

_CONNECTIONS = 8
# Seconds until code-server's JavaScript has been compiled: its rate doubles in this time, whoever
# stands in front of it.
_REQUESTS_WARM_UP = 3.0
_MESSAGES_WARM_UP = 20.0
_PAYLOAD = bytes(range(64))
_WINDOW = 256  # messages under way
_ROUND_TRIPS = 1000  # in each turn
_TURNS = 7
_TIMED_REQUESTS = 5
_TIMEOUT = 120  # seconds
_OK = 200
_BUFFER = 1 << 20  # bytes

_HEADERS_END = b"\r\n\r\n"
_SIZE = re.compile(rb"(?im)^content-length: *(\d+)")


@dataclass(frozen=True)
class Destination:
    """Where to send requests to, on this machine.

    Attributes:
        path: of the address, with the query.
        headers: that get past Jupyter's authentication.
    """

    port: int
    path: str
    headers: dict[str, str]

    def head(self, **further: str) -> bytes:
        """A GET request's head."""
        fields = {"Host": f"{HOST}:{self.port}", **self.headers, **further}
        lines = (f"GET {self.path} HTTP/1.1", *(f"{name}: {it}" for name, it in fields.items()))
        return "\r\n".join((*lines, "", "")).encode()


def measured(kind: str, destination: Destination, amount: float) -> dict[str, float]:
    """Measure in another process.

    Args:
        kind: `requests` or `messages` (with seconds as `amount`), `fetch` (with the number of
            requests) or `download` (with bytes).
        destination: of the load.
        amount: of what there is to do.

    Returns:
        The results by name.

    Raises:
        MeasurementError: the server did not do what it was asked for.
    """
    job = json.dumps([kind, asdict(destination), amount])
    command = [sys.executable, "-m", "benchmarks.load"]
    done = subprocess.run(
        command, cwd=CHECKOUT, input=job, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise MeasurementError(last or f"{kind}: exit status {done.returncode}")
    result: dict[str, float] = json.loads(done.stdout)
    return result


class _Asker(asyncio.Protocol):
    """A connection that asks again as soon as it has been answered."""

    def __init__(self, request: bytes, failed: asyncio.Future[None]) -> None:
        self.answers = 0
        self._request = request
        self._failed = failed
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not _is_whole(self._received):
            return
        if b" 200 " not in self._received[:16]:
            self._fail(self._received.partition(b"\r\n")[0].decode())
            return
        self._received = b""
        self.answers += 1
        self._ask()

    def connection_lost(self, _error: Exception | None) -> None:
        self._fail("The connection was closed")

    def _ask(self) -> None:
        self._transport.write(self._request)  # type: ignore[attr-defined]

    def _fail(self, why: str) -> None:
        if not self._failed.done():
            self._failed.set_exception(MeasurementError(why))


def _is_whole(response: bytes) -> bool:
    head, end, body = response.partition(_HEADERS_END)
    size = _SIZE.search(head)
    return len(body) == int(size[1]) if size else bool(end) and body.endswith(b"0\r\n\r\n")


async def _requests(destination: Destination, seconds: float) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    failed: asyncio.Future[None] = loop.create_future()
    request = destination.head()
    askers = [
        (await loop.create_connection(lambda: _Asker(request, failed), HOST, destination.port))[1]
        for _ in range(_CONNECTIONS)
    ]
    await asyncio.wait((failed,), timeout=_REQUESTS_WARM_UP)
    rates = []
    for _ in range(_TURNS):
        before, began = sum(asker.answers for asker in askers), loop.time()
        await asyncio.wait((failed,), timeout=seconds / _TURNS)
        answers, took = sum(asker.answers for asker in askers) - before, loop.time() - began
        rates.append(answers / took)
    if failed.done():
        failed.result()
    return {"rate": max(rates)}


def requests(destination: Destination, seconds: float) -> dict[str, float]:
    """Requests a second over eight connections, each with one request at a time.

    The best of some turns: what disturbs a turn can only make it slower, so that is what the
    server can do.
    """
    return asyncio.run(_requests(destination, seconds))


def fetch(destination: Destination, count: float) -> dict[str, float]:
    """The medians of the seconds to the first byte, and to the last, on an open connection."""
    connection = HTTPConnection(HOST, destination.port, timeout=_TIMEOUT)
    times = [_fetch_once(connection, destination) for _ in range(int(count) + 1)][1:]
    first, total = zip(*times, strict=True)
    return {"first byte": statistics.median(first), "total": statistics.median(total)}


def _fetch_once(connection: HTTPConnection, destination: Destination) -> tuple[float, float]:
    began = time.perf_counter()
    connection.request("GET", destination.path, headers=destination.headers)
    response = connection.getresponse()
    first = time.perf_counter() - began
    response.read()
    total = time.perf_counter() - began
    if response.status != _OK or response.headers.get("Content-Encoding") != "br":
        encoding = response.headers.get("Content-Encoding")
        raise MeasurementError(f"{response.status} {response.reason}, encoding {encoding}")
    return first, total


def download(destination: Destination, size: float) -> dict[str, float]:
    """Bytes a second of a download of that size."""
    connection = HTTPConnection(HOST, destination.port, timeout=_TIMEOUT)
    began = time.perf_counter()
    connection.request("GET", destination.path, headers=destination.headers)
    response = connection.getresponse()
    if response.status != _OK:
        raise MeasurementError(f"{response.status} {response.reason}")
    received, buffer = 0, bytearray(_BUFFER)
    while count := response.readinto(buffer):
        received += count
    if received != size:
        raise MeasurementError(f"{received:,} of {size:,.0f} bytes")
    return {"rate": received / (time.perf_counter() - began)}


def messages(destination: Destination, seconds: float) -> dict[str, float]:
    """Websocket messages of 64 bytes: how many come back in a second, and when one does."""
    with socket.create_connection((HOST, destination.port), _TIMEOUT) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _upgrade(connection, destination)
        echo = _Echo(connection)
        echo.run(_MESSAGES_WARM_UP)
        # In turns, as where the system puts the processes sways both for seconds.
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
    while not head.endswith(_HEADERS_END):  # byte by byte: a message may follow
        byte = connection.recv(1)
        if not byte:
            raise MeasurementError("The connection was closed instead of upgraded")
        head += byte
    if b" 101 " not in head[:16]:
        raise MeasurementError(head.partition(b"\r\n")[0].decode())


class _Echo:
    """A websocket whose other end sends back what it gets."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        mask = secrets.token_bytes(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(_PAYLOAD))
        self._sent = bytes((0x82, 0x80 | len(_PAYLOAD))) + mask + masked
        self._expected = bytes((0x82, len(_PAYLOAD))) + _PAYLOAD
        self._rest = b""

    def run(self, seconds: float) -> float:
        """Messages a second, with a window of them under way."""
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
        """The median of the seconds between a message and its echo."""
        times = []
        for _ in range(_ROUND_TRIPS):
            began = time.perf_counter()
            self._connection.sendall(self._sent)
            while not self._receive():
                pass
            times.append(time.perf_counter() - began)
        return statistics.median(times)

    def _receive(self) -> int:
        """Wait for bytes; the number of messages that they complete."""
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


_KINDS: dict[str, Callable[[Destination, float], dict[str, float]]] = {
    "download": download,
    "fetch": fetch,
    "messages": messages,
    "requests": requests,
}


def main() -> None:
    """Do the job that standard input describes."""
    kind, destination, amount = json.load(sys.stdin)
    try:
        result = _KINDS[kind](Destination(**destination), amount)
    except (MeasurementError, OSError) as error:
        sys.exit(str(error) or type(error).__name__)
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
