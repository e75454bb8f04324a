"""When Jupyter is killed, the guard ends code-server's whole group and removes its folder."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.supervision.guard import Guard
from tests.jupyter_codeserver_proxy.supervision.programs import lives

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 60

# In place of Jupyter: starts the program `sys.argv[1]`, and notes when it is ready.
JUPYTER = """
import asyncio, os, sys
from pathlib import Path
from jupyter_codeserver_proxy.supervision.child import Command
from jupyter_codeserver_proxy.supervision.process import CodeServerProcess
from jupyter_codeserver_proxy.supervision.run import ProcessOptions

async def main():
    notes = Path(sys.argv[2])
    async def command(path):
        return Command((sys.executable, sys.argv[1], str(path)), os.environ, notes)
    process = CodeServerProcess(command, ProcessOptions(notes / "r", grace=0.3))
    await process.ready()
    (notes / "ready").touch()
    await asyncio.sleep(1000)

asyncio.run(main())
"""

# Notes its own pid and a child's; both ignore SIGTERM.
STUBBORN = """
import os, signal, socket, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
with open("pids", "a") as file:
    print(os.getpid(), file=file)
"""
SERVER = """
server = socket.socket(socket.AF_UNIX)
try:
    server.bind(sys.argv[1])
    server.listen()
except OSError:
    pass
while True:
    client, _ = server.accept()
    client.recv(4096)
    client.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
    client.close()
"""


def wait_until(condition: Callable[[], object]) -> None:
    """Waits until the condition holds, or fails."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def notes() -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        (Path(name) / "r").mkdir()
        yield Path(name)


@pytest.mark.parametrize(
    ("body", "stage"),
    [
        pytest.param(STUBBORN + "time.sleep(1000)", "pids", id="starting"),
        pytest.param(STUBBORN + SERVER, "ready", id="ready"),
    ],
)
def test_a_killed_jupyter_leaves_nothing_behind(notes: Path, body: str, stage: str) -> None:
    """No process of the group survives, nor a socket or a folder."""
    pids = notes / "pids"
    (notes / "program.py").write_text(body)
    jupyter = subprocess.Popen(
        [sys.executable, "-c", JUPYTER, notes / "program.py", notes],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    wait_until(lambda: (notes / stage).exists() and len(pids.read_text().split()) == 2)
    assert any((notes / "r").iterdir())
    jupyter.kill()
    jupyter.wait()
    wait_until(lambda: not any(lives(int(pid)) for pid in pids.read_text().split()))
    wait_until(lambda: not any((notes / "r").iterdir()))


async def _sleeper() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import time; time.sleep(1000)", start_new_session=True
    )


def test_a_guard_that_is_dismissed_does_nothing(notes: Path) -> None:
    """The guard ends, and leaves the group and the folder alone."""

    async def scenario() -> None:
        sleeper = await _sleeper()
        guard = await Guard.start(0, notes / "r")
        guard.watch(sleeper.pid)
        await guard.dismiss()
        assert not lives(guard.pid)
        assert lives(sleeper.pid)
        assert (notes / "r").exists()
        sleeper.kill()
        await sleeper.wait()

    asyncio.run(scenario())


def test_a_guard_that_was_killed_is_dismissed_all_the_same(notes: Path) -> None:
    """Killing the guard removes a protection and does no other harm."""

    async def scenario() -> None:
        guard = await Guard.start(0, notes / "r")
        os.kill(guard.pid, signal.SIGKILL)
        while lives(guard.pid):  # noqa: ASYNC110 -- another process has no Event
            await asyncio.sleep(0.01)
        guard.watch(2**22 + 1)
        await guard.dismiss()

    asyncio.run(scenario())


def test_a_guard_without_a_group_ends_with_jupyter(notes: Path) -> None:
    """Jupyter may be killed before code-server starts."""
    code = (
        "import asyncio, os, sys; from pathlib import Path;"
        "from jupyter_codeserver_proxy.supervision.guard import Guard\n"
        "async def main():\n"
        "    guard = await Guard.start(5, Path(sys.argv[1]))\n"
        "    print(guard.pid, flush=True); os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, notes / "r"],
        check=False,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    wait_until(lambda: not lives(int(result.stdout)))
    assert not (notes / "r").exists()
