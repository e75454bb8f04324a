"""Runs a process in a fresh home, and ends all that it has started."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

import psutil

from .errors import MeasurementError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

OUTPUT = "output.log"

# Variables of the caller's environment that would reach into the fresh home.
_FOREIGN = ("CODE_", "CS_", "JPY_", "JUPYTER", "PASSWORD", "PORT", "VSCODE_", "XDG_")

_TIMEOUT = 60  # seconds
_TICK = 0.005  # seconds between two looks
_GRACE = 20  # seconds

_T = TypeVar("_T")


@contextmanager
def running_process(
    command: Sequence[str], home: Path, folder: Path, variables: Mapping[str, str]
) -> Iterator[psutil.Popen]:
    """Runs a process until the block ends; then ends it and all that it has started.

    The fresh `home` also gets the process's output and its temporary files. `variables` are added
    to the caller's environment.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    log = home / OUTPUT
    with log.open("wb") as output:
        process = psutil.Popen(
            command,
            cwd=folder,
            env={**own, "HOME": str(home), "TMPDIR": str(home), **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    except MeasurementError as error:
        last = log.read_text(errors="replace").strip().rpartition("\n")[2]
        raise MeasurementError(
            f"{error}: {last}" if process.poll() is not None else str(error)
        ) from error
    finally:
        _end(process, home)


def _end(process: psutil.Popen, home: Path) -> None:
    started = process.children(recursive=True) if process.is_running() else []
    process.terminate()
    psutil.wait_procs([process], timeout=_GRACE)
    stragglers = {process, *started, *_at_home(home)}
    for straggler in stragglers:
        with suppress(psutil.NoSuchProcess):
            straggler.kill()
    psutil.wait_procs(stragglers, timeout=_GRACE)


def _at_home(home: Path) -> list[psutil.Process]:
    """Finds the processes with that home, even orphans: an extension host outlives code-server."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("HOME") == str(home):
                found.append(process)
    return found


def awaited(look: Callable[[], _T | None], process: psutil.Popen, tick: float = _TICK) -> _T:
    """Calls `look` every `tick` seconds; returns the first thing that it finds.

    Raises:
        MeasurementError: the process has ended, or a minute has passed.
    """
    deadline = time.monotonic() + _TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        if found := look():
            return found
        time.sleep(tick)
    raise MeasurementError(f"no answer from process {process.pid}")
