"""The demand of a pool: students and nodes at each instant, from meetings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from z2jh.prescale.schedule.meetings import DAY, days_between, instant

from .step_function import StepFunction, combined, simplified, total, without_gaps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from z2jh.prescale.schedule.meetings import Meeting
    from z2jh.prescale.schedule.model import Schedule

    from .site import Site


@dataclass(frozen=True)
class Demand:
    """The demand of a pool.

    Attributes:
        students: expected, from the start of a class to before its end.
        seats: needed, from the time nodes are requested; includes students who stay after class.
        due: nodes that must be ready, from the deadline of each meeting; may exceed the bounds.
        needed: nodes for seats and baseline; may exceed the bounds.
        wanted: nodes within the pool's bounds, with short gaps filled.
        paid: nodes that will run: the wanted ones, and those with students still on them.
    """

    students: StepFunction
    seats: StepFunction
    due: StepFunction
    needed: StepFunction
    wanted: StepFunction
    paid: StepFunction


def expected(meetings: Iterable[Meeting]) -> StepFunction:
    """Returns the students of all meetings: overlaps add up, and ends are exclusive."""
    return total((meeting.start, meeting.end, meeting.students) for meeting in meetings)


def deadline(schedule: Schedule, meeting: Meeting) -> int:
    """Returns when all nodes of a meeting must be ready."""
    return meeting.start - max(schedule.ready, schedule.early)


def request_time(site: Site, meeting: Meeting) -> int:
    """Returns when the nodes of a meeting must be requested."""
    return deadline(site.schedule, meeting) - site.lead


def of_pool(site: Site, pool: str, all_meetings: Sequence[Meeting], start: int, end: int) -> Demand:
    """Computes the demand of a pool between two times, in POSIX seconds.

    Takes the meetings of all pools, from a day before the start to a day after the end.
    """
    meetings = [meeting for meeting in all_meetings if site.pool_of(meeting).name == pool]
    profiles = sorted({meeting.profile for meeting in meetings})
    seats = [site.capacities[pool, profile].seats for profile in profiles]
    count = len(profiles)

    def by_profile(span: Callable[[Meeting], tuple[int, int]]) -> list[StepFunction]:
        amounts = [(meeting.profile, (*span(meeting), meeting.students)) for meeting in meetings]
        return [
            total(amount for slug, amount in amounts if slug == profile) for profile in profiles
        ]

    def people(now: list[int]) -> int:
        return sum(now) if sum(now[:count]) else 0

    def occupied(now: list[int]) -> int:
        rows = zip(now[:count], now[count:], seats, strict=True)
        return sum(-(-(present + stayed) // room) for present, stayed, room in rows)

    def nodes(now: list[int]) -> int:
        return occupied(now) + site.schedule.spare if sum(now[:count]) else 0

    active = by_profile(lambda meeting: (request_time(site, meeting), meeting.end))
    ready = by_profile(lambda meeting: (deadline(site.schedule, meeting), meeting.end))
    lingering = by_profile(lambda meeting: (meeting.end, meeting.end + site.linger))
    both = [*active, *lingering]
    is_main = pool == site.schedule.pool
    floor = baseline(site.schedule, start, end) if is_main else StepFunction()
    needed = combined([combined(both, nodes), floor], max)
    bounds = site.values.pools[pool]
    steady = without_gaps(needed, site.schedule.keep)
    clamped = [min(bounds.max_nodes, max(bounds.min_nodes, value)) for value in steady.values]
    wanted = simplified((0, *steady.times), (bounds.min_nodes, *clamped))
    staying = combined(both, lambda now: min(bounds.max_nodes, occupied(now)))
    return Demand(
        students=expected(meetings),
        seats=combined(both, people),
        due=combined([*ready, *lingering], lambda now: occupied(now) if sum(now[:count]) else 0),
        needed=needed,
        wanted=wanted,
        paid=combined([wanted, staying], max),
    )


def baseline(schedule: Schedule, start: int, end: int) -> StepFunction:
    """Returns the nodes of the baseline; its lines raise nothing on a holiday."""
    zone = schedule.timezone
    marks = sorted(
        (instant(day, line.at, zone), line.nodes, schedule.is_holiday(day))
        for day in days_between(start - 7 * DAY, end, zone)
        for line in schedule.baseline
        if day.weekday() in line.days
    )
    # Nothing is known before the first mark: start high, so that a line can lower on a holiday.
    current = max((line.nodes for line in schedule.baseline), default=0)
    kept: dict[int, int] = {}
    for time, nodes, holiday in marks:
        if not holiday or nodes < current:
            current = nodes
            kept[time] = nodes
    return simplified(kept, kept.values())
