"""The likely cause follows from genuine output, exit statuses and exec errors."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.failure import Diagnosis, Reason
from jupyter_codeserver_proxy.supervision.diagnosis import (
    Ending,
    diagnose,
    diagnose_execution,
    diagnose_preparation,
    diagnose_timeout,
)

if TYPE_CHECKING:
    from pathlib import Path

# Output of code-server 4.139, node 24 and Debian's shell. The lines about glibc and quotas come
# from reports.
GENUINE = [
    pytest.param(
        "/x/lib/node: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.28' not found"
        " (required by /x/lib/node)",
        Reason.WRONG_GLIBC,
        id="glibc",
    ),
    pytest.param(
        "[2026-11-23T03:56:04.710Z] error ENOSPC: no space left on device, write",
        Reason.DISK_FULL,
        id="disk full",
    ),
    pytest.param("Error: EDQUOT: disk quota exceeded, write", Reason.DISK_FULL, id="quota"),
    pytest.param(
        "[2026-11-23T03:57:13.370Z] error ENOENT: no such file or directory,"
        " mkdir '/home/ann/.config'",
        Reason.READ_ONLY,
        id="read-only, as node's mkdir says it",
    ),
    pytest.param(
        "Error: EROFS: read-only file system, open '/home/ann/x'", Reason.READ_ONLY, id="read-only"
    ),
    pytest.param(
        "[2026-11-23T03:56:18.362Z] error EACCES: permission denied, open '/home/ann/c.yaml'",
        Reason.READ_ONLY,
        id="another user's home",
    ),
    pytest.param(
        "[2026-11-23T03:57:17.150Z] error listen EADDRINUSE: address already in use 127.0.0.1:80",
        Reason.SOCKET_TAKEN,
        id="port taken",
    ),
    pytest.param(
        "[2026-11-23T03:56:17.209Z] error Unknown option --foo", Reason.CONFIGURATION, id="option"
    ),
    pytest.param(
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        Reason.OUT_OF_MEMORY,
        id="heap",
    ),
    pytest.param(
        "/usr/bin/code-server: 2: exec: /x/lib/node: not found",
        Reason.NOT_INSTALLED,
        id="no node",
    ),
    pytest.param(
        "Error: Cannot find module '/x/out/node/entry.js'", Reason.NOT_INSTALLED, id="incomplete"
    ),
    pytest.param("Segmentation fault", Reason.CRASH, id="nothing known"),
]


@pytest.mark.parametrize(("line", "reason"), GENUINE)
def test_output_gives_the_cause_away(line: str, reason: Reason) -> None:
    """One line among others reveals the cause, and the advice fits it."""
    found = diagnose(Ending(1, ("info  starting", line, "    at x.js:1"), was_ready=False))
    assert found
    assert found.reason is reason
    assert found.what
    assert found.advice


def test_inotify_watches_are_no_full_disk() -> None:
    """ENOSPC without inotify watches does not make anybody delete files."""
    line = "Error: ENOSPC: System limit for number of file watchers reached, watch '/home/ann'"
    found = diagnose(Ending(1, (line,), was_ready=True))
    assert found
    assert found.reason is Reason.CRASH


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        pytest.param(Ending(0, (), was_ready=True), None, id="idle exit is normal"),
        pytest.param(Ending(0, (), was_ready=False), Reason.CRASH, id="exit 0 at start is not"),
        pytest.param(
            Ending(0, (), was_ready=True, killed_for_memory=True),
            Reason.OUT_OF_MEMORY,
            id="its child was killed for memory",
        ),
        pytest.param(
            Ending(-signal.SIGKILL, (), was_ready=True, killed_for_memory=False),
            Reason.CRASH,
            id="killed, and not for memory",
        ),
        pytest.param(
            Ending(-signal.SIGKILL, (), was_ready=True),
            Reason.OUT_OF_MEMORY,
            id="killed, and the kernel does not say why",
        ),
        pytest.param(
            Ending(128 + signal.SIGKILL, (), was_ready=True),
            Reason.OUT_OF_MEMORY,
            id="killed, as a shell says it",
        ),
    ],
)
def test_exit_status_counts(ending: Ending, reason: Reason | None) -> None:
    """Exit status and the kernel's count distinguish a normal end, a lack of memory and a crash."""
    found = diagnose(ending)
    assert (found and found.reason) == reason


