"""What a hub's log, or a CSV of logins, says about storms and starts."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from z2jh.prescale.errors import Problem, ScheduleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

# As JupyterHub writes it: `[I 2026-11-23 10:15:03.123 JupyterHub base:1090] User a took 6.543
# seconds to start`.
_STARTED = re.compile(
    r"\[I (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)[.,](\d{3}) JupyterHub [^\]]*\] "
    r"User \S+ took (\d+(?:\.\d+)?) seconds to start"
)
_PAUSE = 600  # seconds without a login that part two storms
_SMALLEST = 10  # students that make a storm


@dataclass(frozen=True)
class Login:
    """One start of a server.

    Attributes:
        time: POSIX seconds of the login.
        took: seconds until the server was there; None where nobody wrote it down.
    """

    time: float
    took: float | None


@dataclass(frozen=True)
class Storm:
    """Logins one after the other.

    Attributes:
        start: POSIX seconds of the first.
        students: how many.
        spread: seconds in which nine of ten came.
    """

    start: float
    students: int
    spread: float


def read(file: Path, zone: ZoneInfo) -> list[Login]:
    """Read a log or a CSV file, by what it looks like.

    Args:
        file: a hub's log; or CSV with the columns `time` (ISO 8601) and, if known, `seconds`.
        zone: of times without an offset.

    Raises:
        ScheduleError: it cannot be read, or has no login in it.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise ScheduleError([Problem(str(file), None, what)]) from error
    is_table = bool(lines) and "time" in [it.strip().lower() for it in lines[0].split(",")]
    found = [*(_table(file, lines, zone) if is_table else _log(lines, zone))]
    if not found:
        hint = "give a hub's log at level INFO, or CSV with a column 'time'"
        raise ScheduleError([Problem(str(file), None, "has no login in it", hint)])
    return sorted(found, key=lambda it: it.time)


def storms(logins: Sequence[Login]) -> list[Storm]:
    """Logins that follow each other, if they are many; in order of time."""
    groups: list[list[Login]] = []
    for login in logins:
        if groups and login.time - groups[-1][-1].time <= _PAUSE:
            groups[-1].append(login)
        else:
            groups.append([login])
    return [_storm(group) for group in groups if len(group) >= _SMALLEST]


def _storm(group: Sequence[Login]) -> Storm:
    times = [it.time for it in group]
    # The shortest time that has nine of ten in it: a few come early, or late.
    need = -(-len(times) * 9 // 10)
    spread = min(times[it + need - 1] - times[it] for it in range(len(times) - need + 1))
    return Storm(times[0], len(times), spread)


def _log(lines: Iterable[str], zone: ZoneInfo) -> Iterator[Login]:
    for line in lines:
        if match := _STARTED.search(line):
            ended = datetime.fromisoformat(match.group(1)).replace(tzinfo=zone).timestamp()
            took = float(match.group(3))
            yield Login(ended + int(match.group(2)) / 1000 - took, took)


def _table(file: Path, lines: list[str], zone: ZoneInfo) -> Iterator[Login]:
    names = [it.strip().lower() for it in lines[0].split(",")]
    for number, row in enumerate(csv.DictReader(lines[1:], fieldnames=names), start=2):
        try:
            # Python 3.10 does not read the Z of UTC.
            moment = datetime.fromisoformat((row["time"] or "").strip().replace("Z", "+00:00"))
            took = float(row["seconds"]) if (row.get("seconds") or "").strip() else None
        except (ValueError, TypeError) as error:
            hint = "write 2026-11-23T10:15:03+01:00, and seconds as a number"
            raise ScheduleError([Problem(str(file), number, str(error), hint)]) from error
        local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        yield Login(local.timestamp(), took)
