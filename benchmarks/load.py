"""The clients that measure HTTP; each client runs alone in a process of its own."""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import subprocess
import sys
import time
from dataclasses import asdict
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from .destination import Destination
from .errors import MeasurementError
from .link import CHECKOUT, HOST
from .websocket_client import messages

if TYPE_CHECKING:
    from collections.abc import Callable

_CONNECTIONS = 8
_WARM_UP = 3.0  # seconds, in which code-server's JavaScript is compiled and its rate doubles
_TURNS = 7
_TIMEOUT = 120  # seconds
_BUFFER = 1 << 20  # bytes

_SIZE = re.compile(rb"(?im)^content-length: *(\d+)")


def measured(kind: str, destination: Destination, amount: float) -> dict[str, float]:
    """Runs a client of a kind in another process; returns the results by name.

    `amount` is in seconds for `requests` and `messages`, in requests for `fetch`, in bytes for
    `download`.

    Raises:
        MeasurementError: the server gives another answer than the expected one.
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
    """A connection that sends a request, and sends it again after each response."""

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
    head, end, body = response.partition(b"\r\n\r\n")
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
    await asyncio.wait((failed,), timeout=_WARM_UP)
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
    """Measures requests a second over eight connections, each with one request at a time.

    Returns the best of some turns, as a disturbance can only make a turn slower.
    """
    return asyncio.run(_requests(destination, seconds))


def fetch(destination: Destination, count: float) -> dict[str, float]:
    """Measures the seconds to the first byte and to the last, as medians, on one connection."""
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
    if response.status != HTTPStatus.OK or response.headers.get("Content-Encoding") != "br":
        encoding = response.headers.get("Content-Encoding")
        raise MeasurementError(f"{response.status} {response.reason}, encoding {encoding}")
    return first, total


def download(destination: Destination, size: float) -> dict[str, float]:
    """Measures the bytes a second of a download of that size."""
    connection = HTTPConnection(HOST, destination.port, timeout=_TIMEOUT)
    began = time.perf_counter()
    connection.request("GET", destination.path, headers=destination.headers)
    response = connection.getresponse()
    if response.status != HTTPStatus.OK:
        raise MeasurementError(f"{response.status} {response.reason}")
    received, buffer = 0, bytearray(_BUFFER)
    while count := response.readinto(buffer):
        received += count
    if received != size:
        raise MeasurementError(f"{received:,} of {size:,.0f} bytes")
    return {"rate": received / (time.perf_counter() - began)}


_KINDS: dict[str, Callable[[Destination, float], dict[str, float]]] = {
    "download": download,
    "fetch": fetch,
    "messages": messages,
    "requests": requests,
}


def main() -> None:
    """Runs the client that standard input describes."""
    kind, destination, amount = json.load(sys.stdin)
    try:
        result = _KINDS[kind](Destination(**destination), amount)
    except (MeasurementError, OSError) as error:
        sys.exit(str(error) or type(error).__name__)
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
