"""Finds code-server, and asks it for its version and flags."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from jupyter_codeserver_proxy.assets.files import find_root, read_root
from jupyter_codeserver_proxy.failure import CannotStart, Reason
from jupyter_codeserver_proxy.masking import masked
from jupyter_codeserver_proxy.system.regular_file import open_regular, read_json

from . import command, wrapper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_codeserver_proxy.assets.files import AssetRoot

    from .wrapper import Wrapped

# The contract with the fetcher, a separate tree that is not imported here. A test compares both.
PREFIX_VARIABLE = "JUPYTER_CODESERVER_PREFIX"
MARKER = "install.json"
HELP = "help.txt"

# The folder of the command line for VS Code's own terminals, which may be called code-server, too.
_COMMAND_LINES = "remote-cli"

INSTALL_HINT = "Install it with: jupyter codeserver install"

# Flags that no `--help` lists, and their first versions (`out/node/cli.js` of the releases).
_HIDDEN_FLAGS = {"session-socket": (4, 14)}

_LONGEST_HELP = 1 << 20  # bytes; the help has some 10 kB
_HELP_TIMEOUT = 30.0  # seconds; `--help` takes one or two from a cold disk


@dataclass(frozen=True)
class Executable:
    """A code-server that can be started.

    Attributes:
        path: the file to run.
        found_in: where it was found ("PATH", …), for a person.
    """

    path: Path
    found_in: str


@dataclass(frozen=True)
class Abilities:
    """What a code-server can do.

    Attributes:
        version: its version; None if it does not say.
        flags: the flags that it knows, as in "disable-telemetry".
        wrapped: the code-server that it starts, if it is a script; None if that is unknown.
    """

    version: str | None
    flags: frozenset[str]
    wrapped: Wrapped | None = None


class ExecutableNotFoundError(CannotStart):
    """No code-server was found."""


class ExecutableBrokenError(CannotStart):
    """A code-server was found, but `code-server --help` fails."""


def default_prefix(environment: Mapping[str, str]) -> Path:
    """Returns the folder into which the fetcher installs code-server by default."""
    if prefix := environment.get(PREFIX_VARIABLE):
        return Path(prefix).expanduser()
    return platformdirs.user_data_path("jupyter-codeserver-proxy")


def find(configured: str, environment: Mapping[str, str]) -> Executable:
    """Finds the code-server to use.

    The order is: the configured path or name, PATH, the `bin` of the Python environment, the
    fetcher's prefix.

    Args:
        configured: the option `CodeServer.executable`; empty if it is not set.
        environment: environment variables: PATH and the fetcher's prefix.

    Raises:
        ExecutableNotFoundError: there is none, or the configured one does not exist.
    """
    search_path = environment.get("PATH", os.defpath)
    if configured:
        return Executable(_configured(configured, search_path), "CodeServer.executable")
    own_bin = str(Path(sys.prefix, "bin"))
    prefix_bin = str(default_prefix(environment) / "bin")
    for folders, found_in in (
        (search_path, "PATH"),
        (own_bin, "the Python environment"),
        (prefix_bin, "the fetcher's prefix"),
    ):
        if found := _which("code-server", folders):
            return Executable(found, found_in)
    raise ExecutableNotFoundError(
        Reason.NOT_INSTALLED,
        f"code-server is not installed: not on PATH, not in {own_bin}, not in {prefix_bin}.",
        INSTALL_HINT,
    )


def _configured(name: str, search_path: str) -> Path:
    path = Path(name).expanduser()
    if found := _which(str(path), search_path):
        return found
    if shutil.which(path, path=search_path):
        what = "that is the command line of VS Code's own terminals, and no code-server"
    else:
        what = "that is no executable file"
    raise ExecutableNotFoundError(
        Reason.NOT_INSTALLED,
        f"CodeServer.executable is {name!r}, and {what}.",
        f"Correct that option or leave it out. {INSTALL_HINT}",
    )


def _which(name: str, folders: str) -> Path | None:
    """Returns the first program of this name that is not VS Code's command line."""
    for folder in folders.split(os.pathsep):
        if found := shutil.which(name, path=folder):
            path = Path(found)
            if _COMMAND_LINES not in {path.parent.name, path.resolve().parent.name}:
                return path
    return None


