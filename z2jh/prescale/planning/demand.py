"""What is held in, students expected and nodes wanted at each instant out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .meetings import days_between, instant, is_holiday
from .steps import Steps, combined, squeezed, total, without_gaps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from z2jh.prescale.inputs.schedule.model import Schedule

    from .meetings import Held
    from .site import Site

_WEEK = 7 * 24 * 3600


@dataclass(frozen=True)
class Demand:
    """What a pool has to have.

    Attributes:
        students: expected; from a class' start to before its end.
        seats: needed, as soon as they are prepared; with those who stay after an earlier class.
        due: nodes that have to be ready, as if there were no bounds: of each meeting from its
            deadline on.
        needed: nodes for that and for the baseline, as if there were no bounds.
        wanted: nodes within the pool's bounds, short gaps filled.
        paid: nodes that will be there: those wanted, and those that students still sit on.
    """

    students: Steps
    seats: Steps
    due: Steps
    needed: Steps
    wanted: Steps
    paid: Steps


def expected(held: Iterable[Held]) -> Steps:
    """Students at each instant: overlaps add up, ends are exclusive."""
    return total((it.start, it.end, it.students) for it in held)


def deadline(schedule: Schedule, held: Held) -> int:
    """When all nodes of a meeting have to be ready."""
    return held.start - max(schedule.ready, schedule.early)


def prepared(site: Site, held: Held) -> int:
    """When the nodes of a meeting have to be asked for."""
    return deadline(site.schedule, held) - site.lead


def of_pool(site: Site, pool: str, held: Sequence[Held], start: int, end: int) -> Demand:
    """Work out what a pool has to have.

    Args:
        site: schedule and values.
        pool: name.
        held: everything that is held in that time, and a day before and after it; of all pools.
        start: POSIX seconds.
        end: POSIX seconds.
    """
    here = [it for it in held if site.pool_of(it).name == pool]
    profiles = sorted({it.profile for it in here})
    seats = [site.capacities[pool, profile].seats for profile in profiles]
    active = [_active(here, profile, lambda it: prepared(site, it)) for profile in profiles]
    ready = [_active(here, profile, lambda it: deadline(site.schedule, it)) for profile in profiles]
    lingering = [_lingering(site, here, profile) for profile in profiles]
    count = len(profiles)

    def people(now: list[int]) -> int:
        return sum(now) if sum(now[:count]) else 0

    def occupied(now: list[int]) -> int:
        each = zip(now[:count], now[count:], seats, strict=True)
        return sum(-(-(sat + stayed) // room) for sat, stayed, room in each)

    def nodes(now: list[int]) -> int:
        return occupied(now) + site.schedule.spare if sum(now[:count]) else 0

    floor = baseline(site.schedule, start, end) if pool == site.schedule.pool else Steps()
    needed = combined([combined([*active, *lingering], nodes), floor], max)
    bounds = site.values.pools[pool]
    steady = without_gaps(needed, site.schedule.keep)
    clamped = [min(bounds.max_nodes, max(bounds.min_nodes, value)) for value in steady.values]
    wanted = squeezed((0, *steady.times), (bounds.min_nodes, *clamped))
    both = [*active, *lingering]
    stay = combined(both, lambda now: min(bounds.max_nodes, occupied(now)))
    return Demand(
        students=expected(here),
        seats=combined(both, people),
        due=combined([*ready, *lingering], lambda now: occupied(now) if sum(now[:count]) else 0),
        needed=needed,
        wanted=wanted,
        paid=combined([wanted, stay], max),
    )


def _active(held: Iterable[Held], profile: str, since: Callable[[Held], int]) -> Steps:
    return total((since(it), it.end, it.students) for it in held if it.profile == profile)


def _lingering(site: Site, held: Iterable[Held], profile: str) -> Steps:
    return total(
        (it.end, it.end + site.linger, it.students) for it in held if it.profile == profile
    )


def baseline(schedule: Schedule, start: int, end: int) -> Steps:
    """Nodes that the baseline's lines ask for; on a holiday no line raises them."""
    zone = schedule.timezone
    marks = sorted(
        (instant(day, line.at, zone), line.nodes, is_holiday(schedule, day))
        for day in days_between(start - _WEEK, end, zone)
        for line in schedule.baseline
        if day.weekday() in line.days
    )
    # What was before the first mark is not known: on a holiday, a line that lowers is one.
    current = max((line.nodes for line in schedule.baseline), default=0)
    kept: dict[int, int] = {}
    for time, nodes, holiday in marks:
        if not holiday or nodes < current:
            current = nodes
            kept[time] = nodes
    return squeezed(kept, kept.values())
