"""One run of a program: reads its output, and ends it with all its descendants."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .guard import Guard
from .process_table import is_group_alive

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .log_tail import LogTail

_READ_SIZE = 64 * 1024
# A pipe can hold this much when its writers are gone (Linux: 64 KiB, unless it was enlarged).
_LEFT_IN_PIPE = 1024 * 1024
_LAST_GRACE = 5.0  # seconds; SIGKILL reaches a process that waits for a disk late
_FIRST_LOOK, _LAST_LOOK = 0.005, 0.1  # seconds between two checks of whether the group is gone


@dataclass(frozen=True)
class Command:
    """A command to run.

    Attributes:
        arguments: the program and its arguments.
        environment: the whole environment; nothing is inherited.
        folder: the working directory.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path


class Child:
    """A running program, in a session and process group of its own, with its guard.

    The group holds the program and everything it starts, except what leaves the group on purpose.
    A terminal's shell has its own group and ends with its terminal (SIGHUP). What a student
    detaches there with `nohup`, `setsid` or `tmux` goes on, as after any logout.
    """

    def __init__(
        self, process: asyncio.subprocess.Process, guard: Guard, output: _Output, grace: float
    ) -> None:
        self._process = process
        self._guard = guard
        self._output = output
        self._grace = grace

    @property
    def pid(self) -> int:
        """The process id of the program, which is also the id of its group."""
        return self._process.pid

    @classmethod
    async def start(cls, command: Command, folder: Path, log: LogTail, grace: float) -> Child:
        """Runs `command`.

        Args:
            command: the command to run.
            folder: the guard removes it if Jupyter is killed.
            log: receives stdout and stderr.
            grace: seconds between SIGTERM and SIGKILL.

        Raises:
            OSError: the command cannot be run.
        """
        # The guard starts first, so that it misses Jupyter's death for hardly a moment. In that
        # moment code-server ends by itself, as soon as it writes a line to the broken pipe.
        guard = await Guard.start(grace, folder)
        try:
            output = _Output(log)
        except OSError:
            await guard.dismiss()
            raise
        try:
            process = await asyncio.create_subprocess_exec(
                *command.arguments,
                stdin=subprocess.DEVNULL,
                stdout=output.writing,
                stderr=output.writing,
                cwd=command.folder,
                env=command.environment,
                start_new_session=True,
            )
        except BaseException:
            output.close()
            await guard.dismiss()
            raise
        finally:
            output.close_writing()
        guard.watch(process.pid)
        return cls(process, guard, output, grace)

    async def wait(self) -> int:
        """Waits for the program and returns its exit status; its group may outlive it."""
        return await self._process.wait()

    async def end(self) -> None:
        """Ends the whole group: with SIGTERM, and with SIGKILL after the grace."""
        try:
            for number, limit in ((signal.SIGTERM, self._grace), (signal.SIGKILL, _LAST_GRACE)):
                if is_group_alive(self.pid):
                    self._signal(number)
                    self._signal(signal.SIGCONT)  # a stopped process handles no other signal
                    await self._wait_for_end(limit)
        finally:
            # The event loop may end, and cancel this, before the grace is over.
            if is_group_alive(self.pid):
                self._signal(signal.SIGKILL)
            self._output.close()
            await self._process.wait()
            await self._guard.dismiss()

    async def _wait_for_end(self, limit: float) -> None:
        """Waits until no process of the group lives, for so many seconds at most."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + limit
        pause = _FIRST_LOOK
        while is_group_alive(self.pid) and clock() < deadline:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LAST_LOOK)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


class _Output:
    """The pipe from the program's stdout and stderr to its log.

    This is not one of asyncio's pipes: with those, `wait` waits for the end of the pipe, which a
    detached descendant may keep open for days.
    """

    def __init__(self, log: LogTail) -> None:
        self._log = log
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._reading, self._read)

    def close_writing(self) -> None:
        """Closes our copy of the writing end, so that only the program has it."""
        os.close(self.writing)

    def close(self) -> None:
        """Reads the rest of the output and closes the pipe."""
        self._loop.remove_reader(self._reading)
        with contextlib.suppress(BlockingIOError):
            self._log.feed(os.read(self._reading, _LEFT_IN_PIPE))
        self._log.finish()
        os.close(self._reading)

    def _read(self) -> None:
        data = os.read(self._reading, _READ_SIZE)
        if not data:
            self._loop.remove_reader(self._reading)
        self._log.feed(data)
