"""Moves bytes from one socket to another, with back-pressure."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

READ_SIZE = 64 * 1024
"""Bytes moved at once, which is also the most that is buffered for a slow reader."""


@dataclass(eq=False)
class Pump:
    """Moves bytes from one socket to another; reads more only when all are written.

    Attributes:
        source: read from.
        sink: written to.
        count: called with the number of bytes read.
        on_end: called when the source has ended.
        on_error: called when either socket fails.
    """

    source: socket.socket
    sink: socket.socket
    count: Callable[[int], None]
    on_end: Callable[[], None]
    on_error: Callable[[], None]

    def __post_init__(self) -> None:
        self._pending = memoryview(b"")
        self._loop = asyncio.get_running_loop()

    def start(self, early: bytes) -> None:
        """Sends the bytes that were read earlier, then pumps."""
        self._loop.add_reader(self.source, self._read)
        if early:
            self.count(len(early))
            self._send(early)

    def stop(self) -> None:
        """Stops pumping; both sockets stay open."""
        self._loop.remove_reader(self.source)
        self._loop.remove_writer(self.sink)

    def _read(self) -> None:
        try:
            data = self.source.recv(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.on_error()
            return
        if data:
            self.count(len(data))
            self._send(data)
        else:
            self._finish()

    def _send(self, data: bytes | memoryview) -> None:
        try:
            sent = self.sink.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self.on_error()
            return
        if sent < len(data):
            if not self._pending:
                self._loop.remove_reader(self.source)
                self._loop.add_writer(self.sink, self._flush)
            self._pending = memoryview(data)[sent:]
        elif self._pending:
            self._pending = memoryview(b"")
            self._loop.remove_writer(self.sink)
            self._loop.add_reader(self.source, self._read)

    def _flush(self) -> None:
        self._send(self._pending)

    def _finish(self) -> None:
        self._loop.remove_reader(self.source)
        try:
            self.sink.shutdown(socket.SHUT_WR)
        except OSError:
            self.on_error()
        else:
            self.on_end()
