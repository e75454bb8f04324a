"""One run of a program with all its descendants: its output read, its end complete."""

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
# What a pipe can hold when its writers are gone (Linux: 64 KiB, unless somebody enlarges it).
_LEFT_IN_PIPE = 1024 * 1024
_LAST_GRACE = 5.0  # seconds; a process that waits for a disk takes SIGKILL late
_FIRST_LOOK, _LAST_LOOK = 0.005, 0.1  # seconds between two looks at whether the group has gone


@dataclass(frozen=True)
class Command:
    """What to run.

    Attributes:
        arguments: the program and its arguments.
        environment: all of it; nothing is inherited.
        folder: where it runs.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path


class Child:
    """A running program, in a session and process group of its own, with its guard.

    The group is the program and all that it starts, save what leaves the group on purpose: a
    terminal's shell has its own and ends with its terminal (SIGHUP); what a student detaches
    there with `nohup`, `setsid` or `tmux` goes on, as it does after a logout anywhere else.
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
        """The program's process id, which is its group's as well."""
        return self._process.pid

    @classmethod
    async def start(cls, command: Command, folder: Path, log: LogTail, grace: float) -> Child:
        """Run `command`.

        Args:
            command: what to run.
            folder: what the guard removes if Jupyter is killed.
            log: takes stdout and stderr.
            grace: seconds between SIGTERM and SIGKILL.

        Raises:
            OSError: it cannot be run.
        """
        # First, so that there is hardly a moment in which Jupyter's death would go unseen; and in
        # that one code-server ends by itself, on the first line that it writes to a broken pipe.
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
        """Wait for the program itself and return its exit status; others of its group may live."""
        return await self._process.wait()

    async def end(self) -> None:
        """End the whole group: SIGTERM, and what then lives after the grace, SIGKILL."""
        try:
            for number, limit in ((signal.SIGTERM, self._grace), (signal.SIGKILL, _LAST_GRACE)):
                if is_group_alive(self.pid):
                    self._signal(number)
                    self._signal(signal.SIGCONT)  # what is stopped hears nothing else
                    await self._gone(limit)
        finally:
            # The event loop may end, and cancel this, before the grace does.
            if is_group_alive(self.pid):
                self._signal(signal.SIGKILL)
            self._output.close()
            await self._process.wait()
            await self._guard.dismiss()

    async def _gone(self, limit: float) -> None:
        """Wait until nothing of the group lives, for so many seconds at most."""
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

    Not one of asyncio's: those make `wait` wait for the end of the pipe, which a detached
    descendant may hold open for days.
    """

    def __init__(self, log: LogTail) -> None:
        self._log = log
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._reading, self._read)

    def close_writing(self) -> None:
        """Leave the writing end to the program alone."""
        os.close(self.writing)

    def close(self) -> None:
        """Take what is left in the pipe, and end."""
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
