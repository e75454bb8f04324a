"""One run of code-server: its folder and socket, its start, its end, and the cause of its end."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from jupyter_codeserver_proxy.failure import CannotStart, Diagnosis, Reason
from jupyter_codeserver_proxy.system import descriptors

from .child import Child, Command
from .diagnosis import (
    NOT_RESPONDING,
    SOCKET_GONE,
    TOO_MANY_OPEN,
    Ending,
    diagnose,
    diagnose_execution,
    diagnose_preparation,
    diagnose_timeout,
)
from .health import Health, Patience, is_ready, until_unhealthy
from .process_table import memory_kills
from .restarts import BACKOFF
from .runtime_folder import RuntimeFolder, candidates

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from .log_tail import LogTail

# Seconds. A process that ends closes its socket before it has an exit status, which tells more.
_EXIT_DELAY = 1.0
_DESCRIPTORS = 16  # a start takes about ten, and does not report a shortage halfway


@dataclass(frozen=True)
class ProcessOptions:
    """Options for every run.

    Attributes:
        runtime: the folder that holds the sockets' folders; None: XDG_RUNTIME_DIR or a temporary
            folder.
        timeout: seconds that code-server may take to answer.
        grace: seconds between SIGTERM and SIGKILL.
        backoff: seconds between the starts of one minute, one number for each start.
        patience: how long code-server may be silent after it was ready.
    """

    runtime: Path | None = None
    timeout: float = 60.0
    grace: float = 5.0
    backoff: tuple[float, ...] = BACKOFF
    patience: Patience = field(default_factory=Patience)


class Run:
    """A code-server from its start to its end; `end` must be called.

    Attributes:
        started: when the process was started.
        exit_status: as `subprocess` gives it; None as long as the process runs.
    """

    def __init__(
        self, child: Child, folder: RuntimeFolder, options: ProcessOptions, log: LogTail
    ) -> None:
        self.started = datetime.now(timezone.utc)
        self.exit_status: int | None = None
        self._child = child
        self._folder = folder
        self._options = options
        self._log = log
        self._check_wanted = asyncio.Event()
        self._memory_kills = memory_kills()

    @classmethod
    async def start(
        cls, command: Callable[[Path], Awaitable[Command]], options: ProcessOptions, log: LogTail
    ) -> Run:
        """Runs code-server in a folder of its own.

        Args:
            command: returns the command for a socket; may raise `CannotStart` and OSError.
            options: time limits and places.
            log: receives the output.

        Raises:
            CannotStart: no code-server, or no place for its socket, or it cannot be executed.
        """
        if descriptors.left() < _DESCRIPTORS:
            raise _cannot_start(TOO_MANY_OPEN)
        folder = RuntimeFolder.create(candidates(options.runtime, os.environ))
        try:
            child = await _start_child(
                await _prepare(command, folder.socket), folder.path, log, options.grace
            )
        except BaseException:
            folder.remove()
            raise
        return cls(child, folder, options, log)

    @property
    def pid(self) -> int:
        """The process id, which is also the id of the process group."""
        return self._child.pid

    @property
    def socket(self) -> Path:
        """The socket on which code-server listens."""
        return self._folder.socket

    async def ready(self) -> Diagnosis | None:
        """Waits until code-server answers; returns the cause if it will not."""
        exited = asyncio.ensure_future(self._child.wait())
        answered = asyncio.ensure_future(is_ready(self.socket))
        timeout = self._options.timeout
        try:
            await asyncio.wait(
                {exited, answered}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
            if answered.done() and not answered.result():
                await asyncio.wait({exited}, timeout=_EXIT_DELAY)
            if exited.done():
                return self._diagnose(exited.result(), was_ready=False)
            if answered.done():
                return None if answered.result() else SOCKET_GONE
            return diagnose_timeout(timeout, self._log.lines)
        finally:
            await _cancel(exited, answered)

    def check_liveness(self) -> None:
        """Has code-server's health checked, as somebody waits for it in vain."""
        self._check_wanted.set()

    async def ended(self) -> Diagnosis | None:
        """Waits until a code-server that was ready has ended, or no longer answers.

        Returns:
            the cause; None for a normal end.
        """
        exited = asyncio.ensure_future(self._child.wait())
        unhealthy = asyncio.ensure_future(
            until_unhealthy(self.socket, self._check_wanted, self._options.patience)
        )
        try:
            await asyncio.wait({exited, unhealthy}, return_when=asyncio.FIRST_COMPLETED)
            if unhealthy.done():
                await asyncio.wait({exited}, timeout=_EXIT_DELAY)
            if exited.done():
                return self._diagnose(exited.result(), was_ready=True)
            return SOCKET_GONE if unhealthy.result() is Health.GONE else NOT_RESPONDING
        finally:
            await _cancel(exited, unhealthy)

    async def end(self) -> None:
        """Ends code-server with all its descendants, and removes its folder."""
        try:
            await self._child.end()
        finally:
            self._folder.remove()

    def _diagnose(self, status: int, *, was_ready: bool) -> Diagnosis | None:
        self.exit_status = status
        before, now = self._memory_kills, memory_kills()
        kills = None if before is None or now is None else now > before
        return diagnose(Ending(status, self._log.lines, was_ready, kills))


async def _prepare(command: Callable[[Path], Awaitable[Command]], socket: Path) -> Command:
    try:
        return await command(socket)
    except OSError as error:
        raise _cannot_start(diagnose_preparation(error)) from error


async def _start_child(command: Command, folder: Path, log: LogTail, grace: float) -> Child:
    if not command.folder.is_dir():
        raise CannotStart(
            Reason.CONFIGURATION,
            f"The folder {command.folder}, in which code-server is to run, is not there.",
            "Make it, or choose another.",
        )
    try:
        return await Child.start(command, folder, log, grace)
    except OSError as error:
        raise _cannot_start(diagnose_execution(error, command.arguments[0])) from error


def _cannot_start(diagnosis: Diagnosis) -> CannotStart:
    return CannotStart(diagnosis.reason, diagnosis.what, diagnosis.advice)


async def _cancel(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
