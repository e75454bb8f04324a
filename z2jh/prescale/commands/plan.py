"""`plan`: the next 24 hours, or any other time."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from z2jh.prescale.errors import BudgetError, UsageError
from z2jh.prescale.inputs.inputs import Files, make_plan, read_site
from z2jh.prescale.inputs.schedule.notation import CENTURY, duration
from z2jh.prescale.output import plot, table
from z2jh.prescale.planning import budget
from z2jh.prescale.planning.meetings import instant

from .answer import Answer

if TYPE_CHECKING:
    import argparse
    from zoneinfo import ZoneInfo

    from z2jh.prescale.inputs.schedule.model import Schedule

_DAY = 24 * 3600
_LONGEST = 400  # days
_DAYS = re.compile(r"(\d+)d")


def add_options(made: argparse.ArgumentParser) -> None:
    """Add the options of `plan`."""
    add_time(made)
    add = made.add_argument
    add("--plot", type=Path, metavar="FILE", help="draw it there, as .svg, .png or .pdf")
    add("--check", action="store_true", help="exit with 8 if a week is above the budget's cap")


def add_time(made: argparse.ArgumentParser) -> None:
    """Add the options that say which time is meant."""
    add = made.add_argument
    add(
        "--from",
        dest="start",
        metavar="TIME",
        help="a date, or date and time, as in 2026-11-23T06:00, in the schedule's zone (now)",
    )
    add("--for", dest="length", default="24h", metavar="LENGTH", help="as in 7d or 24h (24h)")
    add("--week", metavar="DATE", help="the week of that date, Monday to Sunday")
    add("--term", metavar="NAME", help="a term of the schedule, from its first day to its last")


def run(options: argparse.Namespace) -> Answer:
    """Do the work of `plan`."""
    files = files_of(options)
    site = read_site(files)
    start, end = times(options, site.schedule)
    made = make_plan(files, site, start, end)
    if options.plot:
        try:
            plot.draw(made, options.plot)
        except ValueError as error:
            raise UsageError(f"--plot: {options.plot} cannot be drawn: {error}") from error
    above = options.check and budget.exceeded(site, made.weeks)
    problem = BudgetError("more is planned than the budget's cap allows") if above else None
    return Answer(table.as_json(made), table.text(made), problem)


def files_of(options: argparse.Namespace) -> Files:
    """The files that the options name."""
    return Files(options.schedule, options.values, options.copies)


def times(options: argparse.Namespace, schedule: Schedule) -> tuple[int, int]:
    """From when until when, in POSIX seconds.

    Raises:
        UsageError: a time or a length cannot be understood.
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
        return budget.weeks_around(zone, *(2 * [_instant(options.week, zone)]))
    start = _instant(options.start, zone) if options.start else int(time.time()) // 60 * 60
    days = _DAYS.fullmatch(options.length.strip())
    if days and int(days.group(1)) <= _LONGEST:
        first = datetime.fromtimestamp(start, zone)
        # Days of a clock on the wall: one of 23 or 25 hours is one.
        after = first + timedelta(days=int(days.group(1)))
        return start, _checked(start, int(after.timestamp()))
    try:
        return start, _checked(start, start + duration(options.length))
    except ValueError as error:
        raise UsageError(f"--for: {error}") from error


def _checked(start: int, end: int) -> int:
    if not 0 < end - start <= _LONGEST * _DAY:
        raise UsageError(f"--for: a time of up to {_LONGEST} days")
    return end


def _instant(text: str, zone: ZoneInfo) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.year not in CENTURY:
        raise UsageError(f"'{text}' is no time: write it as 2026-11-23, or 2026-11-23T06:00")
    if "T" not in text and " " not in text:
        return instant(moment.date(), 0, zone)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())
