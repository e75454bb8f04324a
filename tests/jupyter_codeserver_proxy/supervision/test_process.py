"""A supervised program starts once, restarts after any end, gives up in time, and ends wholly."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.failure import CannotStart, NotReady, Reason
from jupyter_codeserver_proxy.supervision.child import Command
from jupyter_codeserver_proxy.supervision.observer import Observer, State
from jupyter_codeserver_proxy.supervision.process import CodeServerProcess
from jupyter_codeserver_proxy.supervision.run import ProcessOptions
from tests.jupyter_codeserver_proxy.supervision.programs import (
    PATIENCE,
    STUBBORN_CHILD,
    answer,
    in_loop,
    lives,
    noted,
    program,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from jupyter_codeserver_proxy.failure import Failure

QUICK = (0.0, 0.01, 0.01, 0.01, 0.01)


@in_loop
async def test_two_hundred_requests_start_one_process(tmp_path: Path) -> None:
    """A class that clicks at once, or a browser that asks for everything, starts it once."""
    process = CodeServerProcess(program(tmp_path, "serve()"))
    assert {process.request() for _ in range(100)} == {State.STARTING}
    sockets = await asyncio.gather(*(process.ready() for _ in range(100)))
    assert len(set(sockets)) == 1
    assert noted(tmp_path, "starts") == [process.pid]
    assert process.state is process.request() is State.READY
    assert process.socket == sockets[0]
    assert answer(sockets[0]).endswith(b"ok")
    await process.close()
    assert process.pid is None
    assert process.socket is None
    assert process.request() is State.STOPPED


@in_loop
async def test_its_socket_is_private_new_and_removed(tmp_path: Path) -> None:
    """Each start has a folder of mode 0700, a path that fits, and leaves nothing behind."""
    process = CodeServerProcess(program(tmp_path, "serve()"))
    first = await process.ready()
    assert stat.S_IMODE(first.parent.stat().st_mode) == 0o700
    assert len(os.fsencode(first)) < 104
    await process.restart()
    second = await process.ready()
    assert first != second
    await process.close()
    assert not first.parent.exists()
    assert not second.parent.exists()


ENDS = [
    pytest.param("serve(times=2)", True, id="exit 0"),
    pytest.param("serve(times=2); sys.exit(3)", False, id="exit 3"),
    pytest.param("serve(times=2); os.kill(os.getpid(), 9)", False, id="killed"),
]


@pytest.mark.parametrize(("body", "is_normal"), ENDS)
@in_loop
async def test_any_end_is_healed_by_the_next_request(
    tmp_path: Path, body: str, *, is_normal: bool
) -> None:
    """It is stopped, with a failure after an abnormal end, and starts anew when requested."""
    process = CodeServerProcess(program(tmp_path, body))
    first = await process.ready()
    answer(first)
    await until(lambda: process.state is State.STOPPED)
    assert (process.failure is None) is is_normal
    assert process.socket is None
    second = await process.ready()
    assert first != second
    assert process.failure is None
    assert len(noted(tmp_path, "starts")) == 2
    await process.close()


@in_loop
async def test_what_it_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    """A killed program's descendants are ended, even one that ignores SIGTERM."""
    process = CodeServerProcess(
        program(tmp_path, STUBBORN_CHILD + "serve()"), ProcessOptions(grace=0.1)
    )
    await process.ready()
    (child,) = noted(tmp_path, "child")
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    await until(lambda: not lives(child))
    await process.close()


@in_loop
async def test_killed_while_starting_it_starts_again(tmp_path: Path) -> None:
    """A caller that waits gets the next process."""
    body = "len((notes / 'starts').read_text().split()) > 1 and serve()\ntime.sleep(1000)"
    process = CodeServerProcess(program(tmp_path, body))
    waiting = asyncio.ensure_future(process.ready())
    await until(lambda: noted(tmp_path, "starts"))
    os.killpg(noted(tmp_path, "starts")[0], signal.SIGKILL)
    assert answer(await waiting).endswith(b"ok")
    await process.close()


@in_loop
async def test_a_crash_loop_ends_after_five_starts(tmp_path: Path) -> None:
    """Only starts count, however many requests there are, until somebody asks for a start."""
    process = CodeServerProcess(
        program(tmp_path, "print('so it is')"), ProcessOptions(backoff=QUICK)
    )
    with pytest.raises(NotReady):
        await process.ready()
    assert process.state is State.FAILED
    assert process.failure
    assert (process.failure.reason, process.failure.exit_status) == (Reason.CRASH, 0)
    assert process.failure.log == ("so it is",)
    assert {process.request() for _ in range(50)} == {State.FAILED}
    assert len(noted(tmp_path, "starts")) == 5
    await process.start()
    await until(lambda: len(noted(tmp_path, "starts")) == 6)
    await process.close()


