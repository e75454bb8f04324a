"""One supervised code-server: stopped, starting, ready or failed, and never two at a time."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime, timezone
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from jupyter_codeserver_proxy.failure import CannotStart, Diagnosis, Failure, NotReady, Reason
from jupyter_codeserver_proxy.system.daemon_threads import DaemonThreads

from .child import Command
from .health import Patience
from .log_tail import LogTail
from .process_table import has_terminal_job, memory
from .restarts import BACKOFF, Restarts
from .run import Run, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

__all__ = ["CodeServerProcess", "Command", "Observer", "State"]

_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")

_FAULT = Diagnosis(
    Reason.CRASH,
    "The Jupyter extension could not start code-server, by a fault of its own.",
    "Pass the Jupyter server's log to whoever runs this server.",
)
_TOO_OFTEN = Diagnosis(
    Reason.CRASH,
    "code-server ended again and again.",
    "See its log for why; Retry starts it once more.",
)


class State(str, Enum):
    """What code-server is doing."""

    STOPPED = "stopped"  # the next request starts it
    STARTING = "starting"  # or waiting until it may be started again
    READY = "ready"
    FAILED = "failed"  # until somebody asks for a start


class Observer:
    """Told of what happens; to be derived from."""

    def started(self) -> None:
        """A process is about to be started."""

    def became_ready(self, seconds: float) -> None:
        """It answered, so many seconds after `started`."""

    def failed(self, failure: Failure) -> None:
        """It could not start, or ended when nobody wanted it to."""


class _QuitError(Exception):
    """Somebody asked for the end of what is being waited for."""


class CodeServerProcess:
    """A code-server that the next request starts, whatever happened to it before.

    Used from one event loop. Several may run beside each other.

    Args:
        command: says what to run for a socket; called anew for each start, in a thread, and may
            raise `CannotStart`.
        runtime: where the sockets' folders are made; None: XDG_RUNTIME_DIR or a temporary folder.
        timeout: seconds in which it has to answer.
        grace: seconds between SIGTERM and SIGKILL.
        backoff: seconds between the starts of one minute; as many as there may be.
        patience: how long it may be silent once it has answered.
        observer: told of starts and failures.
        logger: gets each line of code-server's output at debug level.
    """

    def __init__(  # noqa: PLR0913 -- each but the first is optional and named
        self,
        command: Callable[[Path], Command],
        *,
        runtime: Path | None = None,
        timeout: float = 60.0,
        grace: float = 5.0,
        backoff: tuple[float, ...] = BACKOFF,
        patience: Patience | None = None,
        observer: Observer | None = None,
        logger: logging.Logger | logging.LoggerAdapter[logging.Logger] = _log,
    ) -> None:
        self._settings = Settings(
            partial(self._ask, command), runtime, timeout, grace, patience or Patience()
        )
        self._threads = DaemonThreads(2)
        self._observer = observer or Observer()
        self._logger = logger
        self._restarts = Restarts(backoff)
        self._state = State.STOPPED
        self._changed = asyncio.Event()
        self._failure: Failure | None = None
        self._run: Run | None = None
        # From the end of the back-off to the end of the process, which is before that of its run:
        # to clear up takes time, in which the next run may already be asked for.
        self._is_under_way = False
        self._tail = LogTail(self._log_line)
        self._task: asyncio.Task[None] | None = None
        self._quit = asyncio.Event()
        # Held by start, stop and restart: each has the process to itself, and while they work a
        # request changes nothing.
        self._order = asyncio.Lock()
        self._is_closed = False

    @property
    def state(self) -> State:
        """What it is doing now."""
        return self._state

    @property
    def failure(self) -> Failure | None:
        """The last failure since it was ready or somebody asked for a start."""
        return self._failure

    @property
    def socket(self) -> Path | None:
        """Where it answers; None unless it is ready."""
        return self._run.socket if self._run and self._state is State.READY else None

    @property
    def pid(self) -> int | None:
        """Its process id; None if it does not run."""
        return self._run.pid if self._run else None

    @property
    def started(self) -> datetime | None:
        """When the process that runs now was started."""
        return self._run.started if self._run else None

    @property
    def log(self) -> tuple[str, ...]:
        """The last lines of its output, of the last run if it does not run."""
        return self._tail.lines

    def memory(self) -> int | None:
        """Bytes that it uses with its descendants, terminals included; takes some milliseconds.

        Returns:
            None if it does not run, or where there is no /proc.
        """
        return memory(self._run.pid) if self._run else None

    def has_terminal_job(self) -> bool:
        """Whether a program runs in one of its terminals; takes some milliseconds."""
        return self._run is not None and has_terminal_job(self._run.pid)

    def request(self) -> State:
        """Say that it is wanted: it is started if it is stopped. Never blocks.

        Returns:
            the state that it then has.
        """
        if self._state is State.STOPPED and not self._is_closed and not self._order.locked():
            self._begin()
        return self._state

    def doubt(self) -> None:
        """Say that a request waits for it in vain. Never blocks.

        One that cannot be reached, or does not answer its health check for long, is ended: the
        next request starts it again.
        """
        if self._run:
            self._run.doubt()

    def is_cut_off(self) -> bool:
        """Whether its socket has gone from under it; then it is about to be ended."""
        socket = self.socket
        if socket is None or socket.exists():
            return False
        self.doubt()
        return True

    async def ready(self) -> Path:
        """Want it, wait until it is ready, and return its socket.

        Raises:
            NotReady: it has failed, or was stopped in the meantime.
        """
        while self.request() is State.STARTING:
            await self._changed.wait()
        if socket := self.socket:
            return socket
        raise NotReady(self._failure)

    async def start(self) -> None:
        """Start it because somebody asks: at once, whatever happened before.

        Returns when the start is under way. Does nothing if it is already starting or ready.
        """
        async with self._order:
            if not self._is_under_way:
                await self._begin_anew()

    async def stop(self) -> None:
        """End it with all its descendants; the next request starts it again."""
        async with self._order:
            await self._halt()
            self._turn(State.STOPPED)

    async def restart(self) -> None:
        """End it and start it anew."""
        async with self._order:
            await self._begin_anew()

    async def close(self) -> None:
        """End it for good."""
        self._is_closed = True
        await self.stop()

    async def _begin_anew(self) -> None:
        await self._halt()
        if not self._is_closed:
            self._begin()

    def _begin(self) -> None:
        """Turn to starting; a run that is just clearing up is followed by another."""
        self._turn(State.STARTING)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._supervise())

    async def _halt(self) -> None:
        """End what runs and forget what happened: somebody asked."""
        if self._task and not self._task.done():
            self._quit.set()
            await asyncio.wait({self._task})
            self._quit.clear()
        self._is_under_way = False
        self._restarts.forget()
        self._failure = None

    def _turn(self, state: State) -> None:
        self._state = state
        self._changed.set()
        self._changed = asyncio.Event()

    async def _supervise(self) -> None:
        """Run code-server, and once more if it is wanted again when it has ended."""
        while self._state is State.STARTING and not self._quit.is_set():
            try:
                await self._unless_quit(asyncio.sleep(self._restarts.wait(time.monotonic()) or 0))
                await self._run_once()
            except _QuitError:  # noqa: PERF203 -- a start costs a second
                return
            except CannotStart as error:
                self._conclude(Diagnosis(error.reason, error.what, error.advice))
            except Exception:  # noqa: BLE001 -- logged, and shown as a failure
                # Without this a fault of ours would look like a start that takes for ever.
                _log.exception("Supervising code-server failed")
                self._conclude(_FAULT)

    async def _run_once(self) -> None:
        """Start code-server, follow it to its end, and clear up."""
        begin = time.monotonic()
        self._restarts.record(begin)
        self._is_under_way = True
        self._tail = LogTail(self._log_line)
        self._observer.started()
        run = await Run.start(self._settings, self._tail)
        try:
            self._run = run
            problem = await self._unless_quit(run.ready())
            if not problem:
                self._failure = None
                self._turn(State.READY)
                self._observer.became_ready(time.monotonic() - begin)
                problem = await self._unless_quit(run.ended())
            self._conclude(problem, run.exit_status)
        finally:
            await run.end()
            self._run = None

    async def _ask(self, command: Callable[[Path], Command], socket: Path) -> Command:
        """What to run; whoever asks for the end does not wait for the answer."""
        asking = self._threads.run(command, socket, patience=self._settings.timeout)
        return await self._unless_quit(asking)

    def _conclude(self, problem: Diagnosis | None, exit_status: int | None = None) -> None:
        """Turn to what an ending leads to."""
        self._is_under_way = False
        was_ready = self._state is State.READY
        too_often = self._restarts.wait(time.monotonic()) is None
        if too_often:
            problem = problem or _TOO_OFTEN
        if problem:
            self._failure = Failure(
                problem.reason,
                problem.what,
                problem.advice,
                exit_status,
                self.log,
                datetime.now(timezone.utc),
            )
            self._observer.failed(self._failure)
        is_lasting = problem is not None and problem.reason.is_lasting and not was_ready
        self._turn(State.FAILED if too_often or is_lasting else State.STOPPED)

    async def _unless_quit(self, work: Coroutine[None, None, _Result]) -> _Result:
        """Wait for `work`, or raise `_QuitError` as soon as somebody asks for the end."""
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
