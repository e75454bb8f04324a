"""The end of what a measured server has started, with real processes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import psutil

from benchmarks.process import awaited, running_process

if TYPE_CHECKING:
    from pathlib import Path

# Starts one that is nobody's child any more, says which, and goes on.
ORPHANING = """
import subprocess, sys, time
sleeper = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
starter = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {sleeper!r}])"
subprocess.run([sys.executable, "-c", starter], check=True)
time.sleep(600)
"""


def test_what_has_lost_its_parent_is_ended(tmp_path: Path) -> None:
    """code-server's extension host is one when code-server has ended."""
    command = (sys.executable, "-c", ORPHANING)
    with running_process(command, tmp_path, tmp_path, {}) as process:
        log = tmp_path / "output.log"
        orphan = psutil.Process(int(awaited(lambda: log.read_text().strip(), process)))
        assert orphan.is_running()
    assert not orphan.is_running()
