"""The plan: every change of a pool, with its time and reason."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from z2jh.prescale.schedule.meetings import DAY, meetings_between, order

from . import budget, demand
from .site import unknown_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from z2jh.prescale.schedule.meetings import Meeting

    from .budget import Week
    from .demand import Demand
    from .site import Site


@dataclass(frozen=True)
class Change:
    """One change of a pool.

    Attributes:
        at: POSIX seconds.
        students: expected, including those of the class that is being prepared.
        seats: of all nodes, with the default profile.
        before: nodes wanted until then.
        nodes: wanted from then on; also the autoscaler's minimum.
        placeholders: most that may be needed to start the nodes.
        cost: of an hour from then on; None without a price.
    """

    at: int
    pool: str
    students: int
    seats: int
    before: int
    nodes: int
    placeholders: int
    cost: float | None
    reason: str


@dataclass(frozen=True)
class Plan:
    """All changes within a time.

    Attributes:
        start: POSIX seconds.
        end: POSIX seconds, exclusive.
        meetings: of all pools, sorted.
        demands: by pool.
        changes: in order of time.
        notices: messages for the operator.
        calendars_known: whether every calendar could be read, if only from a copy. Otherwise no
            node may be given back.
        weeks: cost of each week that the time touches.
    """

    site: Site
    start: int
    end: int
    meetings: tuple[Meeting, ...]
    demands: dict[str, Demand]
    changes: tuple[Change, ...]
    notices: tuple[str, ...]
    calendars_known: bool
    weeks: tuple[Week, ...]

    def wanted(self, pool: str, time: float) -> int:
        """Returns the nodes wanted in a pool at a time."""
        return self.demands[pool].wanted.at(time)


@dataclass(frozen=True)
class CalendarMeetings:
    """The meetings of all calendars, in any order, and notices for the operator.

    They are known if every calendar could be read, if only from a copy.
    """

    meetings: tuple[Meeting, ...] = ()
    notices: tuple[str, ...] = ()
    known: bool = True


def span(site: Site, start: int, end: int) -> tuple[int, int]:
    """Returns the time whose meetings a plan needs: whole weeks, and what reaches into them."""
    first, last = budget.weeks_around(site.schedule.timezone, start, end)
    return first - DAY - site.linger, last + DAY + site.lead


def make(site: Site, start: int, end: int, calendars: CalendarMeetings | None = None) -> Plan:
    """Makes a plan for a time in POSIX seconds; the calendars' meetings are within `span()`."""
    calendars = calendars or CalendarMeetings()
    first, last = span(site, start, end)
    fitting, name_notices = unknown_names(site, calendars.meetings)
    own = meetings_between(site.schedule, first, last)
    meetings = tuple(sorted((*own, *fitting), key=order))
    demands = {
        pool: demand.of_pool(site, pool, meetings, first, last) for pool in site.values.pools
    }
    changes = sorted(
        (
            change
            for pool, pool_demand in demands.items()
            for change in _changes(site, pool, pool_demand, _reasons(site, pool, meetings))
            if start <= change.at < end
        ),
        key=lambda change: (change.at, change.pool),
    )
    weeks = tuple(budget.weeks(site, demands, start, end))
    notices = (
        *calendars.notices,
        *name_notices,
        *_pools_too_small(site, demands, meetings, start, end),
        *_without_culling(site),
        *budget.warnings(site, weeks),
    )
    return Plan(
        site, start, end, meetings, demands, tuple(changes), notices, calendars.known, weeks
    )


def _changes(
    site: Site, pool: str, pool_demand: Demand, reasons: dict[int, list[str]]
) -> Iterator[Change]:
    seats = site.capacities[pool, ""].seats
    price = site.price(pool)
    least = site.values.pools[pool].min_nodes
    before = 0
    wanted = pool_demand.wanted
    for time, nodes in zip(wanted.times, wanted.values, strict=True):
        yield Change(
            at=time,
            pool=pool,
            students=pool_demand.seats.at(time),
            seats=nodes * seats,
            before=before,
            nodes=nodes,
            placeholders=nodes - least if nodes > before else 0,
            cost=None if price is None else nodes * price,
            reason="; ".join(reasons.get(time, ["as the baseline says"])),
        )
        before = nodes


def _reasons(site: Site, pool: str, meetings: Sequence[Meeting]) -> dict[int, list[str]]:
    reasons: dict[int, list[str]] = defaultdict(list)
    for meeting in meetings:
        if site.pool_of(meeting).name == pool:
            title = meeting.title(site.schedule.timezone)
            share = f" of {meeting.enrolled}" if meeting.students != meeting.enrolled else ""
            reason = f"{title}: {meeting.students}{share} students"
            reasons[demand.request_time(site, meeting)].append(reason)
            reasons[meeting.end].append(f"{meeting.name} is over")
    return reasons


def _pools_too_small(
    site: Site, demands: dict[str, Demand], meetings: Sequence[Meeting], start: int, end: int
) -> Iterator[str]:
    for meeting in meetings:
        if not (start <= meeting.start < end):
            continue
        pool = site.pool_of(meeting)
        lacking = demands[pool.name].needed.maximum(meeting.start, meeting.end) - pool.max_nodes
        if lacking > 0:
            title = meeting.title(site.schedule.timezone, "%Y-%m-%d %H:%M")
            yield (
                f"{title}: pool '{pool.name}' has at most {pool.max_nodes} nodes, and {lacking} "
                "more are needed: raise maxNodes"
            )


def _without_culling(site: Site) -> Iterator[str]:
    if site.values.cull is None and site.schedule.linger is None:
        yield (
            "servers are not culled: the plan assumes that they stay for a day after class; say "
            "how long they do with 'linger'"
        )
