"""The slow link, with real sockets."""

from __future__ import annotations

import asyncio
import os
import socket
import socketserver
import threading
import time
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest

from benchmarks.link import HOST, Link, Traffic, link_to
from benchmarks.pacing import Profile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

    Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]

FAST = Profile(megabits=1000, round_trip=2)
SLOW = Profile(megabits=8, round_trip=40)  # 1 MB/s
TIMEOUT = 30  # seconds


@asynccontextmanager
async def a_link(profile: Profile, handler: Handler) -> AsyncIterator[tuple[Link, int]]:
    """A link to a server that does what `handler` does, and the port of its near end."""
    server = await asyncio.start_server(handler, HOST, 0)
    link = Link(server.sockets[0].getsockname()[1], profile)
    near = await link.listen()
    try:
        yield link, near.sockets[0].getsockname()[1]
    finally:
        near.close()
        await link.close()
        server.close()


async def answer_reversed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read to the end, and only then answer: what was read, backwards and twice."""
    writer.write((await reader.read())[::-1] * 2)
    await writer.drain()
    writer.close()


async def exchange(port: int, sent: bytes) -> bytes:
    """Send all, close this half, and read to the end."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(sent)
    writer.write_eof()
    received = await reader.read()
    writer.close()
    return received


def run(scene: Coroutine[None, None, None]) -> None:
    """Run it, within a bounded time."""
    asyncio.run(asyncio.wait_for(scene, TIMEOUT))


def test_bytes_arrive_as_they_were_sent_and_are_counted_exactly() -> None:
    """Content, order and count are the same, and each direction ends by itself."""

    async def scene() -> None:
        sent = [os.urandom(size) for size in (1, 4096, 300_001)]
        async with a_link(FAST, answer_reversed) as (link, port):
            received = await asyncio.gather(*(exchange(port, one) for one in sent))
            assert received == [one[::-1] * 2 for one in sent]
            up = sum(map(len, sent))
            assert link.traffic == Traffic(up=up, down=2 * up)
            assert link.traffic.total == 3 * up

    run(scene())


def test_connections_share_the_rate() -> None:
    """Four connections at once take as long as their bytes together, not as one of them."""

    async def scene() -> None:
        async with a_link(Profile(megabits=8, round_trip=1), answer_reversed) as (_, port):
            began = time.monotonic()
            await asyncio.gather(*(exchange(port, bytes(75_000)) for _ in range(4)))
            # At 1 MB/s: 300 kB up, and after them at least the 150 kB down of the last.
            assert 0.45 <= time.monotonic() - began < TIMEOUT

    run(scene())


def test_a_new_connection_waits_for_its_handshake_and_the_way_there_and_back() -> None:
    """The first answer comes after two round trips, the next after one more."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while block := await reader.read(100):
            writer.write(block)
        writer.close()

    async def scene() -> None:
        async with a_link(SLOW, echo) as (_, port):
            began = time.monotonic()
            reader, writer = await asyncio.open_connection(HOST, port)
            for round_trips in (2, 3):
                writer.write(b"?")
                await reader.readexactly(1)
                assert time.monotonic() - began >= round_trips * 0.04
            writer.close()

    run(scene())


def test_a_reader_that_does_not_read_stops_the_sender() -> None:
    """No more is taken from a server than the link, its queue and the kernel's buffers hold."""
    taken = 0

    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        while True:
            writer.write(bytes(65536))
            await writer.drain()
            taken += 65536

    async def scene() -> None:
        async with a_link(FAST, endless) as (_, port):
            connection = socket.socket()
            connection.connect((HOST, port))
            before = -1
            while before != taken:
                before = taken
                await asyncio.sleep(0.5)
            assert 0 < taken < 32 << 20
            connection.close()

    run(scene())


@pytest.mark.parametrize(
    "refusing", [pytest.param(True, id="refused"), pytest.param(False, id="reset")]
)
def test_a_server_that_is_gone_ends_the_connection(refusing: bool) -> None:  # noqa: FBT001 -- pytest's
    """A browser sees the end, as it would without the link."""

    async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def scene() -> None:
        async with a_link(FAST, reset) as (link, port):
            if refusing:
                with socket.create_server((HOST, 0)) as closed:
                    link._port = closed.getsockname()[1]  # noqa: SLF001 -- free, and closed by now
            reader, writer = await asyncio.open_connection(HOST, port)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)
            writer.close()

    run(scene())


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while block := self.request.recv(65536):
            self.request.sendall(block)


@contextmanager
def echo_server() -> Iterator[int]:
    """Run a server that sends back what it gets; yield its port."""
    with socketserver.ThreadingTCPServer((HOST, 0), _Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_a_link_runs_in_a_process_of_its_own_and_ends_with_its_block() -> None:
    """It reports its traffic while it runs, and is gone afterwards."""
    before = set(psutil.Process().children())
    with echo_server() as port, link_to(port, SLOW) as link:
        (process,) = set(psutil.Process().children()) - before
        with socket.create_connection((HOST, link.port), TIMEOUT) as connection:
            connection.sendall(b"hello")
            received = b""
            while len(received) < 5:
                received += connection.recv(5)
        assert (received, link.traffic) == (b"hello", Traffic(up=5, down=5))
    assert not process.is_running()
