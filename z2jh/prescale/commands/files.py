"""The operator's files: which ones the options name, and the site and plan made from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from z2jh.prescale.inputs import schedule_file, values
from z2jh.prescale.planning import plan, site

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from z2jh.prescale.planning.plan import CalendarMeetings, Plan
    from z2jh.prescale.planning.site import Site


@dataclass(frozen=True)
class Files:
    """The schedule, the layers of Helm values in order, and the folder of the calendars' copies.

    Without a folder, no good copies are kept.
    """

    schedule: Path
    values: Sequence[Path]
    copies: Path | None = None


def files_of(options: argparse.Namespace) -> Files:
    """Returns the files that the options name."""
    return Files(options.schedule, options.values, options.copies)


def read_site(files: Files) -> Site:
    """Reads schedule and values, or raises ScheduleError."""
    return site.build(schedule_file.load(files.schedule), values.load(files.values))


def make_plan(files: Files, found: Site, start: int, end: int) -> Plan:
    """Reads the calendars, and plans from start to end in POSIX seconds."""
    return plan.make(found, start, end, _calendar_meetings(files, found, start, end))


def _calendar_meetings(files: Files, found: Site, start: int, end: int) -> CalendarMeetings:
    if not found.schedule.calendars:
        return plan.CalendarMeetings()
    # The libraries load in a third of a second, and most schedules have no calendar.
    from z2jh.prescale.inputs import calendars  # noqa: PLC0415

    first, last = (
        datetime.fromtimestamp(edge, timezone.utc) for edge in plan.span(found, start, end)
    )
    window = calendars.Window(first, last, found.schedule.timezone)
    readings = calendars.read_all(found.schedule.calendars, window, files.copies)
    return plan.CalendarMeetings(
        meetings=tuple(meeting for reading in readings for meeting in reading.meetings),
        notices=tuple(reading.notice for reading in readings if reading.notice),
        known=all(reading.known for reading in readings),
    )
