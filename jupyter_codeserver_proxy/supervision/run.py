"""One run of code-server: its folder and socket, its start, its end, and what that was due to."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
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
from .health import Health, Patience, is_ready, lost
from .process_table import memory_kills
from .runtime_folder import RuntimeFolder, candidates

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from .log_tail import LogTail

# Seconds: a process that ends closes its socket first, and its exit status tells more than that.
_LAST_BREATH = 1.0
_DESCRIPTORS = 16  # a start takes about ten, and is told of no shortage halfway


@dataclass(frozen=True)
class Settings:
    """What holds for every run.

    Attributes:
        command: says what to run for a socket; may raise `CannotStart` and OSError.
        runtime: where the sockets' folders are made; None: wherever the system has a place.
        timeout: seconds in which it has to answer.
        grace: seconds between SIGTERM and SIGKILL.
        patience: how long it may be silent once it has answered.
    """

    command: Callable[[Path], Awaitable[Command]]
    runtime: Path | None
    timeout: float
    grace: float
    patience: Patience


class Run:
    """A code-server from its start to its end; `end` must be called.

    Attributes:
        started: when.
        exit_status: as `subprocess` gives it; None as long as it runs.
    """

    def __init__(
        self, child: Child, folder: RuntimeFolder, settings: Settings, log: LogTail
    ) -> None:
        self.started = datetime.now(timezone.utc)
        self.exit_status: int | None = None
        self._child = child
        self._folder = folder
        self._settings = settings
        self._log = log
        self._doubted = asyncio.Event()
        self._memory_kills = memory_kills()

    @classmethod
    async def start(cls, settings: Settings, log: LogTail) -> Run:
        """Run code-server in a folder of its own.

        Args:
            settings: what to run, and how.
            log: takes its output.

        Raises:
            CannotStart: there is nothing to run, or no place, or it cannot be run.
        """
        if descriptors.left() < _DESCRIPTORS:
            raise _refused(TOO_MANY_OPEN)
        folder = RuntimeFolder.create(candidates(settings.runtime, os.environ))
        try:
            command = await _command(settings, folder.socket)
            child = await _start_child(command, folder.path, log, settings.grace)
        except BaseException:
            folder.remove()
            raise
        return cls(child, folder, settings, log)

    @property
    def pid(self) -> int:
        """Its process id, which is its process group's as well."""
        return self._child.pid

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self._folder.socket

    async def ready(self) -> Diagnosis | None:
        """Wait until it answers; if it will not, return why."""
        exited = asyncio.ensure_future(self._child.wait())
        answered = asyncio.ensure_future(is_ready(self.socket))
        timeout = self._settings.timeout
        try:
            await asyncio.wait(
                {exited, answered}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
            if answered.done() and not answered.result():
                await asyncio.wait({exited}, timeout=_LAST_BREATH)
            if exited.done():
                return self._diagnose(exited.result(), was_ready=False)
            if answered.done():
                return None if answered.result() else SOCKET_GONE
            return diagnose_timeout(timeout, self._log.lines)
        finally:
            await _cancel(exited, answered)

    def doubt(self) -> None:
        """Say that somebody waits for it in vain: it is asked whether it lives."""
        self._doubted.set()

    async def ended(self) -> Diagnosis | None:
        """Wait until one that was ready has ended, or is of no more use.

        Returns:
            why; None if it has ended normally.
        """
        exited = asyncio.ensure_future(self._child.wait())
        given_up = asyncio.ensure_future(lost(self.socket, self._doubted, self._settings.patience))
        try:
            await asyncio.wait({exited, given_up}, return_when=asyncio.FIRST_COMPLETED)
            if given_up.done():
                await asyncio.wait({exited}, timeout=_LAST_BREATH)
            if exited.done():
                return self._diagnose(exited.result(), was_ready=True)
            return SOCKET_GONE if given_up.result() is Health.GONE else NOT_RESPONDING
        finally:
            await _cancel(exited, given_up)

    async def end(self) -> None:
        """End it with all its descendants, and clear up."""
        try:
            await self._child.end()
        finally:
            self._folder.remove()

    def _diagnose(self, status: int, *, was_ready: bool) -> Diagnosis | None:
        self.exit_status = status
        before, now = self._memory_kills, memory_kills()
        kills = None if before is None or now is None else now > before
        return diagnose(Ending(status, self._log.lines, was_ready, kills))


async def _command(settings: Settings, socket: Path) -> Command:
    try:
        return await settings.command(socket)
    except OSError as error:
        raise _refused(diagnose_preparation(error)) from error


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
        raise _refused(diagnose_execution(error, command.arguments[0])) from error


def _refused(found: Diagnosis) -> CannotStart:
    return CannotStart(found.reason, found.what, found.advice)


async def _cancel(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
