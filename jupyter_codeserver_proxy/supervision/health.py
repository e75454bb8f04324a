"""Checks code-server on its socket: for readiness at the start, for liveness afterwards."""

from __future__ import annotations

import asyncio
import socket as sockets
import struct
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from .process_table import resting_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# /healthz needs no authentication and, unlike any other path, does not count as activity.
_REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_ANSWER = b"HTTP/1.1 200 "
_PROBE_TIMEOUT = 5.0  # seconds; a machine that starts a whole class is slow

# The pause between two probes: a share of the time that has passed, within limits in seconds. So
# polling prolongs a start by 1 % at most.
_SHARE, _SHORTEST, _LONGEST = 0.01, 0.002, 0.25

# After these errors nobody can connect again. Others may be our own, such as no descriptor left.
_GONE = (FileNotFoundError, NotADirectoryError, ConnectionRefusedError, PermissionError)


class Health(Enum):
    """The result of a health check."""

    WELL = auto()
    SILENT = auto()  # no answer, or a wrong one
    GONE = auto()  # nothing listens on its socket


@dataclass(frozen=True)
class Patience:
    """How long code-server may leave a health check unanswered.

    Seconds are counted one by one, so that a suspended machine loses one at most.

    Attributes:
        resting: seconds in a row without any work (no processor used or wanted, no disk awaited):
            code-server hangs.
        working: seconds in all, even with work: a slow machine may need them.
        tick: the length of one such second.
    """

    resting: float = 10.0
    working: float = 30.0
    tick: float = 1.0


async def is_ready(socket: Path) -> bool:
    """Waits until code-server answers that all is well; returns False if its socket vanishes."""
    clock = asyncio.get_running_loop().time
    begin = clock()
    was_there = False
    while await _probe(socket) is not Health.WELL:
        is_there, has_folder = _exist(socket)
        if (was_there and not is_there) or not has_folder:
            return False
        was_there = is_there
        await asyncio.sleep(min(max(_SHORTEST, (clock() - begin) * _SHARE), _LONGEST))
    return True


def _exist(socket: Path) -> tuple[bool, bool]:
    """Returns whether the socket exists, and whether its folder does."""
    return socket.exists(), socket.parent.exists()


async def until_unhealthy(socket: Path, check_wanted: asyncio.Event, patience: Patience) -> Health:
    """Waits until a health check fails, and returns how.

    A check is made only when `check_wanted` is set: as long as no request waits, a code-server
    that hangs does no harm.
    """
    while True:
        await check_wanted.wait()
        check_wanted.clear()
        health = await _check(socket, patience)
        if health is not Health.WELL:
            return health


async def _check(socket: Path, patience: Patience) -> Health:
    """Probes until code-server answers, its socket is gone, or patience runs out."""
    listener: list[int] = []
    probing = asyncio.ensure_future(_probe_until_answer(socket, patience, listener.append))
    waiting = asyncio.ensure_future(_run_out(patience, listener))
    try:
        await asyncio.wait({probing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        return probing.result() if probing.done() else Health.SILENT
    finally:
        probing.cancel()
        waiting.cancel()
        await asyncio.wait({probing, waiting})


async def _probe_until_answer(
    socket: Path, patience: Patience, connected: Callable[[int], None]
) -> Health:
    while (  # noqa: ASYNC110 -- another process has no Event
        health := await _probe(socket, patience.working, connected)
    ) is Health.SILENT:
        await asyncio.sleep(patience.tick)
    return health


async def _run_out(patience: Patience, listener: list[int]) -> None:
    """Returns when patience with the listening process has run out."""
    silent = idle = 0.0
    used: int | None = None
    while silent < patience.working and idle < patience.resting:
        await asyncio.sleep(patience.tick)
        silent += patience.tick
        before, used = used, resting_time(listener[-1]) if listener else None
        idle = idle + patience.tick if used is not None and used == before else 0.0


async def _probe(
    socket: Path, limit: float = _PROBE_TIMEOUT, connected: Callable[[int], None] = lambda _: None
) -> Health:
    """Probes once, for `limit` seconds; calls `connected` with the listener's process id."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(socket))
    except _GONE:
        return Health.GONE
    except OSError:
        return Health.SILENT
    # Not `wait_for`: before Python 3.12 it loses a cancellation that comes with the result.
    timer = asyncio.get_running_loop().call_later(limit, writer.transport.abort)
    try:
        if pid := _listener_pid(writer.get_extra_info("socket")):
            connected(pid)
        writer.write(_REQUEST)
        is_well = await reader.readexactly(len(_ANSWER)) == _ANSWER
    except (OSError, asyncio.IncompleteReadError):
        return Health.SILENT
    else:
        return Health.WELL if is_well else Health.SILENT
    finally:
        timer.cancel()
        writer.transport.abort()


def _listener_pid(connection: sockets.socket) -> int | None:
    """Returns the process at the other end (unix(7), SO_PEERCRED); None except on Linux."""
    if not hasattr(sockets, "SO_PEERCRED"):
        return None
    credentials = struct.Struct("3i")
    found = connection.getsockopt(sockets.SOL_SOCKET, sockets.SO_PEERCRED, credentials.size)
    pid: int = credentials.unpack(found)[0]
    return pid