@in_loop
async def test_the_back_off_is_real(tmp_path: Path) -> None:
    """Five starts of a program that crashes take seven and a half seconds."""
    process = CodeServerProcess(program(tmp_path, "sys.exit(1)"))
    begin = asyncio.get_running_loop().time()
    with pytest.raises(NotReady):
        await process.ready()
    assert asyncio.get_running_loop().time() - begin > 7.4
    assert len(noted(tmp_path, "starts")) == 5
    await process.close()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("time.sleep(1000)", id="hangs"),
        pytest.param("serve(b'\\x00garbage\\xff' * 100)", id="garbage"),
        pytest.param("serve(b'')", id="hangs up"),
        pytest.param("serve(b'HTTP/1.1 503 Not yet\\r\\n\\r\\n')", id="503"),
        pytest.param("serve(b'HTTP/1.1 2')", id="half an answer"),
        pytest.param("signal.signal(15, signal.SIG_IGN); time.sleep(1000)", id="ignores SIGTERM"),
    ],
)
@in_loop
async def test_no_good_answer_is_a_timeout(tmp_path: Path, body: str) -> None:
    """Only HTTP 200 means ready. Any other program is ended, until somebody asks for a start."""
    process = CodeServerProcess(program(tmp_path, body), ProcessOptions(timeout=0.5, grace=0.1))
    with pytest.raises(NotReady) as error:
        await process.ready()
    assert error.value.failure
    assert error.value.failure.reason is Reason.TIMEOUT
    assert process.request() is State.FAILED
    await until(lambda: process.pid is None)
    (pid,) = noted(tmp_path, "starts")
    assert not lives(pid)
    await process.close()


async def _not_there(folder: Path) -> Command:
    return Command((str(folder / "missing"),), {}, folder.parent)


async def _no_folder(folder: Path) -> Command:
    return Command(("/bin/true",), {}, folder / "missing")


async def _refused(_: Path) -> Command:
    raise CannotStart(Reason.CONFIGURATION, "It is configured wrongly.", "Mend it.")


async def _broken(_: Path) -> Command:
    raise RuntimeError("a fault of ours")


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(_not_there, Reason.NOT_INSTALLED, id="no program"),
        pytest.param(_no_folder, Reason.CONFIGURATION, id="no folder to run in"),
        pytest.param(_refused, Reason.CONFIGURATION, id="refused"),
        pytest.param(_broken, Reason.CRASH, id="a fault of ours"),
    ],
)
@in_loop
async def test_what_cannot_start_says_why(
    command: Callable[[Path], Awaitable[Command]], reason: Reason
) -> None:
    """Nobody waits in vain, and no process stays."""
    process = CodeServerProcess(command, ProcessOptions(backoff=QUICK))
    with pytest.raises(NotReady):
        await process.ready()
    assert process.state is State.FAILED
    assert process.failure
    assert process.failure.reason is reason
    assert process.failure.at.tzinfo
    await process.close()


@in_loop
async def test_stop_ends_the_group_within_the_grace(tmp_path: Path) -> None:
    """It also ends a child that ignores SIGTERM."""
    process = CodeServerProcess(
        program(tmp_path, STUBBORN_CHILD + "serve()"), ProcessOptions(grace=0.2)
    )
    await process.ready()
    pids = noted(tmp_path, "starts") + noted(tmp_path, "child")
    await process.stop()
    assert not any(lives(pid) for pid in pids)
    assert process.request() is State.STARTING
    await process.close()
    assert process.request() is State.STOPPED


@in_loop
async def test_stop_gives_time_for_a_graceful_end(tmp_path: Path) -> None:
    """A program that handles SIGTERM may finish its work."""
    body = "signal.signal(15, lambda *_: (note('bye', 1), sys.exit()))\nserve()"
    process = CodeServerProcess(program(tmp_path, body))
    await process.ready()
    await process.stop()
    assert noted(tmp_path, "bye") == [1]
    await process.close()


@pytest.mark.parametrize(
    "backoff", [pytest.param((0.0,), id="starting"), pytest.param((1000.0,), id="backing off")]
)
@in_loop
async def test_a_start_can_be_stopped(tmp_path: Path, backoff: tuple[float, ...]) -> None:
    """It can be stopped at any moment, and callers that wait learn of it."""
    process = CodeServerProcess(
        program(tmp_path, "time.sleep(1000)"), ProcessOptions(backoff=backoff)
    )
    waiting = asyncio.ensure_future(process.ready())
    if not backoff[0]:
        await until(lambda: noted(tmp_path, "starts"))
    else:
        await asyncio.sleep(0)
    assert process.state is State.STARTING
    await process.close()
    with pytest.raises(NotReady) as error:
        await waiting
    assert error.value.failure is None
    assert not any(lives(pid) for pid in noted(tmp_path, "starts"))


@in_loop
async def test_who_asks_for_a_start_does_not_wait_for_the_back_off(tmp_path: Path) -> None:
    """Retry means at once."""
    process = CodeServerProcess(
        program(tmp_path, "serve(times=2)"), ProcessOptions(backoff=(0.0, 1000.0, 0.0))
    )
    answer(await process.ready())
    await until(lambda: process.state is State.STOPPED)
    assert process.request() is State.STARTING
    await process.start()
    await process.ready()
    await process.close()


