"""A slow link on loopback: a TCP proxy that delays, paces and counts bytes."""

from __future__ import annotations

import asyncio
import json
import selectors
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .pacing import Pacer, Profile

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    _Queue = asyncio.Queue[tuple[float, bytes]]  # time of arrival and bytes; b"" is the end

HOST = "127.0.0.1"
CHECKOUT = Path(__file__).parents[1]  # the folder in which `python -m benchmarks` runs

_CHUNK = 4096  # bytes: 1.6 ms of 20 Mbit/s, so that connections take turns
_KERNEL_BUFFER = 64 << 10  # bytes; the kernel's default would buffer megabytes
_IN_FLIGHT = 256  # chunks of a connection, as many as a receiver's window allows


@dataclass(frozen=True)
class Traffic:
    """The bytes of payload that have arrived."""

    up: int  # from the browser
    down: int

    @property
    def total(self) -> int:
        """The bytes in both directions."""
        return self.up + self.down


class Direction:
    """One direction of a link, which all connections share."""

    def __init__(self, profile: Profile) -> None:
        self.arrived = 0  # bytes
        self._delay = profile.delay
        self._pacer = Pacer(profile)
        self._turn = asyncio.Lock()  # first come, first served

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carries bytes until their end, no faster than the receiver reads.

        Raises:
            ConnectionError: the sender or the receiver has gone.
        """
        under_way: _Queue = asyncio.Queue(_IN_FLIGHT)
        await _together(self._collect(reader, under_way), self._deliver(under_way, writer))

    async def _collect(self, reader: asyncio.StreamReader, under_way: _Queue) -> None:
        loop = asyncio.get_running_loop()
        while chunk := await reader.read(_CHUNK):
            async with self._turn:
                await asyncio.sleep(self._pacer.full_for(loop.time()))
                arrival = self._pacer.send(loop.time(), len(chunk))
            await under_way.put((arrival, chunk))
        await under_way.put((loop.time() + self._delay, b""))

    async def _deliver(self, under_way: _Queue, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            arrival, chunk = await under_way.get()
            await asyncio.sleep(max(0.0, arrival - loop.time()))
            if not chunk:
                with suppress(OSError):  # the receiver has gone
                    writer.write_eof()
                return
            writer.write(chunk)
            self.arrived += len(chunk)
            await writer.drain()


async def _together(*coroutines: Coroutine[None, None, None]) -> None:
    """Runs coroutines until all end; if one fails, cancels the others."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Link:
    """A link in front of a server on this machine."""

    def __init__(self, port: int, profile: Profile) -> None:
        """Links to `port` on loopback."""
        self._port = port
        self._round_trip = 2 * profile.delay
        self._up = Direction(profile)
        self._down = Direction(profile)
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def traffic(self) -> Traffic:
        """The bytes that have arrived so far."""
        return Traffic(self._up.arrived, self._down.arrived)

    async def listen(self) -> asyncio.Server:
        """Accepts connections on a free port."""
        return await asyncio.start_server(self._connect, HOST, 0)

    async def close(self) -> None:
        """Ends all connections."""
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task  # noqa: S101 -- start_server runs this in a task
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        # Ends silently when it is cancelled, of which asyncio would complain.
        with suppress(ConnectionError, asyncio.CancelledError):
            # Makes up for the handshake, which was with this process and took no time.
            await asyncio.sleep(self._round_trip)
            await self._join(reader, writer)
        writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(HOST, self._port)
        _shrink(writer)
        _shrink(far_writer)
        try:
            await _together(
                self._up.carry(reader, far_writer), self._down.carry(far_reader, writer)
            )
        finally:
            far_writer.transport.abort()


def _shrink(writer: asyncio.StreamWriter) -> None:
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, option, _KERNEL_BUFFER)


class LinkProcess:
    """A link that runs in a process of its own, and takes connections at `port`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Waits until the link listens."""
        self._process = process
        self.port = int(self._answer())

    @property
    def traffic(self) -> Traffic:
        """The bytes that have arrived so far."""
        assert self._process.stdin  # noqa: S101 -- opened as a pipe
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Traffic(**json.loads(self._answer()))

    def _answer(self) -> str:
        assert self._process.stdout  # noqa: S101 -- opened as a pipe
        return self._process.stdout.readline()


@contextmanager
def link_to(port: int, profile: Profile) -> Iterator[LinkProcess]:
    """Runs a link to a server on this machine, in a process of its own, until the block ends."""
    command = [sys.executable, "-m", "benchmarks.link", json.dumps([port, asdict(profile)])]
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield LinkProcess(process)
        process.stdin.close()  # type: ignore[union-attr]


async def _serve(port: int, profile: Profile) -> None:
    """Serves until standard input ends; answers each line of it with the traffic."""
    link = Link(port, profile)
    server = await link.listen()
    _print(server.sockets[0].getsockname()[1])
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    while await lines.readline():
        _print(asdict(link.traffic))
    server.close()
    await link.close()


def _print(answer: object) -> None:
    sys.stdout.write(f"{json.dumps(answer)}\n")
    sys.stdout.flush()


def main() -> None:
    """Runs a link."""
    port, profile = json.loads(sys.argv[1])
    # select(2) waits for microseconds. epoll(7), asyncio's default, rounds up to milliseconds.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    loop.run_until_complete(_serve(port, Profile(**profile)))


if __name__ == "__main__":
    main()
