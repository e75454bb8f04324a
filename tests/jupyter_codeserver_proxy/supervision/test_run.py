"""The real code-server starts, restarts and ends wholly, with a browser window open."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import async_playwright

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

PATIENCE = 120

# In place of Jupyter: keeps code-server running, and reports each time that it is ready.
JUPYTER = """
import asyncio, json, os, sys
from pathlib import Path
from jupyter_codeserver_proxy.supervision.child import Command
from jupyter_codeserver_proxy.supervision.observer import State
from jupyter_codeserver_proxy.supervision.process import CodeServerProcess
from jupyter_codeserver_proxy.supervision.run import ProcessOptions

async def main():
    home, student = Path(sys.argv[2]), Path(sys.argv[3])
    async def command(path):
        arguments = (
            sys.argv[1], "--auth", "none", "--socket", str(path), "--socket-mode", "0600",
            "--config", f"{path}.yaml", "--user-data-dir", str(student / "data"),
            "--disable-telemetry", "--disable-update-check", "--disable-workspace-trust",
            *sys.argv[4:],
        )
        return Command(arguments, {"HOME": str(student), "PATH": os.environ["PATH"]}, home)
    process = CodeServerProcess(command, ProcessOptions(home / "r"))
    try:
        while True:
            socket = await process.ready()
            print(json.dumps([process.pid, str(socket), process.family().memory()]), flush=True)
            while process.state is State.READY:
                if (home / "stop").exists():
                    return
                await asyncio.sleep(0.01)
    finally:
        await process.close()

asyncio.run(main())
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A home whose path is short enough for sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as name:
        (Path(name) / "r").mkdir()
        yield Path(name)


@pytest.fixture(
    params=[
        pytest.param(None, id="newest"),
        pytest.param("JUPYTER_CODESERVER_TEST_OLD_EXECUTABLE", id="older"),
    ]
)
def each_code_server(request: pytest.FixtureRequest) -> Path:
    """The newest supported code-server, and an older one if there is one."""
    if request.param is None:
        found: Path = request.getfixturevalue("code_server")
        return found
    if named := os.environ.get(request.param):
        return Path(named)
    pytest.skip(f"{request.param} is not set: an older code-server is not tested")


def group(leader: int) -> dict[int, str]:
    """Returns the living processes of a group, with their command lines."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, pgid, *_ = stat.read_text().rpartition(")")[2].split()
            if int(pgid) == leader and state not in "ZX":
                command = stat.with_name("cmdline").read_bytes()
                found[int(stat.parent.name)] = command.replace(b"\0", b" ").decode()
    return found


pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="the processes of a group are read from /proc"
)


class Jupyter:
    """A process that runs the supervisor and reports."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def start(
        cls, code_server: Path, home: Path, *arguments: str, student: Path | None = None
    ) -> Jupyter:
        """Starts the process, with further arguments and a home for code-server."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                *("-c", JUPYTER, str(code_server), str(home), str(student or home), *arguments),
                stdout=asyncio.subprocess.PIPE,
                env=environment,
            )
        )

    async def ready(self) -> tuple[int, str, int]:
        """Waits for code-server, and returns its pid, its socket, and its memory in bytes."""
        assert self.process.stdout
        pid, path, memory = json.loads(await self.process.stdout.readline())
        return pid, path, memory


@contextlib.asynccontextmanager
async def window(chromium: str, path: str, folder: Path) -> AsyncIterator[None]:
    """Opens VS Code in a browser, through a forwarder from TCP to the socket."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream = await asyncio.open_unix_connection(path)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, upstream[1]), pump(upstream[0], writer))

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
        )
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{port}/?folder={folder}")
        await page.wait_for_selector(".monaco-workbench", timeout=PATIENCE * 1000)
        yield
        await browser.close()
    server.close()


async def until_gone(leader: int) -> None:
    """Waits until no process of a group lives; the whole test has a time limit."""
    while group(leader):  # noqa: ASYNC110 -- other processes have no Event
        await asyncio.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("victim", "is_healed"),
    [
        pytest.param("outer", True, id="outer process killed"),
        pytest.param("inner", True, id="inner process killed"),
        pytest.param("all", True, id="all processes killed"),
        pytest.param("jupyter", False, id="Jupyter killed"),
        pytest.param("nobody", False, id="Jupyter stopped"),
    ],
)
def test_no_extension_host_outlives_its_code_server(
    code_server: Path, chromium: str, home: Path, victim: str, *, is_healed: bool
) -> None:
    """With a window open, whichever process is killed, all of code-server ends, and it restarts."""

    async def scenario() -> None:
        jupyter = await Jupyter.start(code_server, home)
        pid, path, _ = await jupyter.ready()
        async with window(chromium, path, home):
            while "extensionHost" not in " ".join(group(pid).values()):  # noqa: ASYNC110 -- likewise
                await asyncio.sleep(0.05)
            _strike(victim, pid, jupyter.process.pid, home)
            await until_gone(pid)
            if is_healed:
                again, new_path, _ = await jupyter.ready()
                assert (again, new_path) != (pid, path)
                (home / "stop").touch()
                await until_gone(again)
            await jupyter.process.wait()
        while any((home / "r").iterdir()):  # noqa: ASYNC110 -- likewise
            await asyncio.sleep(0.05)

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE))


