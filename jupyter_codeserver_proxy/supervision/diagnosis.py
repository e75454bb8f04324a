"""Finds the likely cause of a failure from exit status and output."""

from __future__ import annotations

import errno
import re
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_codeserver_proxy.failure import Diagnosis, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Ending:
    """How one run of code-server ended.

    Attributes:
        exit_status: as `subprocess` gives it.
        log: the last lines of output.
        was_ready: whether code-server had answered before.
        killed_for_memory: whether the kernel killed a process of this control group during the
            run because memory ran out; None if that cannot be known.
    """

    exit_status: int
    log: Sequence[str]
    was_ready: bool
    killed_for_memory: bool | None = None


@dataclass(frozen=True)
class _Sign:
    """A cause, and the pattern in code-server's output that reveals it."""

    pattern: re.Pattern[str]
    diagnosis: Diagnosis


_INSTALL = "Install it with: jupyter codeserver install"

_MEMORY = Diagnosis(
    Reason.OUT_OF_MEMORY,
    "code-server ran out of memory.",
    "Shut down kernels and terminals that are not needed, then try again.",
)

SOCKET_GONE = Diagnosis(
    Reason.SOCKET_GONE,
    "code-server cannot be reached: something has removed its socket.",
    "Try again; if it happens again, set CodeServer.runtime_folder to a folder that is not tidied.",
)

NOT_RESPONDING = Diagnosis(
    Reason.NOT_RESPONDING,
    "code-server did not respond any more.",
    "Try again; if it happens again, pass the log's last lines to whoever runs this server.",
)

TOO_MANY_OPEN = Diagnosis(
    Reason.TOO_MANY_OPEN,
    "Too many files and connections are open at once.",
    "Close windows of VS Code, kernels and terminals that are not needed, then try again.",
)

_DISK_FULL = Diagnosis(
    Reason.DISK_FULL,
    "code-server could not write: the disk or the quota of the home folder is full.",
    "Delete files that are not needed (a terminal in JupyterLab helps), then try again.",
)

# These match output of node, the dynamic loader and the shell. The first match decides.
_SIGNS = (
    _Sign(
        re.compile(r"version [`'](GLIBC|GLIBCXX|CXXABI)_[\d.]+' not found"),
        Diagnosis(
            Reason.WRONG_GLIBC,
            "This code-server needs a newer C library (glibc) than this system has.",
            "Install an older code-server, or use an image with a newer Linux.",
        ),
    ),
    _Sign(
        re.compile(
            r"heap out of memory|\bENOMEM\b|std::bad_alloc|Cannot allocate memory"
            r"|Out of memory|OutOfMemory"
        ),
        _MEMORY,
    ),
    _Sign(
        # The kernel also reports ENOSPC when inotify watches run out; the disk is not full then.
        re.compile(
            r"ENOSPC(?!: System limit for number of file watchers)|No space left on device"
            r"|\bEDQUOT\b|[Dd]isk quota exceeded"
        ),
        _DISK_FULL,
    ),
    _Sign(
        # node's recursive mkdir reports ENOENT on a read-only file system.
        re.compile(
            r"\bEROFS\b|[Rr]ead-only file system|\bEACCES\b|[Pp]ermission denied"
            r"|ENOENT: no such file or directory, mkdir"
        ),
        Diagnosis(
            Reason.READ_ONLY,
            "code-server could not write: its folders in the home are read-only or another user's.",
            "Make the home folder writable, or choose another with CodeServer.user_data_folder.",
        ),
    ),
    _Sign(
        re.compile(r"\bEADDRINUSE\b|[Aa]ddress already in use"),
        Diagnosis(
            Reason.SOCKET_TAKEN,
            "The port or socket that code-server wants is taken.",
            "Take port and socket options out of CodeServer.arguments, then try again.",
        ),
    ),
    _Sign(
        re.compile(r"Unknown option|Unable to parse|requires a value|Invalid value"),
        Diagnosis(
            Reason.CONFIGURATION,
            "code-server does not accept its arguments.",
            "See the log for which one, and correct CodeServer.arguments.",
        ),
    ),
    _Sign(
        re.compile(
            r"Cannot find module|ERR_MODULE_NOT_FOUND|(?m:: not found$)|No such file or directory"
        ),
        Diagnosis(
            Reason.NOT_INSTALLED,
            "code-server is not completely installed: a part of it is missing.",
            _INSTALL,
        ),
    ),
)

