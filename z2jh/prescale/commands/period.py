"""The period that `plan` and `simulate` are asked for."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from z2jh.prescale.errors import UsageError
from z2jh.prescale.planning.budget import weeks_around
from z2jh.prescale.schedule.meetings import DAY, instant
from z2jh.prescale.schedule.notation import CENTURY, duration

if TYPE_CHECKING:
    import argparse
    from zoneinfo import ZoneInfo

    from z2jh.prescale.schedule.model import Schedule

_LONGEST = 400  # days
_DAYS = re.compile(r"(\d+)d")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that name a period."""
    add = parser.add_argument
    add(
        "--from",
        dest="start",
        metavar="TIME",
        help="a date, or date and time, as in 2026-11-23T06:00, in the schedule's zone (now)",
    )
    add("--for", dest="length", default="24h", metavar="LENGTH", help="as in 7d or 24h (24h)")
    add("--week", metavar="DATE", help="the week of that date, Monday to Sunday")
    add("--term", metavar="NAME", help="a term of the schedule, from its first day to its last")


def of(options: argparse.Namespace, schedule: Schedule) -> tuple[int, int]:
    """Returns start and end, in POSIX seconds.

    Raises:
        UsageError: a time or a length is malformed.
    """
    zone = schedule.timezone
    if sum(map(bool, (options.start, options.week, options.term))) > 1:
        raise UsageError("--from, --week and --term exclude each other")
    if options.term:
        term = schedule.terms.get(options.term)
        if term is None:
            known = ", ".join(schedule.terms) or "none"
            raise UsageError(f"--term: there is no '{options.term}' in the schedule: {known}")
        start = instant(term.first, 0, zone)
        return start, _checked(start, instant(term.last + timedelta(days=1), 0, zone))
    if options.week:
        return weeks_around(zone, *(2 * [_parsed(options.week, zone)]))
    start = _parsed(options.start, zone) if options.start else int(time.time()) // 60 * 60
    days = _DAYS.fullmatch(options.length.strip())
    if days and int(days.group(1)) <= _LONGEST:
        first = datetime.fromtimestamp(start, zone)
        # Local days: a day has 23 or 25 hours when daylight saving changes.
        after = first + timedelta(days=int(days.group(1)))
        return start, _checked(start, int(after.timestamp()))
    try:
        return start, _checked(start, start + duration(options.length))
    except ValueError as error:
        raise UsageError(f"--for: {error}") from error


def _checked(start: int, end: int) -> int:
    if not 0 < end - start <= _LONGEST * DAY:
        raise UsageError(f"--for: a time of up to {_LONGEST} days")
    return end


def _parsed(text: str, zone: ZoneInfo) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.year not in CENTURY:
        raise UsageError(f"'{text}' is no time: write it as 2026-11-23, or 2026-11-23T06:00")
    if "T" not in text and " " not in text:
        return instant(moment.date(), 0, zone)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())
