"""Past logins, from a hub's log or a CSV file."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from .documents import problem_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

# JupyterHub's format: `[I 2026-11-23 10:15:03.123 JupyterHub base:1090] User a took 6.543 seconds
# to start`.
_STARTED = re.compile(
    r"\[I (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)[.,](\d{3}) JupyterHub [^\]]*\] "
    r"User \S+ took (\d+(?:\.\d+)?) seconds to start"
)
_PAUSE = 600  # seconds without a login that separate two storms
_SMALLEST = 10  # students of the smallest storm


@dataclass(frozen=True)
class Login:
    """A login in POSIX seconds, and the seconds until the server ran; None if not recorded."""

    time: float
    took: float | None


@dataclass(frozen=True)
class Storm:
    """A login storm: many logins in a short time.

    Attributes:
        start: POSIX seconds of the first login.
        students: number of logins.
        spread: shortest time, in seconds, with nine of ten logins in it.
    """

    start: float
    students: int
    spread: float


def read(file: Path, zone: ZoneInfo) -> list[Login]:
    """Reads a hub's log or a CSV file, in order of time; the first line decides which it is.

    The columns are `time` (ISO 8601) and, optionally, `seconds`. The zone is that of times without
    an offset.

    Raises:
        ScheduleError: the file cannot be read, or has no login in it.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise problem_in(file, None, f"cannot be read: {error.strerror or error}") from error
    logins = [*(_table(file, lines, zone) if "time" in _columns(lines) else _log(lines, zone))]
    if not logins:
        hint = "give a hub's log at level INFO, or CSV with a column 'time'"
        raise problem_in(file, None, "has no login in it", hint)
    return sorted(logins, key=lambda login: login.time)


def storms(logins: Sequence[Login]) -> list[Storm]:
    """Returns the login storms among logins, which are in order of time."""
    groups: list[list[Login]] = []
    for login in logins:
        if groups and login.time - groups[-1][-1].time <= _PAUSE:
            groups[-1].append(login)
        else:
            groups.append([login])
    return [_storm(group) for group in groups if len(group) >= _SMALLEST]


def _storm(group: Sequence[Login]) -> Storm:
    times = [login.time for login in group]
    # One in ten may be early or late.
    most = -(-len(times) * 9 // 10)
    spread = min(last - first for first, last in zip(times, times[most - 1 :], strict=False))
    return Storm(times[0], len(times), spread)


def _log(lines: Iterable[str], zone: ZoneInfo) -> Iterator[Login]:
    for line in lines:
        if match := _STARTED.search(line):
            ended = datetime.fromisoformat(match.group(1)).replace(tzinfo=zone).timestamp()
            took = float(match.group(3))
            yield Login(ended + int(match.group(2)) / 1000 - took, took)


def _columns(lines: list[str]) -> list[str]:
    return [name.strip().lower() for name in lines[0].split(",")] if lines else []


def _table(file: Path, lines: list[str], zone: ZoneInfo) -> Iterator[Login]:
    for number, row in enumerate(csv.DictReader(lines[1:], fieldnames=_columns(lines)), start=2):
        try:
            # Python 3.10 does not parse the Z of UTC.
            moment = datetime.fromisoformat((row["time"] or "").strip().replace("Z", "+00:00"))
            took = float(row["seconds"]) if (row.get("seconds") or "").strip() else None
        except (ValueError, TypeError) as error:
            hint = "write 2026-11-23T10:15:03+01:00, and seconds as a number"
            raise problem_in(file, number, str(error), hint) from error
        local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        yield Login(local.timestamp(), took)
