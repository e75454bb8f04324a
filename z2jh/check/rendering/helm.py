"""Helm, run as a program."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from z2jh.problems import UnusableError


class HelmError(UnusableError):
    """Helm is missing or failed; its words are in the message."""


def executable() -> str:
    """Returns the helm on PATH, else the one beside this Python.

    Raises:
        HelmError: there is neither.
    """
    beside = Path(sys.executable).with_name("helm")
    found = shutil.which("helm") or (str(beside) if beside.is_file() else None)
    if not found:
        raise HelmError("helm is not installed: `make .venv/z2jh` brings one, or put it on PATH")
    return found


def run(*arguments: str) -> str:
    """Run helm, and return what it printed.

    Raises:
        HelmError: it ended with another status than 0.
    """
    done = subprocess.run([executable(), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"status {done.returncode}"
        raise HelmError(f"helm {arguments[0]}: {said}")
    return done.stdout
