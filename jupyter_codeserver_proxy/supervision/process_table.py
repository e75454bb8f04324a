"""What Linux tells in /proc of processes and their memory; elsewhere nothing is known."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class _Process:
    pid: int
    state: bytes
    parent: int
    group: int
    session: int
    terminal: int

    @property
    def is_zombie(self) -> bool:
        return self.state in b"ZX"

    @property
    def is_stopped(self) -> bool:
        return self.state in b"Tt"


def is_group_alive(group: int) -> bool:
    """Whether a process of the group lives; a zombie, which its parent has not met yet, does not.

    In a container whose first process does not collect orphans, zombies stay for ever.
    """
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so of a group of zombies
        return False
    table = _processes()
    return not table or any(one.group == group and not one.is_zombie for one in table)


def memory(group: int) -> int | None:
    """Bytes that a process group and all that descends from it use; None if it cannot be known.

    A page that several processes share is counted once (proportional set size).
    """
    sizes = [_memory(one.pid) for one in _family(group)]
    return sum(sizes) if sizes else None


def has_terminal_job(group: int) -> bool:
    """Whether a shell in a terminal that descends from a process group has something to do.

    That is a program with the same terminal, in the foreground or not, unless it was stopped
    (^Z); what has left its terminal (`setsid`, a daemon) is none.
    """
    family = _family(group)
    shells = {one.terminal: one.pid for one in family if one.terminal and one.pid == one.session}
    return any(
        one.terminal in shells and one.pid != shells[one.terminal]
        for one in family
        if not one.is_zombie and not one.is_stopped
    )


def resting(pid: int) -> int | None:
    """The processor time of a process that does nothing, in clock ticks.

    Returns:
        None if it runs, wants to run or waits for a disk; and where nothing is known of it.
    """
    found = _stat(str(pid))
    if not found:
        return None
    state, *numbers = found.split(maxsplit=13)
    return None if state in b"RD" else int(numbers[10]) + int(numbers[11])


def memory_kills() -> int | None:
    """How many processes of this control group the kernel has killed for want of memory.

    Returns:
        the `oom_kill` of `memory.events` (cgroup v2) or `memory.oom_control` (v1); None where it
        cannot be read.
    """
    for path in _memory_event_files():
        try:
            lines = path.read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            name, _, value = line.partition(" ")
            if name == "oom_kill":
                return int(value)
    return None


def _memory_event_files() -> list[Path]:
    """Where the count may be, the group's own before the one that a container sees as its root."""
    try:
        lines = (_PROC / "self/cgroup").read_text().splitlines()
    except OSError:
        return []
    files = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            root, name = _CGROUPS / "memory", "memory.oom_control"
        elif not controllers:
            root, name = _CGROUPS, "memory.events"
        else:
            continue
        files += [root / path.lstrip("/") / name, root / name]
    return files


def _family(group: int) -> list[_Process]:
    """The processes of a group, and all that descends from it."""
    table = _processes()
    pids = {one.pid for one in table if one.group == group}
    found = pids
    while found:
        found = {one.pid for one in table if one.parent in found} - pids
        pids |= found
    return [one for one in table if one.pid in pids]


def _processes() -> list[_Process]:
    """All processes; none where there is no /proc."""
    try:
        names = os.listdir(_PROC)  # noqa: PTH208 -- hundreds of entries, as names
    except OSError:
        return []
    found = (_process(name) for name in names if name.isdecimal())
    return [one for one in found if one]


def _process(name: str) -> _Process | None:
    """One row of the table; None if the process has gone in the meantime."""
    found = _stat(name)
    if not found:
        return None
    state, *numbers = found.split(maxsplit=5)
    parent, group, session, terminal = map(int, numbers[:4])
    return _Process(int(name), state, parent, group, session, terminal)


def _stat(name: str) -> bytes:
    """The fields of a process from its state on (proc_pid_stat(5)); empty if it has gone."""
    try:
        with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 -- a Path costs more than this
            text = file.read()
    except OSError:
        return b""
    # The program's name, in brackets, may itself hold brackets and spaces.
    return text[text.rindex(b")") + 2 :]


def _memory(pid: int) -> int:
    """Bytes of one process; 0 if it has gone in the meantime."""
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0
