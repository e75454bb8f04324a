"""Whether code-server answers on its socket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# /healthz needs no authentication and, unlike any other path, does not count as activity.
_REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_ANSWER = b"HTTP/1.1 200 "
_PATIENCE = 5.0  # seconds for one answer; a machine that starts a whole class is slow

# The pause between two tries, as a part of the time that has gone by and in seconds: what polling
# adds to a start stays at 1 %.
_SHARE, _SHORTEST, _LONGEST = 0.01, 0.002, 0.25


async def answers(socket: Path) -> None:
    """Return as soon as an HTTP server answers on `socket` that all is well."""
    clock = asyncio.get_running_loop().time
    begin = clock()
    while not await _answers_now(socket):  # noqa: ASYNC110 -- another process has no Event
        await asyncio.sleep(min(max(_SHORTEST, (clock() - begin) * _SHARE), _LONGEST))


async def _answers_now(socket: Path) -> bool:
    try:
        reader, writer = await asyncio.open_unix_connection(str(socket))
    except OSError:
        return False
    # Not `wait_for`: before Python 3.12 it forgets a cancellation that comes with the result.
    impatience = asyncio.get_running_loop().call_later(_PATIENCE, writer.transport.abort)
    try:
        writer.write(_REQUEST)
        return await reader.readexactly(len(_ANSWER)) == _ANSWER
    except (OSError, asyncio.IncompleteReadError):
        return False
    finally:
        impatience.cancel()
        writer.transport.abort()
