"""What is held when: one value for each time that a class, an event or an exam takes place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from z2jh.prescale.inputs.schedule.reading import term_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from z2jh.prescale.inputs.schedule.model import Class, Event, Schedule


@dataclass(frozen=True)
class Held:
    """One meeting.

    Attributes:
        name: of the class.
        start: POSIX seconds.
        end: POSIX seconds, exclusive.
        enrolled: students on the roster.
        share: of them that comes.
        logins: seconds in which they log in.
        profile: slug; the default profile's if empty.
        pool: name; the schedule's if empty.
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
        """Students expected; a part of one is one."""
        return math.ceil(round(self.enrolled * self.share, 6))


def instant(day: date, minutes: int, zone: ZoneInfo, *, latest: bool = False) -> int:
    """POSIX seconds of a local time of day.

    A time that the clock shows twice, or never, when daylight saving changes could be either of
    two instants: it is the earlier one, or the latest one for an end, so that seats are there in
    both cases.

    Args:
        day: local date.
        minutes: after midnight, up to 1440.
        zone: whose clock.
        latest: take the later one.
    """
    days, minutes = divmod(minutes, 24 * 60)
    local = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(
        days=days, minutes=minutes
    )
    both = [int(local.replace(fold=fold).timestamp()) for fold in (0, 1)]
    return max(both) if latest else min(both)


def local_day(seconds: int, zone: ZoneInfo) -> date:
    """The date that a clock of the zone shows."""
    return datetime.fromtimestamp(seconds, zone).date()


def days_between(start: int, end: int, zone: ZoneInfo) -> Iterator[date]:
    """Local dates from a day before the start to the one of the end."""
    day = local_day(start, zone) - timedelta(days=1)
    last = local_day(end, zone)
    while day <= last:
        yield day
        day += timedelta(days=1)


def is_holiday(schedule: Schedule, day: date) -> bool:
    """No class meets on it."""
    return any(span.first <= day <= span.last for span in schedule.holidays)


def held_between(schedule: Schedule, start: int, end: int) -> tuple[Held, ...]:
    """What the schedule itself holds in a time: classes and events, in order; no calendars.

    Args:
        schedule: a complete one: rosters are counted.
        start: POSIX seconds.
        end: POSIX seconds, exclusive.
    """
    zone = schedule.timezone
    found = [_event(schedule, event, zone) for event in schedule.events]
    for day in days_between(start, end, zone):
        if not is_holiday(schedule, day):
            for each in schedule.classes:
                found += _on_day(schedule, each, day)
    inside = (it for it in found if it.start < end and it.end > start)
    return tuple(sorted(inside, key=lambda it: (it.start, it.end, it.name)))


def _on_day(schedule: Schedule, each: Class, day: date) -> Iterator[Held]:
    first, last = term_of(schedule, each)
    if (first and day < first) or (last and day > last):
        return
    for meeting in each.meets:
        if day.weekday() in meeting.days:
            overnight = 24 * 60 if meeting.end < meeting.start else 0
            start = instant(day, meeting.start, schedule.timezone)
            end = instant(day, meeting.end + overnight, schedule.timezone, latest=True)
            yield Held(
                each.name,
                start,
                end,
                each.students or 0,
                each.share,
                each.logins,
                each.profile,
                each.pool,
            )


def _event(schedule: Schedule, event: Event, zone: ZoneInfo) -> Held:
    start, end = _edge(event.start, zone), _edge(event.end, zone, latest=True)
    pool = event.pool or (schedule.fallback if event.exam else "")
    return Held(
        event.name, start, end, event.students or 0, event.share, event.logins, event.profile, pool
    )


def _edge(moment: datetime, zone: ZoneInfo, *, latest: bool = False) -> int:
    if moment.tzinfo is not None:
        return int(moment.astimezone(timezone.utc).timestamp())
    minutes = moment.hour * 60 + moment.minute
    return instant(moment.date(), minutes, zone, latest=latest)
