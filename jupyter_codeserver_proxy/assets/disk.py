"""Reads from a disk that may hang, in threads of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from jupyter_codeserver_proxy.system.daemon_threads import DaemonThreads

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")

_TIMEOUT = 5.0  # seconds; after that code-server answers

_threads = DaemonThreads(8)  # a user's compressed assets are in the home, which may be remote


async def in_thread(function: Callable[..., _Result], *arguments: object) -> _Result:
    """Calls a function that reads from disk.

    Raises:
        HangingError: the disk does not answer.
    """
    return await _threads.run(function, *arguments, patience=_TIMEOUT)
