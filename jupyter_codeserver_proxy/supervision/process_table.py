"""Reads processes and their memory from Linux's /proc; elsewhere nothing is known."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Process:
    """One row of the process table, as in proc_pid_stat(5)."""

    pid: int
    state: bytes
    parent: int
    group: int
    session: int
    terminal: int

    @property
    def is_zombie(self) -> bool:
        """Whether it has ended and its parent has not collected it."""
        return self.state in b"ZX"

    @property
    def is_stopped(self) -> bool:
        """Whether a signal has stopped it, as ^Z does."""
        return self.state in b"Tt"


def is_group_alive(group: int) -> bool:
    """Returns whether a process of the group lives; a zombie does not.

    In a container whose first process does not collect orphans, zombies stay for ever.
    """
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS raises this for a group of zombies
        return False
    table = _processes()
    return not table or any(row.group == group and not row.is_zombie for row in table)


@dataclass(frozen=True)
class ProcessFamily:
    """A process group and all its descendants, at one moment.

    Attributes:
        members: its processes; empty where there is no /proc.
    """

    members: tuple[Process, ...] = ()

    @classmethod
    def of(cls, group: int) -> ProcessFamily:
        """Reads the process table once."""
        table = _processes()
        pids = {row.pid for row in table if row.group == group}
        children = pids
        while children:
            children = {row.pid for row in table if row.parent in children} - pids
            pids |= children
        return cls(tuple(row for row in table if row.pid in pids))

    def memory(self) -> int | None:
        """Returns the bytes that it uses now; None if that cannot be known.

        A page that several processes share is counted once (proportional set size).
        """
        sizes = [_memory(member.pid) for member in self.members]
        return sum(sizes) if sizes else None

    def has_terminal_job(self) -> bool:
        """Returns whether a program runs in one of its terminals, beside the shell.

        The program may be in the foreground or not. One that is stopped (^Z) does not count, nor
        one that has left its terminal (`setsid`, a daemon).
        """
        leaders = (row for row in self.members if row.terminal and row.pid == row.session)
        shells = {leader.terminal: leader.pid for leader in leaders}
        return any(
            row.terminal in shells and row.pid != shells[row.terminal]
            for row in self.members
            if not row.is_zombie and not row.is_stopped
        )


def resting_time(pid: int) -> int | None:
    """Returns the processor time of a process that rests, in clock ticks.

    Returns:
        None if it runs, wants to run or waits for a disk, or if it cannot be read.
    """
    stat = _stat(str(pid))
    if not stat:
        return None
    state, *numbers = stat.split(maxsplit=13)
    return None if state in b"RD" else int(numbers[10]) + int(numbers[11])


def memory_kills() -> int | None:
    """Returns how many processes of this control group the kernel killed when memory ran out.

    Returns:
        `oom_kill` in `memory.events` (cgroup v2) or `memory.oom_control` (v1); None if it cannot
        be read.
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
    """Returns the files to try: the group's own, then the root as a container sees it."""
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


def _processes() -> list[Process]:
    """Returns all processes; none where there is no /proc."""
    try:
        names = os.listdir(_PROC)  # noqa: PTH208 -- hundreds of entries, as names
    except OSError:
        return []
    rows = (_process(name) for name in names if name.isdecimal())
    return [row for row in rows if row]


def _process(name: str) -> Process | None:
    """Returns one row of the table; None if the process is gone meanwhile."""
    stat = _stat(name)
    if not stat:
        return None
    state, *numbers = stat.split(maxsplit=5)
    parent, group, session, terminal = map(int, numbers[:4])
    return Process(int(name), state, parent, group, session, terminal)


def _stat(name: str) -> bytes:
    """Returns the fields of a process from its state on; empty if the process is gone."""
    try:
        with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 -- a Path costs more than the read
            text = file.read()
    except OSError:
        return b""
    # The program's name, in brackets, may contain brackets and spaces.
    return text[text.rindex(b")") + 2 :]


def _memory(pid: int) -> int:
    """Returns the bytes of one process; 0 if it is gone meanwhile."""
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0
