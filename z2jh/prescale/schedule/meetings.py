"""Meetings: each single time at which a class, an event or an exam takes place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from .model import Class, Event, Schedule

DAY = 24 * 3600  # seconds


@dataclass(frozen=True)
class Meeting:
    """One meeting.

    Attributes:
        start: POSIX seconds.
        end: POSIX seconds, exclusive.
        enrolled: students on the roster.
        share: fraction of them that comes.
        logins: seconds within which they log in.
        profile: slug; empty for the default profile.
        pool: name; empty for the schedule's pool.
    """

    name: str
    start: int
    end: int
    enrolled: int
    share: float = 1.0
    logins: int = 300
    profile: str = ""
    pool: str = ""

    @property
    def students(self) -> int:
        """Expected students, rounded up."""
        return math.ceil(round(self.enrolled * self.share, 6))

    def title(self, zone: ZoneInfo, form: str = "%a %H:%M") -> str:
        """Formats name and start, as in `Databases at Mon 10:15`."""
        return f"{self.name} at {datetime.fromtimestamp(self.start, zone):{form}}"


def instant(day: date, minutes: int, zone: ZoneInfo, *, latest: bool = False) -> int:
    """Returns the POSIX seconds of a local time of day.

    When daylight saving changes, the clock shows some times twice and others never. Such a time
    gives the earlier of the two possible instants, or the later one with `latest`. Starts take the
    earlier and ends the later one, so that seats are ready in both cases. The minutes are after
    midnight, up to 1440.
    """
    days, minutes = divmod(minutes, 24 * 60)
    local = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(
        days=days, minutes=minutes
    )
    both = [int(local.replace(fold=fold).timestamp()) for fold in (0, 1)]
    return max(both) if latest else min(both)


def local_day(seconds: int, zone: ZoneInfo) -> date:
    """Returns the date in a zone."""
    return datetime.fromtimestamp(seconds, zone).date()


def days_between(start: int, end: int, zone: ZoneInfo) -> Iterator[date]:
    """Returns the local dates from the day before the start to the day of the end."""
    first = local_day(start, zone) - timedelta(days=1)
    number = (local_day(end, zone) - first).days + 1
    return (first + timedelta(days=after) for after in range(number))


def meetings_between(schedule: Schedule, start: int, end: int) -> tuple[Meeting, ...]:
    """Returns the meetings of classes and events, in order; the end (POSIX seconds) is exclusive.

    Calendars are left out, and rosters must have been counted.
    """
    zone = schedule.timezone
    found = [_event(schedule, event) for event in schedule.events]
    for day in days_between(start, end, zone):
        if not schedule.is_holiday(day):
            for course in schedule.classes:
                found += _on_day(schedule, course, day)
    inside = (meeting for meeting in found if meeting.start < end and meeting.end > start)
    return tuple(sorted(inside, key=order))


def order(meeting: Meeting) -> tuple[int, int, str]:
    """Returns the key by which meetings are sorted."""
    return meeting.start, meeting.end, meeting.name


def _on_day(schedule: Schedule, course: Class, day: date) -> Iterator[Meeting]:
    term = schedule.term_of(course)
    if term and day not in term:
        return
    for slot in course.meets:
        if day.weekday() in slot.days:
            overnight = 24 * 60 if slot.end < slot.start else 0
            start = instant(day, slot.start, schedule.timezone)
            end = instant(day, slot.end + overnight, schedule.timezone, latest=True)
            yield _meeting(course, start, end, course.pool)


def _event(schedule: Schedule, event: Event) -> Meeting:
    zone = schedule.timezone
    start, end = _edge(event.start, zone), _edge(event.end, zone, latest=True)
    return _meeting(event, start, end, event.pool or (schedule.fallback if event.exam else ""))


def _meeting(crowd: Class | Event, start: int, end: int, pool: str) -> Meeting:
    students = crowd.students or 0
    return Meeting(crowd.name, start, end, students, crowd.share, crowd.logins, crowd.profile, pool)


def _edge(moment: datetime, zone: ZoneInfo, *, latest: bool = False) -> int:
    if moment.tzinfo is not None:
        return int(moment.astimezone(timezone.utc).timestamp())
    minutes = moment.hour * 60 + moment.minute
    return instant(moment.date(), minutes, zone, latest=latest)
