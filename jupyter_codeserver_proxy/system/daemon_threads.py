"""Threads for calls that may never come back, as from a home on a network disk that is away."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")


class HangingError(TimeoutError):
    """A call has not come back in time, or would be the next that does not."""


class DaemonThreads:
    """A few threads that nothing waits for: neither a caller for ever, nor Python's end at all.

    The event loop's own threads are shared by everybody, and Python ends only after they do.

    Args:
        most: how many threads there may be; when so many calls hang, further ones fail at once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._idle = Semaphore(0)
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._hanging: set[Future[Any]] = set()

    async def run(
        self, function: Callable[..., _Result], *arguments: object, patience: float
    ) -> _Result:
        """Call `function`, and wait so many seconds at most.

        Raises:
            HangingError: it has not come back; it goes on, and its result is dropped.
        """
        if len(self._hanging) == self._most:
            raise HangingError("Earlier calls have not come back")
        call: Future[_Result] = Future()
        self._calls.put((call, partial(function, *arguments)))
        self._see_to_a_thread()
        result = asyncio.wrap_future(call)
        try:
            await asyncio.wait({result}, timeout=patience)
            if not result.done():
                raise HangingError(f"A call has not come back within {patience:g} s")
            return result.result()
        finally:
            self._leave(call)

    def _see_to_a_thread(self) -> None:
        if not self._idle.acquire(blocking=False) and self._count < self._most:
            self._count += 1
            Thread(target=self._work, name="jupyter-codeserver-proxy", daemon=True).start()

    def _leave(self, call: Future[Any]) -> None:
        if not call.cancel() and not call.done():
            self._hanging.add(call)
            call.add_done_callback(self._hanging.discard)

    def _work(self) -> None:
        while True:
            call, function = self._calls.get()
            if call.set_running_or_notify_cancel():
                try:
                    call.set_result(function())
                except BaseException as error:  # noqa: BLE001 -- the caller's
                    call.set_exception(error)
            del call, function  # while it is idle it keeps nothing alive
            self._idle.release()