_EXECUTION = {
    errno.ENOENT: "is not there, or the program that runs it is not",
    errno.EACCES: "is not executable",
    errno.EPERM: "is not executable",
    errno.ENOEXEC: "is not made for this machine",
    errno.ENOTDIR: "is not there",
}


_SHORTAGES = {
    errno.ENOMEM: _MEMORY,
    errno.EAGAIN: _MEMORY,
    errno.EMFILE: TOO_MANY_OPEN,
    errno.ENFILE: TOO_MANY_OPEN,
    errno.ENOSPC: _DISK_FULL,
    errno.EDQUOT: _DISK_FULL,
}


def diagnose_shortage(error: OSError) -> Diagnosis | None:
    """Returns what the operating system has run out of; None if it has not."""
    return _SHORTAGES.get(error.errno or 0)


def diagnose_preparation(error: OSError) -> Diagnosis:
    """Returns the cause when the files for a start could not be written."""
    if isinstance(error, TimeoutError):
        return Diagnosis(
            Reason.TIMEOUT,
            "A disk that is needed to start code-server does not answer.",
            "Wait until it does (mostly it is a home on a network disk), then try again.",
        )
    what = f"A start of code-server could not be prepared: {error}."
    if shortage := diagnose_shortage(error):
        return Diagnosis(shortage.reason, what, shortage.advice)
    return Diagnosis(Reason.CONFIGURATION, what, "See to what it names, then try again.")


def diagnose_execution(error: OSError, program: str) -> Diagnosis:
    """Returns the cause when the operating system refused to run `program`."""
    if shortage := diagnose_shortage(error):
        return shortage
    fault = _EXECUTION.get(error.errno or 0, error.strerror or "cannot be run")
    return Diagnosis(Reason.NOT_INSTALLED, f"{program} {fault}.", _INSTALL)


def diagnose_timeout(timeout: float, log: Sequence[str]) -> Diagnosis:
    """Returns the cause when code-server runs but did not answer within `timeout` seconds."""
    return _sign(log) or Diagnosis(
        Reason.TIMEOUT,
        f"code-server did not answer within {timeout:g} s.",
        "Try again; on slow disks a longer CodeServer.timeout helps.",
    )


def diagnose(ending: Ending) -> Diagnosis | None:
    """Returns the cause of an ending; None for a normal one: exit status 0 after it was ready.

    The parent process of code-server exits with 0 when its child is killed (`out/node/wrapper.js`,
    seen in 4.117 and 4.139). So memory is checked first, whatever the exit status.
    """
    memory = _sign(ending.log) == _MEMORY
    if ending.killed_for_memory or memory:
        return _MEMORY
    if ending.was_ready and ending.exit_status == 0:
        return None
    number = _signal(ending.exit_status)
    if number == signal.SIGKILL and ending.killed_for_memory is None:
        return _MEMORY
    return _sign(ending.log) or _crash(ending, number)


def _crash(ending: Ending, number: int | None) -> Diagnosis:
    """Returns the diagnosis of an ending whose cause is unknown."""
    how = f"with status {ending.exit_status}"
    if number is not None:
        how = f"by signal {number} ({signal.strsignal(number) or 'unknown'})"
    when = "unexpectedly" if ending.was_ready else "before it answered,"
    return Diagnosis(
        Reason.CRASH,
        f"code-server ended {when} {how}.",
        "Try again; if it stays so, pass the log's last lines to whoever runs this server.",
    )


def _sign(log: Sequence[str]) -> Diagnosis | None:
    """Returns the cause that the output reveals, if any."""
    text = "\n".join(log)
    return next((sign.diagnosis for sign in _SIGNS if sign.pattern.search(text)), None)


def _signal(status: int) -> int | None:
    """Returns the signal that ended a process; a shell in between reports it as 128 + n."""
    if status < 0:
        return -status
    number = status - 128
    return number if number in set(signal.Signals) else None
