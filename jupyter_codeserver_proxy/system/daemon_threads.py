"""Threads for calls that may hang for ever, such as reads from a network disk."""

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
    """A call did not return in time, or too many earlier calls hang."""


class DaemonThreads:
    """A few threads that nothing has to wait for.

    The event loop's own threads are shared by everybody, and Python waits for them when it ends.

    Args:
        most: the number of threads. If as many calls hang, further calls fail at once.
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
        """Calls `function` in a thread, and waits for its result.

        Args:
            function: the function to call.
            arguments: its arguments.
            patience: seconds to wait at most.

        Raises:
            HangingError: the call did not return in time. It goes on, and its result is dropped.
        """
        if len(self._hanging) == self._most:
            raise HangingError("Earlier calls have not come back")
        call: Future[_Result] = Future()
        self._calls.put((call, partial(function, *arguments)))
        self._provide_thread()
        result = asyncio.wrap_future(call)
        try:
            await asyncio.wait({result}, timeout=patience)
            if not result.done():
                raise HangingError(f"A call has not come back within {patience:g} s")
            return result.result()
        finally:
            self._abandon(call)

    def _provide_thread(self) -> None:
        if not self._idle.acquire(blocking=False) and self._count < self._most:
            self._count += 1
            Thread(target=self._work, name="jupyter-codeserver-proxy", daemon=True).start()

    def _abandon(self, call: Future[Any]) -> None:
        if not call.cancel() and not call.done():
            self._hanging.add(call)
            call.add_done_callback(self._hanging.discard)

    def _work(self) -> None:
        while True:
            call, function = self._calls.get()
            if call.set_running_or_notify_cancel():
                try:
                    call.set_result(function())
                except BaseException as error:  # noqa: BLE001 -- the caller gets it
                    call.set_exception(error)
            del call, function  # an idle thread keeps no object alive
            self._idle.release()
