"""The guard: a few lines of shell that end code-server if Jupyter is killed.

The guard reads a pipe whose writing end is Jupyter's. When Jupyter ends, by any signal, the kernel
closes that end, and the guard ends code-server's process group. The guard lives as long as
code-server, so it is a shell and not Python: it takes 1 MB and 2 ms instead of 9 MB and 20 ms. It
runs beside code-server and not between, so that Jupyter sees exit status and exec errors directly.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# $1: grace in tenths of a second, $2: folder to remove. The first line read is the process group.
# A second line says that the group is gone; end of file says that Jupyter is.
_SCRIPT = """
read -r group || { rm -rf -- "$2"; exit; }
read -r _ && exit
kill -s TERM -- "-$group"
kill -s CONT -- "-$group"
while [ "$1" -gt 0 ] && kill -s 0 -- "-$group"; do
    sleep 0.1
    set -- "$(($1 - 1))" "$2"
done
kill -s KILL -- "-$group"
rm -rf -- "$2"
"""


class Guard:
    """A process beside code-server that outlives Jupyter long enough to end code-server."""

    def __init__(self, process: asyncio.subprocess.Process, lifeline: int) -> None:
        self._process = process
        self._lifeline = lifeline

    @property
    def pid(self) -> int:
        """The guard's own process id."""
        return self._process.pid

    @classmethod
    async def start(cls, grace: float, folder: Path) -> Guard:
        """Starts the guard.

        Args:
            grace: seconds between SIGTERM and SIGKILL.
            folder: the guard removes it when it has to act.

        Raises:
            OSError: there is no `sh`, or the system is out of processes or descriptors.
        """
        reading, lifeline = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                "sh",
                "-c",
                _SCRIPT,
                "codeserver-guard",
                str(round(grace * 10)),
                str(folder),
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PATH": os.defpath},
                # Signals to Jupyter's own group (^C, `tini -g`) must not reach the guard.
                start_new_session=True,
            )
        except BaseException:
            os.close(lifeline)
            raise
        finally:
            os.close(reading)
        return cls(process, lifeline)

    def watch(self, group: int) -> None:
        """Tells the guard which process group is code-server's."""
        self._tell(f"{group}\n")

    async def dismiss(self) -> None:
        """Ends the guard, as the group is gone."""
        self._tell("-\n-\n")
        os.close(self._lifeline)
        await self._process.wait()

    def _tell(self, text: str) -> None:
        """Writes to the guard, which may have been killed."""
        try:
            os.write(self._lifeline, text.encode())
        except BrokenPipeError:
            return
