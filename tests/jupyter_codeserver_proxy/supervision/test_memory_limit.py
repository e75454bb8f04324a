"""A code-server that the kernel kills when memory runs out is reported as such."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 150 << 20  # bytes

# Joins the control group, and supervises a program that needs more memory than it has.
JUPYTER = """
import asyncio, json, os, sys
from pathlib import Path
from jupyter_codeserver_proxy.supervision.child import Command
from jupyter_codeserver_proxy.supervision.process import CodeServerProcess
from jupyter_codeserver_proxy.supervision.run import ProcessOptions

GREEDY = "x = bytearray(1 << 30); print(len(x))"

async def main():
    home = Path(sys.argv[1])
    (Path(sys.argv[2]) / "cgroup.procs").write_text(str(os.getpid()))
    async def command(_):
        return Command((sys.executable, "-c", GREEDY), dict(os.environ), home)
    process = CodeServerProcess(command, ProcessOptions(home))
    process.request()
    while process.failure is None:
        await asyncio.sleep(0.01)
    print(json.dumps([process.failure.reason.value, process.failure.exit_status]))
    await process.close()

asyncio.run(main())
"""


@pytest.fixture
def small_group() -> Iterator[Path]:
    """A control group with little memory, of version 1 or 2."""
    root = Path("/sys/fs/cgroup")
    parent, limit = root / "memory", "memory.limit_in_bytes"
    if not parent.is_dir():
        parent, limit = root, "memory.max"
    group = parent / f"codeserver-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / limit).write_text(str(LIMIT))
    except OSError as error:
        if group.is_dir():
            group.rmdir()
        pytest.skip(f"no control group can be made here ({error}): no real lack of memory")
    yield group
    group.rmdir()


def test_a_kill_by_the_kernel_is_told_as_a_lack_of_memory(
    tmp_path: Path, small_group: Path
) -> None:
    """It is no crash: the student can close something, and the operator can give more."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", JUPYTER, tmp_path, small_group],
        check=True,
        capture_output=True,
        timeout=60,
        env=environment,
    )
    assert json.loads(done.stdout) == ["out of memory", -9]
