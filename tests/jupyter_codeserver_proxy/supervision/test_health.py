"""A program that is unreachable or hangs is ended and restarted; a slow one is not."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.failure import Reason
from jupyter_codeserver_proxy.supervision.health import Patience
from jupyter_codeserver_proxy.supervision.observer import Observer, State
from jupyter_codeserver_proxy.supervision.process import CodeServerProcess
from jupyter_codeserver_proxy.supervision.run import ProcessOptions
from tests.jupyter_codeserver_proxy.supervision.programs import (
    answer,
    in_loop,
    noted,
    program,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jupyter_codeserver_proxy.failure import Failure

LITTLE = Patience(resting=0.5, working=2.0, tick=0.1)


class Failures(Observer):
    """Records the reasons of failures."""

    def __init__(self) -> None:
        self.reasons: list[Reason] = []

    def failed(self, failure: Failure) -> None:
        """Records the event."""
        self.reasons.append(failure.reason)


def remove_socket(path: Path) -> None:
    """Removes the socket, as a clean-up program may do."""
    path.unlink()


def remove_folder(path: Path) -> None:
    """Removes the whole folder, as a clean-up program may do."""
    shutil.rmtree(path.parent)


@pytest.mark.parametrize("remove", [remove_socket, remove_folder])
@in_loop
async def test_a_socket_that_is_gone_ends_the_run_at_once(
    tmp_path: Path, remove: Callable[[Path], None]
) -> None:
    """The next request gets another socket, and the cause is known."""
    failures = Failures()
    process = CodeServerProcess(program(tmp_path, "serve()"), observers=[failures])
    first = await process.ready()
    pid = process.pid
    remove(first)
    process.check_liveness()
    await until(lambda: process.state is State.STOPPED)
    assert process.failure
    assert process.failure.reason is Reason.SOCKET_GONE
    assert "socket" in process.failure.what
    second = await process.ready()
    assert (second != first, process.pid != pid) == (True, True)
    assert answer(second)
    assert process.failure is None
    assert failures.reasons == [Reason.SOCKET_GONE]
    await process.close()


@pytest.mark.parametrize("remove", [remove_socket, remove_folder])
@in_loop
async def test_a_socket_that_goes_during_a_start_ends_that_start(
    tmp_path: Path, remove: Callable[[Path], None]
) -> None:
    """It could never become ready, so nobody waits for the time-out."""
    runtime = tmp_path / "r"
    runtime.mkdir()
    body = (
        "server = socket.socket(socket.AF_UNIX)\nserver.bind(path)\nserver.listen(9)\n"
        "while True: server.accept()[0].close(); note('asked', 1)"
    )
    process = CodeServerProcess(program(tmp_path, body), ProcessOptions(runtime=runtime))
    process.request()
    await until(lambda: len(noted(tmp_path, "asked")) > 1)
    (path,) = runtime.glob("*/s")
    remove(path)
    await until(lambda: process.state is State.STOPPED)
    assert process.failure
    assert process.failure.reason is Reason.SOCKET_GONE
    await process.close()


@pytest.mark.parametrize("order", ["stop", "restart", "close"])
@in_loop
async def test_what_is_stopped_can_be_ended(tmp_path: Path, order: str) -> None:
    """After SIGSTOP it ends before the grace is over, as SIGCONT lets it end by itself."""
    body = "signal.signal(signal.SIGTERM, lambda *_: (note('ended', 1), os._exit(0)))\nserve()"
    process = CodeServerProcess(program(tmp_path, body), ProcessOptions(grace=50))
    await process.ready()
    assert process.pid
    os.kill(process.pid, signal.SIGSTOP)
    await getattr(process, order)()
    assert noted(tmp_path, "ended") == [1]
    await process.close()


@in_loop
async def test_what_does_not_answer_and_does_nothing_is_ended(tmp_path: Path) -> None:
    """After SIGSTOP a request waits in vain, so the program is checked, and ended with a cause."""
    process = CodeServerProcess(program(tmp_path, "serve()"), ProcessOptions(patience=LITTLE))
    await process.ready()
    pid = process.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    process.check_liveness()
    await until(lambda: process.state is State.STOPPED)
    assert process.failure
    assert process.failure.reason is Reason.NOT_RESPONDING
    await process.ready()
    assert process.pid != pid
    await process.close()


@in_loop
async def test_what_stops_during_its_start_is_a_timeout(tmp_path: Path) -> None:
    """It looks like a slow start until it is ended, and the page offers Retry."""
    body = "os.kill(os.getpid(), signal.SIGSTOP)"
    process = CodeServerProcess(program(tmp_path, body), ProcessOptions(timeout=1.0))
    process.request()
    await until(lambda: process.state is State.FAILED)
    assert process.failure
    assert process.failure.reason is Reason.TIMEOUT
    await process.close()


@in_loop
async def test_what_is_busy_for_ever_is_ended_later(tmp_path: Path) -> None:
    """An endless loop uses the processor, but is no slow machine."""
    body = "listening = serve(times=1)\nwhile True: pass"
    process = CodeServerProcess(program(tmp_path, body), ProcessOptions(patience=LITTLE))
    await process.ready()
    process.check_liveness()
    await until(lambda: process.state is State.STOPPED)
    assert process.failure
    assert process.failure.reason is Reason.NOT_RESPONDING
    await process.close()


@in_loop
async def test_what_is_slow_is_not_ended(tmp_path: Path) -> None:
    """It may take longer to answer than it may rest, as long as it works."""
    body = "serve(work=1.5)"
    process = CodeServerProcess(
        program(tmp_path, body),
        ProcessOptions(patience=Patience(resting=0.5, working=50.0, tick=0.1)),
    )
    socket = await process.ready()
    pid = process.pid
    process.check_liveness()
    assert await asyncio.to_thread(answer, socket)  # after its answer to the health check
    assert (process.state, process.pid) == (State.READY, pid)
    await process.close()