@in_loop
async def test_orders_at_once_do_no_harm(tmp_path: Path) -> None:
    """Concurrent starts, stops and restarts leave one process or none."""
    process = CodeServerProcess(program(tmp_path, "serve()"))
    await asyncio.gather(
        *(order() for order in [process.start, process.restart, process.stop] * 5),
        *(process.start() for _ in range(5)),
    )
    await process.ready()
    assert [pid for pid in noted(tmp_path, "starts") if lives(pid)] == [process.pid]
    await process.close()


@in_loop
async def test_output_is_kept_and_logged_without_secrets(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Stdout and stderr are joined, long lines are cut, and the log has them at debug level."""
    body = (
        "print('to stdout', flush=True)\nprint('token=s3cret', file=sys.stderr, flush=True)\n"
        "os.write(1, b'x' * 10_000_000)\nserve()"
    )
    process = CodeServerProcess(program(tmp_path, body))
    with caplog.at_level(logging.DEBUG, "jupyter_codeserver_proxy"):
        await process.ready()
        await process.close()
    assert process.log == ("to stdout", "token=[hidden]", "x" * 4096)
    assert "code-server: to stdout" in caplog.messages
    assert "s3cret" not in caplog.text


@in_loop
async def test_output_that_is_closed_early_does_no_harm(tmp_path: Path) -> None:
    """A program may run without output."""
    process = CodeServerProcess(program(tmp_path, "os.close(1); os.close(2); serve()"))
    await process.ready()
    assert process.state is State.READY
    await process.close()


@in_loop
async def test_what_is_detached_goes_on_and_holds_nothing_up(tmp_path: Path) -> None:
    """A student's `nohup` job outlives a stop, which does not wait for our open pipe."""
    body = (
        "if os.fork() == 0:\n    os.setsid(); note('job', os.getpid()); time.sleep(1000)\n"
        "while not (notes / 'job').exists(): time.sleep(0.01)\n"
        "serve()"
    )
    process = CodeServerProcess(program(tmp_path, body), ProcessOptions(grace=1000))
    await process.ready()
    await process.close()
    (job,) = noted(tmp_path, "job")
    assert lives(job)
    os.kill(job, signal.SIGKILL)


class Recorder(Observer):
    """Records events."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def started(self) -> None:
        """Records the event."""
        self.events.append("started")

    def became_ready(self, socket: Path, seconds: float) -> None:
        """Records the event."""
        assert socket.exists()
        assert 0 < seconds < PATIENCE
        self.events.append("ready")

    def failed(self, failure: Failure) -> None:
        """Records the reason."""
        self.events.append(failure.reason)


@in_loop
async def test_an_observer_is_told(tmp_path: Path) -> None:
    """Starts, times to ready and failures can be counted."""
    recorder = Recorder()
    process = CodeServerProcess(
        program(tmp_path, "serve(times=2); sys.exit(1)"),
        ProcessOptions(backoff=QUICK),
        observers=[recorder],
    )
    answer(await process.ready())
    await until(lambda: process.state is State.STOPPED)
    await process.ready()
    await process.close()
    assert recorder.events == ["started", "ready", Reason.CRASH, "started", "ready"]


@in_loop
async def test_it_leaves_no_descriptor_open(tmp_path: Path) -> None:
    """A server may start, fail and stop for a whole term."""
    process = CodeServerProcess(program(tmp_path, "serve()"))
    broken = CodeServerProcess(_not_there)
    counts = []
    for _ in range(3):
        await process.ready()
        await process.stop()
        await broken.start()
        await until(lambda: broken.state is State.FAILED)
        counts.append(len(os.listdir("/dev/fd")))  # noqa: PTH208 -- the names are numbers
    await broken.close()
    await process.close()
    assert len(set(counts[1:])) == 1


@in_loop
async def test_a_place_without_room_for_files_is_a_full_disk(
    tmp_path: Path, disk_of_few_files: Path
) -> None:
    """This also holds if the socket's folder fits, and the files beside it do not."""

    async def command(socket: Path) -> Command:
        socket.with_name("reports").mkdir()
        return Command((sys.executable,), {}, tmp_path)

    process = CodeServerProcess(command, ProcessOptions(runtime=disk_of_few_files))
    with pytest.raises(NotReady):
        await process.ready()
    assert process.state is State.FAILED
    assert process.failure
    assert process.failure.reason is Reason.DISK_FULL
    assert "reports" in process.failure.what
    await process.close()


@in_loop
async def test_memory_counts_all_descendants(tmp_path: Path) -> None:
    """A child's memory counts, in the group or in its own terminal."""
    body = (
        "for detach in (False, True):\n"
        "    if os.fork() == 0:\n"
        "        detach and os.setsid()\n"
        "        block = os.urandom(50_000_000); note('children', os.getpid()); time.sleep(1000)\n"
        "serve()"
    )
    process = CodeServerProcess(program(tmp_path, body))
    assert process.family().memory() is None
    await process.ready()
    await until(lambda: len(noted(tmp_path, "children")) == 2)
    memory = process.family().memory()
    if memory is None:
        pytest.skip("no /proc here: memory is not known")
    assert 100_000_000 < memory < 250_000_000
    await process.close()
    for pid in noted(tmp_path, "children"):
        if lives(pid):
            os.kill(pid, signal.SIGKILL)