def version(path: Path) -> str | None:
    """Returns the version of the code-server at `path`; None if it does not say."""
    marker = _beside(path, MARKER)
    try:
        return str(read_json(open_regular(marker))["version"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    try:
        return abilities(path).version
    except ExecutableBrokenError:
        return None


def installation(path: Path) -> AssetRoot | None:
    """Returns the installation of the code-server at `path`; None if it is unknown."""
    with suppress(ExecutableBrokenError):
        if wrapped := abilities(path).wrapped:
            return read_root(wrapped.root)
    return find_root(path)


def abilities(path: Path) -> Abilities:
    """Returns what the code-server at `path` says in its `--help`.

    The call takes a second, so it is made once for each file, and not at all if the fetcher has
    left the answer beside it.

    Raises:
        ExecutableBrokenError: code-server could not be run.
    """
    status = path.stat()
    known = _abilities(path, status.st_mtime_ns, status.st_size)
    if known.wrapped and not known.wrapped.root.is_dir():  # the script now starts another one
        _abilities.cache_clear()
        known = _abilities(path, status.st_mtime_ns, status.st_size)
    return known


@lru_cache(maxsize=8)
def _abilities(path: Path, _modified: int, _size: int) -> Abilities:
    wrapped = None
    try:
        with open_regular(_beside(path, HELP)) as file:
            text = file.read(_LONGEST_HELP).decode(errors="replace")
    except OSError:
        text, wrapped = _ask(path)
    version = _version_in(text)
    number = tuple(int(part) for part in (version or "0").split(".")[:2])
    listed = re.findall(r"^\s+(?:-\w+ )?--([a-z][a-z0-9-]+)", text, re.MULTILINE)
    hidden = (name for name, since in _HIDDEN_FLAGS.items() if number >= since)
    return Abilities(version, frozenset((*listed, *hidden)), wrapped)


def _beside(path: Path, name: str) -> Path:
    return path.resolve().parent.parent / name


def _version_in(text: str) -> str | None:
    match = re.search(r"^(?:code-server )?(\d+\.\d+\.\d+)\b", text, re.MULTILINE)
    return match[1] if match else None


def _ask(path: Path) -> tuple[str, Wrapped | None]:
    # Even `--help` makes folders and a configuration file, which must not lie in a student's home.
    with tempfile.TemporaryDirectory(prefix="jupyter-codeserver-") as folder:
        places = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), folder)
        plain = command.environment(places, os.environ, Path(sys.prefix, "bin"))
        # In a conda environment, which may not be activated, node lies beside the script.
        plain["PATH"] = f"{path.parent}{os.pathsep}{plain['PATH']}"
        probing = {**plain, "NODE_OPTIONS": wrapper.node_options()}
        with suppress(subprocess.CalledProcessError):
            text = _run_help(path, probing)
            return text, wrapper.parse(text, probing)
        try:  # the script may lead into a container that lacks our probe
            return _run_help(path, plain), None
        except subprocess.CalledProcessError as error:
            last = (error.stderr or error.stdout).strip().rpartition("\n")[2]
            raise _broken(path, f"ended with status {error.returncode}: {last}") from error


def _run_help(path: Path, environment: Mapping[str, str]) -> str:
    """Returns the output of `--help`.

    Raises:
        CalledProcessError: the program failed.
        ExecutableBrokenError: the program could not be run, or did not end.
    """
    try:
        return subprocess.run(
            [path, *wrapper.ARGUMENTS],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_HELP_TIMEOUT,
            check=True,
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _broken(path, str(error)) from error


def _broken(path: Path, why: str) -> ExecutableBrokenError:
    return ExecutableBrokenError(
        Reason.CRASH,
        f"`{path} --help` failed: {masked(why)[:500]}",
        f"Run that command in a terminal to see more, or replace it. {INSTALL_HINT}",
    )
