"""Renews what the image pins: `python docker/lock.py`, then review the difference and commit it.

It pins Python's packages with hashes (by `uv`), npm's packages (by `npm`), and the digest of the
base image (by the engine that builds; without a registry in reach, the digest stays, and a message
says so). `extensions --gallery URL` pins VS Code's extensions from the gallery at that address.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import gallery

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
PROJECT = HERE.parent
PYTHON = "3.13"  # of Debian trixie
# Each set keeps to the versions of the sets that are installed in the same environment.
SETS: dict[str, tuple[str, ...]] = {
    "base": (),
    "scipy": ("base",),
    "coding": ("base", "scipy"),
    "jdtls": (),
}
# The server extension's requirements, and what Python needs in VS Code.
FROM_PROJECT = {"base": ("--extra=python", "setup.cfg")}


class LockError(Exception):
    """A lock cannot be renewed; the message says why, and what to do."""


def lock_python(*, upgrade: bool) -> None:
    """Writes `python/<set>.txt`: every package with its version and the hashes of its files."""
    for name, constraints in SETS.items():
        options = [f"--constraint=docker/python/{constraint}.txt" for constraint in constraints]
        options += ["--upgrade"] if upgrade else []
        _run(
            "uv",
            *("pip", "compile", "--quiet", "--universal", "--generate-hashes"),
            *("--no-emit-index-url", "--no-emit-find-links", "--python-version", PYTHON),
            *("--custom-compile-command", "python docker/lock.py"),
            *("--override", "docker/python/overrides.txt"),
            *("--output-file", f"docker/python/{name}.txt"),
            *options,
            f"docker/python/{name}.in",
            *FROM_PROJECT.get(name, ()),
            needs="pip install uv",
        )


def lock_npm(*, upgrade: bool) -> None:
    """Writes `npm/package-lock.json`."""
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
    """Writes `base.lock`: the base image by name and digest."""
    lock = HERE / "base.lock"
    name = lock.read_text().strip().partition("@")[0]
    engine = _run(str(HERE / "engine"), "which").strip()
    _run(engine, "pull", "--quiet", name)
    pulled = _run(engine, "image", "inspect", "--format", "{{index .RepoDigests 0}}", name)
    lock.write_text(f"{name}@{pulled.strip().partition('@')[2]}\n")


def lock_extensions(address: str) -> None:
    """Writes `vscode/extensions.txt`: the newest versions for our VS Code, with their hashes."""
    if not address:
        raise LockError("--gallery says where they are: the serviceUrl of EXTENSIONS_GALLERY")
    folder = HERE / "vscode"
    lock = folder / "extensions.txt"
    wanted = [line for line in _lines(folder / "extensions.in") if not line.startswith("#")]
    locked = [line for line in _lines(lock) if line.startswith("#")]
    for identifier in wanted:  # which grows by the extensions that these depend on
        found = gallery.chosen(gallery.ask(address, identifier), _code_version())
        if not found:
            raise LockError(f"the gallery has no {identifier} for VS Code {_code_version()}")
        for offer in found:
            fields = (offer.identifier, offer.version, offer.platform)
            locked.append(" ".join((*fields, gallery.digest(offer.url), offer.url)))
            wanted += [
                need for need in offer.needs if need not in wanted and not _is_built_in(need)
            ]
    lock.write_text("\n".join(locked) + "\n")


def _code_version() -> str:
    """Returns VS Code's version, which is code-server's with another first number."""
    releases = json.loads((PROJECT / "binaries" / "releases.json").read_text())
    return f"1.{releases['default'].partition('.')[2]}"


def _is_built_in(identifier: str) -> bool:
    return identifier.startswith("vscode.")


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines()


def _run(program: str, *arguments: str, needs: str = "") -> str:
    if not shutil.which(program):
        raise LockError(f"{program} is missing: {needs}")
    command = [program, *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LockError(f"`{' '.join(command)}` failed:\n{done.stderr.strip()}")
    return done.stdout


def main() -> int:
    """Renews locks; returns the exit status: 0, or 1 if a lock stays as it is."""
    parser = argparse.ArgumentParser(prog="python docker/lock.py", description=__doc__)
    parser.add_argument("what", nargs="*", default=["python", "npm", "base"], metavar="WHAT")
    parser.add_argument("--upgrade", action="store_true", help="take newer versions")
    parser.add_argument(
        "--gallery", default="", help="the gallery of VS Code's extensions", metavar="URL"
    )
    options = parser.parse_args()
    steps: dict[str, Callable[[], None]] = {
        "python": lambda: lock_python(upgrade=options.upgrade),
        "npm": lambda: lock_npm(upgrade=options.upgrade),
        "base": lock_base,
        "extensions": lambda: lock_extensions(options.gallery),
    }
    status = 0
    for what in options.what:
        if what not in steps:
            parser.error(f"{what!r} is none of {', '.join(steps)}")
        try:
            steps[what]()
        except (LockError, gallery.GalleryError) as error:
            sys.stderr.write(f"lock: {what} stays as it is: {error}\n")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
