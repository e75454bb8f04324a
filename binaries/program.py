"""Runs programs: npm, pip, node and the new code-server itself."""

from __future__ import annotations

import logging
import os
import subprocess
from typing import TYPE_CHECKING

from .errors import FetchError, NetworkError, NoRoomError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_log = logging.getLogger(__name__)

# The meaning of words in the output of npm and pip.
_MEANINGS: tuple[tuple[type[FetchError], tuple[str, ...]], ...] = (
    (NoRoomError, ("ENOSPC", "No space left", "EDQUOT")),
    (VerificationError, ("EINTEGRITY", "DO NOT MATCH THE HASHES")),
    (
        NetworkError,
        (
            *("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH"),
            *("code E40", "code E5", "EHOSTUNREACH", "network", "Connection", "ProxyError"),
            *("No matching distribution", "SSL", "SELF_SIGNED_CERT", "UNABLE_TO_"),
        ),
    ),
)


def run(
    what: str, command: Sequence[str], *, cwd: Path, environ: Mapping[str, str], timeout: float
) -> str:
    """Runs a program, named `what` in messages; returns its standard output.

    `environ` is its whole environment. It is killed after `timeout` seconds.

    Raises:
        FetchError: The program fails; a subclass if its output tells why.
    """
    _log.debug("%s: %s", what, command)
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environ,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NetworkError(f"{what} did not end within {timeout:g} s") from error
    except OSError as error:
        raise FetchError(f"{what} does not start: {error}") from error
    if done.returncode:
        raise _failure(what, done.returncode, done.stderr or done.stdout)
    return done.stdout


def version_of(code_server: Path, scratch: Path) -> str:
    """Returns the version that a code-server prints, empty if it prints nothing.

    Raises:
        VerificationError: It does not run on this machine.
    """
    words = ask(code_server, "--version", scratch).split()
    return words[0] if words else ""


def ask(code_server: Path, flag: str, scratch: Path) -> str:
    """Returns what a code-server prints for a flag such as `--version`.

    It runs with an empty environment: it would write a configuration file into the home, and
    variables such as VSCODE_IPC_HOOK_CLI would make it talk to a running code-server instead.

    Raises:
        VerificationError: It does not run on this machine.
    """
    environ = {key: os.environ[key] for key in ("PATH", "LANG", "TMPDIR") if key in os.environ}
    environ |= {"HOME": str(scratch), "XDG_CONFIG_HOME": str(scratch)}
    config = scratch / "config.yaml"
    config.touch()  # or code-server says first that it has written one
    command = [str(code_server), "--config", str(config), flag]
    try:
        return run("code-server", command, cwd=scratch, environ=environ, timeout=120)
    except FetchError as error:
        raise VerificationError(f"what was unpacked does not run: {error}") from error


def _failure(what: str, code: int, output: str) -> FetchError:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    relevant = [line for line in lines if "error" in line.lower()] or lines[-3:]
    _log.debug("%s said:\n%s", what, output)
    kind = next(
        (kind for kind, words in _MEANINGS if any(w in line for w in words for line in relevant)),
        FetchError,
    )
    return kind(f"{what} failed (exit {code}): {' | '.join(relevant)[:500]}")
