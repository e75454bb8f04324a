"""Renews what the image pins: `python docker/lock.py`, then review the difference and commit it.

Python's packages with hashes (`uv`), npm's (`npm`), and the digest of the base image (the engine
that builds; without a registry in reach, its line stays as it is, and that is said).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent
PYTHON = "3.13"  # of Debian trixie
# Each set holds to those before it, which are installed in the same environment.
SETS = {"base": (), "scipy": ("base",), "coding": ("base", "scipy")}
FROM_PROJECT = {"base": ("setup.cfg",)}  # the extension's own requirements


class LockError(Exception):
    """A lock cannot be renewed; says which, and what to do."""


def lock_python(name: str, constraints: tuple[str, ...], *, upgrade: bool) -> None:
    """Write `python/<name>.txt`: every package, with its version and the hashes of its files."""
    sources = [f"docker/python/{name}.in", *FROM_PROJECT.get(name, ())]
    options = [f"--constraint=docker/python/{each}.txt" for each in constraints]
    options += ["--upgrade"] if upgrade else []
    _run(
        "uv",
        *("pip", "compile", "--quiet", "--universal", "--generate-hashes"),
        *("--no-emit-index-url", "--no-emit-find-links", "--python-version", PYTHON),
        *("--custom-compile-command", "python docker/lock.py"),
        *("--override", "docker/python/overrides.txt"),
        *("--output-file", f"docker/python/{name}.txt"),
        *options,
        *sources,
        needs="pip install uv",
    )


def lock_all_python(*, upgrade: bool) -> None:
    """Lock each set on top of those that it builds on."""
    for name, held in SETS.items():
        lock_python(name, held, upgrade=upgrade)


def lock_npm(*, upgrade: bool) -> None:
    """Write `npm/package-lock.json`."""
    lock = HERE / "npm" / "package-lock.json"
    if upgrade:
        lock.unlink(missing_ok=True)
    _run(
        "npm",
        *("install", "--prefix", "docker/npm", "--package-lock-only", "--ignore-scripts"),
        *("--no-audit", "--no-fund", "--silent"),
        needs="apt-get install npm",
    )


def lock_base() -> None:
    """Write `base.lock`: the base image by name and digest."""
    lock = HERE / "base.lock"
    name = lock.read_text().strip().partition("@")[0]
    _run("docker", "pull", "--quiet", name, needs="a Docker engine")
    told = _run("docker", "image", "inspect", "--format", "{{index .RepoDigests 0}}", name)
    lock.write_text(f"{name}@{told.strip().partition('@')[2]}\n")


def _run(program: str, *arguments: str, needs: str = "") -> str:
    if not shutil.which(program):
        raise LockError(f"{program} is missing: {needs}")
    command = [program, *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LockError(f"`{' '.join(command)}` failed:\n{done.stderr.strip()}")
    return done.stdout


def main() -> int:
    """Renew what was asked for; gives the exit status: 0, or 1 if a lock stays as it is."""
    parser = argparse.ArgumentParser(prog="python docker/lock.py", description=__doc__)
    parser.add_argument("what", nargs="*", default=["python", "npm", "base"], metavar="WHAT")
    parser.add_argument("--upgrade", action="store_true", help="newer versions, too")
    options = parser.parse_args()
    steps = {
        "python": lambda: lock_all_python(upgrade=options.upgrade),
        "npm": lambda: lock_npm(upgrade=options.upgrade),
        "base": lock_base,
    }
    status = 0
    for what in options.what:
        if what not in steps:
            parser.error(f"{what!r} is none of {', '.join(steps)}")
        try:
            steps[what]()
        except LockError as error:
            sys.stderr.write(f"lock: {what} stays as it is: {error}\n")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
