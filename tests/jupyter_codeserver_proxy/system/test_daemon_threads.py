"""A call that hangs blocks neither its caller nor anybody else."""

from __future__ import annotations

import asyncio
import functools
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_codeserver_proxy.system.daemon_threads import DaemonThreads, HangingError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

PATIENCE = 60.0


def in_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Runs an asynchronous test in a loop of its own."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- any fixtures
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), PATIENCE))

    return run


async def all_back(threads: DaemonThreads) -> None:
    """Waits until no call hangs."""
    while threads._hanging:  # noqa: ASYNC110, SLF001 -- a thread has no event for the loop
        await asyncio.sleep(0.01)


@pytest.fixture
def end() -> Iterator[threading.Event]:
    """Ends the hanging calls."""
    event = threading.Event()
    yield event
    event.set()


@in_loop
async def test_results_and_errors_come_back() -> None:
    """Results arrive as from any call, also when there are more calls than threads."""
    threads = DaemonThreads(2)
    calls = (threads.run(pow, 2, number, patience=PATIENCE) for number in range(50))
    assert await asyncio.gather(*calls) == [2**number for number in range(50)]
    with pytest.raises(ZeroDivisionError):
        await threads.run(divmod, 1, 0, patience=PATIENCE)
    assert sum(thread.name == "jupyter-codeserver-proxy" for thread in threading.enumerate()) >= 1


@in_loop
async def test_a_call_that_hangs_is_left_and_others_go_on(end: threading.Event) -> None:
    """Calls time out as long as there is a thread, and then fail at once until one returns."""
    threads = DaemonThreads(2)
    with pytest.raises(HangingError):
        await threads.run(end.wait, patience=0.01)
    assert await threads.run(int, "1", patience=PATIENCE) == 1
    with pytest.raises(HangingError):
        await threads.run(end.wait, patience=0.01)
    with pytest.raises(HangingError, match="Earlier calls"):
        await threads.run(int, "1", patience=PATIENCE)
    end.set()
    await all_back(threads)
    assert await threads.run(int, "2", patience=PATIENCE) == 2


@in_loop
async def test_who_is_cancelled_leaves_at_once(end: threading.Event) -> None:
    """A cancelled call is dropped if it has not begun."""
    threads = DaemonThreads(1)
    done: list[int] = []
    hanging = asyncio.ensure_future(threads.run(end.wait, patience=PATIENCE))
    waiting = asyncio.ensure_future(threads.run(done.append, 1, patience=PATIENCE))
    await asyncio.sleep(0)
    for task in (hanging, waiting):
        task.cancel()
    await asyncio.wait({hanging, waiting})
    assert hanging.cancelled()
    end.set()
    await all_back(threads)
    await threads.run(int, patience=PATIENCE)
    assert not done


def test_pythons_end_waits_for_no_call() -> None:
    """The end of the event loop does not wait either."""
    program = (
        "import asyncio, threading\n"
        "from jupyter_codeserver_proxy.system.daemon_threads import DaemonThreads, HangingError\n"
        "async def main():\n"
        "    try:\n"
        "        await DaemonThreads(1).run(threading.Event().wait, patience=0.01)\n"
        "    except HangingError:\n"
        "        print('left')\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("left\n", "")