def test_a_crash_names_its_signal() -> None:
    """The number alone means nothing to a student."""
    found = diagnose(Ending(-signal.SIGSEGV, (), was_ready=True))
    assert found
    assert "signal 11 (Segmentation fault" in found.what


@pytest.mark.parametrize(
    ("content", "mode"),
    [
        pytest.param(None, 0, id="missing"),
        pytest.param(b"#!/bin/sh\n", 0o644, id="not executable"),
        pytest.param(b"\x7fELF\x02\x01\x01 of another machine", 0o755, id="wrong format"),
        pytest.param(b"#!/nowhere/sh\n", 0o755, id="no interpreter"),
    ],
)
def test_what_cannot_be_run_is_not_installed(
    tmp_path: Path, content: bytes | None, mode: int
) -> None:
    """The message names the program that the system refused, and how to install it."""
    program = tmp_path / "code-server"
    if content is not None:
        program.write_bytes(content)
        program.chmod(mode)
    with pytest.raises(OSError) as refusal:  # noqa: PT011 -- the test compares the diagnosis
        subprocess.run([program], check=False)
    found = diagnose_execution(refusal.value, str(program))
    assert found.reason is Reason.NOT_INSTALLED
    assert str(program) in found.what
    assert "jupyter codeserver install" in found.advice


def test_a_timeout_prefers_what_the_output_says() -> None:
    """A start that hangs on a full disk is reported as a full disk."""
    assert diagnose_timeout(60, ()).reason is Reason.TIMEOUT
    full = ("error ENOSPC: no space left on device, write",)
    assert diagnose_timeout(60, full).reason is Reason.DISK_FULL


def test_a_full_disk_is_recognized(code_server: Path, full_disk: Path) -> None:
    """code-server's own output on a full disk is recognised."""
    assert _run_with_home(code_server, full_disk).reason is Reason.DISK_FULL


def test_a_read_only_home_is_recognized(code_server: Path, read_only_disk: Path) -> None:
    """code-server's own output on a read-only home is recognised."""
    assert _run_with_home(code_server, read_only_disk).reason is Reason.READ_ONLY


def _run_with_home(code_server: Path, home: Path) -> Diagnosis:
    """Returns the cause of the end of a code-server that writes to `home`."""
    result = subprocess.run(
        [code_server, "--auth", "none", "--socket", str(home / "s")],
        check=False,
        timeout=60,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
    )
    found = diagnose(Ending(result.returncode, result.stdout.splitlines(), was_ready=False))
    assert found
    return found


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        pytest.param(errno.EMFILE, Reason.TOO_MANY_OPEN, id="this process"),
        pytest.param(errno.ENFILE, Reason.TOO_MANY_OPEN, id="the whole machine"),
        pytest.param(errno.EAGAIN, Reason.OUT_OF_MEMORY, id="processes"),
        pytest.param(errno.ENOSPC, Reason.DISK_FULL, id="disk"),
        pytest.param(errno.EDQUOT, Reason.DISK_FULL, id="quota"),
    ],
)
def test_a_shortage_is_told_as_such_wherever_it_shows(number: int, reason: Reason) -> None:
    """It is reported neither as a missing code-server nor as our own fault."""
    error = OSError(number, os.strerror(number), "/run/s/reports")
    assert diagnose_execution(error, "/usr/bin/code-server").reason is reason
    prepared = diagnose_preparation(error)
    assert prepared.reason is reason
    assert "/run/s/reports" in prepared.what


def test_a_disk_that_does_not_answer_is_told_as_such() -> None:
    """A home may be on a network disk that hangs."""
    assert "does not answer" in diagnose_preparation(TimeoutError()).what
