"""The machine on which the figures were measured."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

_PACKAGES = (
    "jupyter-codeserver-proxy",
    "jupyter-server",
    "jupyter-server-proxy",
    "jupyter-vscode-proxy",
    "jupyterlab",
    "tornado",
)


def describe(code_server: Path, chromium: str) -> dict[str, str]:
    """Returns processor, memory, system and versions, by name."""
    memory = psutil.virtual_memory().total / 2**30
    return {
        "Processor": f"{_processor()}, {psutil.cpu_count()} logical cores",
        "Memory": f"{memory:.1f} GiB",
        "System": f"{_distribution()}, kernel {platform.release()}",
        "Load before": f"{psutil.getloadavg()[0]:.2f}",
        "Python": platform.python_version(),
        "Packages": ", ".join(f"{name} {_version(name)}" for name in _PACKAGES),
        "code-server": _first_line(str(code_server), "--version"),
        "Browser": _first_line(chromium, "--version"),
    }


def _processor() -> str:
    if sys.platform == "darwin":
        return _first_line("sysctl", "-n", "machdep.cpu.brand_string")
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.platform()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _first_line(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip().partition("\n")[0] or "unknown"
