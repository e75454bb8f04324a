"""One supervised code-server: stopped, starting, ready or failed, and never two at a time."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, TypeVar

from jupyter_codeserver_proxy.failure import CannotStart, Diagnosis, Failure, NotReady, Reason

from .log_tail import LogTail
from .observer import State
from .process_table import ProcessFamily
from .restarts import Restarts
from .run import ProcessOptions, Run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from .child import Command
    from .observer import Observer

_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")

_OWN_FAULT = Diagnosis(
    Reason.CRASH,
    "The Jupyter extension could not start code-server, by a fault of its own.",
    "Pass the Jupyter server's log to whoever runs this server.",
)
_TOO_OFTEN = Diagnosis(
    Reason.CRASH,
    "code-server ended again and again.",
    "See its log for why; Retry starts it once more.",
)


class _QuitError(Exception):
    """The run was asked to end while something was awaited."""


class CodeServerProcess:
    """A code-server that the next request starts, whatever happened to it before.

    Belongs to one event loop. Several can run side by side.

    Args:
        command: returns the command to run for a socket. It is called for each start, and may
            raise `CannotStart` and OSError.
        options: time limits and places.
        observers: told of starts, ends and failures.
        logger: gets each line of code-server's output at debug level.
    """

    def __init__(
        self,
        command: Callable[[Path], Awaitable[Command]],
        options: ProcessOptions | None = None,
        *,
        observers: Sequence[Observer] = (),
        logger: logging.Logger | logging.LoggerAdapter[logging.Logger] = _log,
    ) -> None:
        self._command = command
        self._options = options or ProcessOptions()
        self._observers = observers
        self._logger = logger
        self._restarts = Restarts(self._options.backoff)
        self._state = State.STOPPED
        self._state_changed = asyncio.Event()
        self._failure: Failure | None = None
        self._run: Run | None = None
        self._socket: Path | None = None
        # True from the end of the back-off to the end of the process. The run ends later: its
        # clean-up takes time, in which the next start may already be requested.
        self._is_alive = False
        self._log_tail = LogTail(self._log_line)
        self._supervision: asyncio.Task[None] | None = None
        self._quit = asyncio.Event()
        # start, stop and restart hold this lock. While one of them works, requests do nothing.
        self._lifecycle = asyncio.Lock()
        self._is_closed = False

    @property
    def state(self) -> State:
        """The current state."""
        return self._state

    @property
    def failure(self) -> Failure | None:
        """The last failure since code-server was ready or somebody asked for a start."""
        return self._failure

    @property
    def socket(self) -> Path | None:
        """The socket on which code-server answers; None unless it is ready."""
        return self._socket

    @property
    def pid(self) -> int | None:
        """The process id; None if code-server does not run."""
        return self._run.pid if self._run else None

    @property
    def started(self) -> datetime | None:
        """The time at which the current process was started."""
        return self._run.started if self._run else None

    @property
    def log(self) -> tuple[str, ...]:
        """The last lines of output, from the last run if code-server does not run."""
        return self._log_tail.lines

    def family(self) -> ProcessFamily:
        """Returns the running processes, terminals included; takes some milliseconds."""
        return ProcessFamily.of(self._run.pid) if self._run else ProcessFamily()

    def request(self) -> State:
        """Starts code-server if it is stopped. Never blocks.

        Returns:
            the resulting state.
        """
        if self._state is State.STOPPED and not self._is_closed and not self._lifecycle.locked():
            self._begin()
        return self._state

    def check_liveness(self) -> None:
        """Has code-server's health checked, as a request waits in vain. Never blocks.

        A code-server that cannot be reached, or fails the check for long, is ended. The next
        request starts it again.
        """
        if self._run:
            self._run.check_liveness()

    def has_lost_socket(self) -> bool:
        """Returns whether the socket has been removed; code-server is then about to be ended."""
        if self._socket is None or self._socket.exists():
            return False
        self.check_liveness()
        return True

    async def ready(self) -> Path:
        """Starts code-server if it is stopped, waits until it is ready, and returns its socket.

        Raises:
            NotReady: code-server failed, or was stopped meanwhile.
        """
        while self.request() is State.STARTING:
            await self._state_changed.wait()
        if self._socket:
            return self._socket
        raise NotReady(self._failure)

    async def start(self) -> None:
        """Starts code-server at once, whatever happened before.

        Returns when the start is under way. Does nothing if code-server is starting or ready.
        """
        async with self._lifecycle:
            if not self._is_alive:
                await self._begin_anew()

    async def stop(self) -> None:
        """Ends code-server with all its descendants; the next request starts it again."""
        async with self._lifecycle:
            await self._halt()
            self._set_state(State.STOPPED)

    async def restart(self) -> None:
        """Ends code-server and starts it anew."""
        async with self._lifecycle:
            await self._begin_anew()

    async def close(self) -> None:
        """Ends code-server for good."""
        self._is_closed = True
        await self.stop()

    async def _begin_anew(self) -> None:
        await self._halt()
        if not self._is_closed:
            self._begin()

    def _begin(self) -> None:
        """Begins a start; if a run is still cleaning up, the start follows it."""
        self._set_state(State.STARTING)
        if self._supervision is None or self._supervision.done():
            self._supervision = asyncio.get_running_loop().create_task(self._supervise())

    async def _halt(self) -> None:
        """Ends the run, and forgets failures and restarts, as somebody asked for this."""
        if self._supervision and not self._supervision.done():
            self._quit.set()
            await asyncio.wait({self._supervision})
            self._quit.clear()
        self._is_alive = False
        self._restarts.forget()
        self._failure = None

    def _set_state(self, state: State) -> None:
        self._state = state
        self._state_changed.set()
        self._state_changed = asyncio.Event()

    async def _supervise(self) -> None:
        """Runs code-server, and again if it was requested again before this run was over."""
        while self._state is State.STARTING and not self._quit.is_set():
            try:
                await self._unless_quit(asyncio.sleep(self._restarts.wait(time.monotonic()) or 0))
                await self._run_once()
            except _QuitError:  # noqa: PERF203 -- a start costs a second
                return
            except CannotStart as error:
                self._record_end(Diagnosis(error.reason, error.what, error.advice))
            except Exception:  # noqa: BLE001 -- logged, and shown as a failure
                # Without this a bug of ours would look like a start that never ends.
                _log.exception("Supervising code-server failed")
                self._record_end(_OWN_FAULT)

    async def _run_once(self) -> None:
        """Starts code-server, waits until it ends, and cleans up."""
        begin = time.monotonic()
        self._restarts.record(begin)
        self._is_alive = True
        self._log_tail = LogTail(self._log_line)
        for observer in self._observers:
            observer.started()
        run = await Run.start(
            lambda socket: self._unless_quit(self._command(socket)), self._options, self._log_tail
        )
        try:
            self._run = run
            problem = await self._unless_quit(run.ready())
            if not problem:
                self._become_ready(run.socket, time.monotonic() - begin)
                problem = await self._unless_quit(run.ended())
            self._record_end(problem, run.exit_status)
        finally:
            await run.end()
            self._run = None
            self._lose_socket()

    def _become_ready(self, socket: Path, seconds: float) -> None:
        self._failure = None
        self._socket = socket
        self._set_state(State.READY)
        for observer in self._observers:
            observer.became_ready(socket, seconds)

    def _lose_socket(self) -> None:
        if self._socket:
            self._socket = None
            for observer in self._observers:
                observer.ended()

    def _record_end(self, problem: Diagnosis | None, exit_status: int | None = None) -> None:
        """Sets the state and the failure that an end leads to."""
        self._is_alive = False
        was_ready = self._state is State.READY
        too_often = self._restarts.wait(time.monotonic()) is None
        if too_often:
            problem = problem or _TOO_OFTEN
        if problem:
            now = datetime.now(timezone.utc)
            self._failure = Failure(**vars(problem), exit_status=exit_status, log=self.log, at=now)
            for observer in self._observers:
                observer.failed(self._failure)
        is_lasting = problem is not None and problem.reason.is_lasting and not was_ready
        self._set_state(State.FAILED if too_often or is_lasting else State.STOPPED)
        self._lose_socket()

    async def _unless_quit(self, work: Awaitable[_Result]) -> _Result:
        """Awaits `work`, but raises `_QuitError` as soon as the run is asked to end."""
        working = asyncio.ensure_future(work)
        quitting = asyncio.ensure_future(self._quit.wait())
        try:
            await asyncio.wait({working, quitting}, return_when=asyncio.FIRST_COMPLETED)
            if quitting.done():
                raise _QuitError
            return working.result()
        finally:
            working.cancel()
            quitting.cancel()
            await asyncio.wait({working, quitting})

    def _log_line(self, line: str) -> None:
        self._logger.debug("code-server: %s", line)
