"""Small programs in place of code-server, and helpers for their tests."""

from __future__ import annotations

import asyncio
import functools
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_codeserver_proxy.supervision.child import Command

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PATIENCE = 60

# The beginning of each program: `path` is the socket, and `notes` a folder that tests read.
PRELUDE = """
import os, pathlib, signal, socket, sys, time
path, notes = sys.argv[1], pathlib.Path(sys.argv[2])
def note(name, text):
    with open(notes / name, "a") as file:
        file.write(f"{text}\\n")
def serve(answer=b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok", times=None, work=0.0):
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(64)
    while times is None or times > 0:
        client, _ = server.accept()
        try:
            client.recv(4096)
            end = time.process_time() + work
            while time.process_time() < end:
                pass
            client.sendall(answer)
        except OSError:
            pass
        client.close()
        times = times and times - 1
    return server
note("starts", os.getpid())
"""

# Forks a child in the same group that ignores SIGTERM.
STUBBORN_CHILD = """
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note("child", os.getpid())
    time.sleep(1000)
while not (notes / "child").exists():
    time.sleep(0.01)
"""


def in_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Runs an asynchronous test in its own loop, which must have no tasks afterwards."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- any fixtures
        async def whole() -> None:
            await asyncio.wait_for(test(*args, **kwargs), PATIENCE)
            assert asyncio.all_tasks() == {asyncio.current_task()}

        asyncio.run(whole())

    return run


def program(notes: Path, body: str) -> Callable[[Path], Awaitable[Command]]:
    """Returns a command that runs a few lines of Python."""
    script = notes / "program.py"
    script.write_text(PRELUDE + body)
    arguments = (sys.executable, "-I", "-S", str(script))
    environment = {"PATH": os.environ["PATH"]}

    async def command(path: Path) -> Command:
        return Command((*arguments, str(path), str(notes)), environment, notes)

    return command


def noted(notes: Path, name: str) -> list[int]:
    """Returns the numbers that programs have noted."""
    file = notes / name
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def lives(pid: int) -> bool:
    """Returns whether a process runs; a zombie does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()


async def until(condition: Callable[[], object]) -> None:
    """Waits until the condition holds; the whole test has a time limit."""
    while not condition():  # noqa: ASYNC110 -- another process has no Event
        await asyncio.sleep(0.01)


def answer(path: Path) -> bytes:
    """Returns the answer on a socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        return client.recv(1000)