def _strike(victim: str, pid: int, jupyter: int, home: Path) -> None:
    """Kills the processes that the test names."""
    if victim == "outer":
        os.kill(pid, signal.SIGKILL)
    elif victim == "inner":
        (inner,) = (member for member in group(pid) if _parent(member) == pid)
        os.kill(inner, signal.SIGKILL)
    elif victim == "all":
        os.killpg(pid, signal.SIGKILL)
    elif victim == "jupyter":
        os.kill(jupyter, signal.SIGKILL)
    else:
        (home / "stop").touch()


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_each_version_starts_and_stops(each_code_server: Path, home: Path) -> None:
    """It answers on its socket, is killed, answers again, and ends without leftovers."""

    async def scenario() -> None:
        jupyter = await Jupyter.start(each_code_server, home)
        first, path, memory = await jupyter.ready()
        assert 20_000_000 < memory < 1_000_000_000
        os.kill(first, signal.SIGKILL)
        second, other_path, _ = await jupyter.ready()
        assert path != other_path
        assert not group(first)
        (home / "stop").touch()
        assert await jupyter.process.wait() == 0
        assert not group(second)
        assert not any((home / "r").iterdir())

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE))


# Attempts of another user of the machine, who can reach the folder, as in /tmp.
INTRUDER = """
import os, socket, sys
folder, path = sys.argv[1:]
def tries(action):
    try:
        action()
    except PermissionError:
        return
    sys.exit("not refused")
tries(lambda: socket.socket(socket.AF_UNIX).connect(path))
tries(lambda: os.listdir(folder))
tries(lambda: open(path + ".yaml"))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user: not tried as one")
def test_another_user_reaches_neither_socket_nor_files(code_server: Path, home: Path) -> None:
    """The kernel refuses, without a password."""

    async def scenario() -> None:
        jupyter = await Jupyter.start(code_server, home)
        _, path, _ = await jupyter.ready()
        for folder in (home, home / "r"):
            folder.chmod(0o755)
        intruder = await asyncio.create_subprocess_exec(
            *("/usr/bin/env", "python3", "-c", INTRUDER, str(Path(path).parent), path),
            user=65534,
            cwd="/",
        )
        assert await intruder.wait() == 0
        (home / "stop").touch()
        assert await jupyter.process.wait() == 0

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE))


@pytest.mark.parametrize("disk", ["full_disk", "read_only_disk"])
def test_a_home_that_takes_nothing_keeps_nobody_out(
    code_server: Path, home: Path, disk: str, request: pytest.FixtureRequest
) -> None:
    """A start needs nothing in the student's home."""

    async def scenario() -> None:
        student = request.getfixturevalue(disk)
        jupyter = await Jupyter.start(code_server, home, student=student)
        await jupyter.ready()
        (home / "stop").touch()
        assert await jupyter.process.wait() == 0

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE))


@pytest.mark.slow
def test_an_idle_exit_is_healed(code_server: Path, home: Path) -> None:
    """After an idle exit, which saves memory and has status 0, code-server starts again."""

    async def scenario() -> None:
        # code-server accepts no shorter time.
        jupyter = await Jupyter.start(code_server, home, "--idle-timeout-seconds", "61")
        first, path, _ = await jupyter.ready()
        second, other_path, _ = await jupyter.ready()
        assert (first, path) != (second, other_path)
        (home / "stop").touch()
        assert await jupyter.process.wait() == 0

    asyncio.run(asyncio.wait_for(scenario(), 3 * PATIENCE))


def test_jupyter_killed_at_any_moment_of_a_start_leaves_nothing(
    code_server: Path, home: Path
) -> None:
    """There is no gap between code-server's fork and its readiness."""

    async def scenario() -> None:
        for step in range(8):
            jupyter = await Jupyter.start(code_server, home)
            while not any((home / "r").iterdir()):  # noqa: ASYNC110 -- likewise
                await asyncio.sleep(0.001)
            await asyncio.sleep(step * 0.02)
            jupyter.process.kill()
            await jupyter.process.wait()
            while _mentioning(home):  # noqa: ASYNC110 -- likewise
                await asyncio.sleep(0.05)

    asyncio.run(asyncio.wait_for(scenario(), PATIENCE))


def _mentioning(home: Path) -> list[str]:
    """Returns the command lines of processes that mention a folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(file.read_bytes().decode(errors="replace"))
    return [line for line in found if str(home) in line]
