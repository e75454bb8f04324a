"""Whether code-server answers on its socket: readiness before it does, liveness afterwards."""

from __future__ import annotations

import asyncio
import socket as sockets
import struct
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from .process_table import resting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# /healthz needs no authentication and, unlike any other path, does not count as activity.
_REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_ANSWER = b"HTTP/1.1 200 "
_ONE_ANSWER = 5.0  # seconds for one answer; a machine that starts a whole class is slow

# The pause between two tries, as a part of the time that has gone by and in seconds: what polling
# adds to a start stays at 1 %.
_SHARE, _SHORTEST, _LONGEST = 0.01, 0.002, 0.25

# Nobody can connect to such a socket any more. Other errors may be our own: no descriptor, say.
_GONE = (FileNotFoundError, NotADirectoryError, ConnectionRefusedError, PermissionError)


class Health(Enum):
    """What is known of a code-server."""

    WELL = auto()
    SILENT = auto()  # no answer, or a wrong one
    GONE = auto()  # nothing listens on its socket


@dataclass(frozen=True)
class Patience:
    """How long code-server may be silent when it is asked for its health.

    Seconds are counted one by one, so that a machine that was suspended has lost one at most.

    Attributes:
        resting: seconds in a row in which it has used no processor, nor wanted one, nor waited
            for a disk: it hangs.
        working: seconds in all, whatever it did: a machine that is merely slow gets that far.
        tick: the length of such a second.
    """

    resting: float = 10.0
    working: float = 30.0
    tick: float = 1.0


async def is_ready(socket: Path) -> bool:
    """Return as soon as code-server answers that all is well; false once its socket has gone."""
    clock = asyncio.get_running_loop().time
    begin = clock()
    was_there = False
    while await _probe(socket) is not Health.WELL:
        is_there, can_be = _places(socket)
        if (was_there and not is_there) or not can_be:
            return False
        was_there = is_there
        await asyncio.sleep(min(max(_SHORTEST, (clock() - begin) * _SHARE), _LONGEST))
    return True


def _places(socket: Path) -> tuple[bool, bool]:
    """Whether the socket is there, and whether its folder is."""
    return socket.exists(), socket.parent.exists()


async def lost(socket: Path, doubted: asyncio.Event, patience: Patience) -> Health:
    """Return what has become of a code-server that was ready and is of no more use.

    It is asked for its health whenever `doubted` is set, and not otherwise: nobody who does not
    wait for it is hurt.
    """
    while True:
        await doubted.wait()
        doubted.clear()
        health = await _examined(socket, patience)
        if health is not Health.WELL:
            return health


async def _examined(socket: Path, patience: Patience) -> Health:
    """Ask until it answers, its socket has gone, or patience ends."""
    listener: list[int] = []
    asking = asyncio.ensure_future(_asked(socket, patience, listener.append))
    waiting = asyncio.ensure_future(_run_out(patience, listener))
    try:
        await asyncio.wait({asking, waiting}, return_when=asyncio.FIRST_COMPLETED)
        return asking.result() if asking.done() else Health.SILENT
    finally:
        asking.cancel()
        waiting.cancel()
        await asyncio.wait({asking, waiting})


async def _asked(socket: Path, patience: Patience, connected: Callable[[int], None]) -> Health:
    while (  # noqa: ASYNC110 -- another process has no Event
        health := await _probe(socket, patience.working, connected)
    ) is Health.SILENT:
        await asyncio.sleep(patience.tick)
    return health


async def _run_out(patience: Patience, listener: list[int]) -> None:
    """Return when there is no more patience with the process that listens."""
    silent = idle = 0.0
    used: int | None = None
    while silent < patience.working and idle < patience.resting:
        await asyncio.sleep(patience.tick)
        silent += patience.tick
        before, used = used, resting(listener[-1]) if listener else None
        idle = idle + patience.tick if used is not None and used == before else 0.0


async def _probe(
    socket: Path, limit: float = _ONE_ANSWER, connected: Callable[[int], None] = lambda _: None
) -> Health:
    """Ask once, for so many seconds; `connected` is told the process id of who listens."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(socket))
    except _GONE:
        return Health.GONE
    except OSError:
        return Health.SILENT
    # Not `wait_for`: before Python 3.12 it forgets a cancellation that comes with the result.
    impatience = asyncio.get_running_loop().call_later(limit, writer.transport.abort)
    try:
        if pid := _listener(writer.get_extra_info("socket")):
            connected(pid)
        writer.write(_REQUEST)
        is_well = await reader.readexactly(len(_ANSWER)) == _ANSWER
    except (OSError, asyncio.IncompleteReadError):
        return Health.SILENT
    else:
        return Health.WELL if is_well else Health.SILENT
    finally:
        impatience.cancel()
        writer.transport.abort()


def _listener(connection: sockets.socket) -> int | None:
    """The process that listens at the other end (unix(7), SO_PEERCRED); None but on Linux."""
    if not hasattr(sockets, "SO_PEERCRED"):
        return None
    credentials = struct.Struct("3i")
    found = connection.getsockopt(sockets.SOL_SOCKET, sockets.SO_PEERCRED, credentials.size)
    pid: int = credentials.unpack(found)[0]
    return pid
