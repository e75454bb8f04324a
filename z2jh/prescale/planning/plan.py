"""What will be changed when, and why: the list that is read, drawn, simulated and applied."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from . import budget, demand
from .meetings import held_between
from .site import unknown_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .budget import Week
    from .demand import Demand
    from .meetings import Held
    from .site import Site

DAY = 24 * 3600


@dataclass(frozen=True)
class Change:
    """One change of a pool.

    Attributes:
        at: POSIX seconds.
        pool: name.
        students: expected by then, those of the class that is prepared among them.
        seats: of all nodes, with the default profile.
        before: nodes wanted until then.
        nodes: wanted from then on; also the autoscaler's minimum.
        placeholders: that may be needed to make the autoscaler start nodes.
        cost: of an hour from then on; None without a price.
        reason: in a person's words.
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
    """All changes of a time.

    Attributes:
        site: what it was made from.
        start: POSIX seconds.
        end: POSIX seconds, exclusive.
        held: meetings, of all pools.
        demands: by pool.
        changes: in order of time.
        notices: what an operator has to know.
        known: everything that is held is known. Otherwise nothing may be given back.
        weeks: cost of each week that the time touches.
    """

    site: Site
    start: int
    end: int
    held: tuple[Held, ...]
    demands: dict[str, Demand]
    changes: tuple[Change, ...]
    notices: tuple[str, ...]
    known: bool
    weeks: tuple[Week, ...]

    def wanted(self, pool: str, time: float) -> int:
        """Nodes that a pool should have at a time."""
        return self.demands[pool].wanted.at(time)


@dataclass(frozen=True)
class Extra:
    """What calendars add to a schedule.

    Attributes:
        held: their events.
        notices: what an operator has to know about them.
        known: all of them could be read, if only from a copy.
    """

    held: tuple[Held, ...] = ()
    notices: tuple[str, ...] = ()
    known: bool = True


def span(site: Site, start: int, end: int) -> tuple[int, int]:
    """The time that has to be known for a plan: whole weeks, and what reaches into them."""
    first, last = budget.weeks_around(site.schedule.timezone, start, end)
    return first - DAY - site.linger, last + DAY + site.lead


def make(site: Site, start: int, end: int, extra: Extra | None = None) -> Plan:
    """Plan a time.

    Args:
        site: schedule and values.
        start: POSIX seconds.
        end: POSIX seconds, exclusive.
        extra: what calendars hold within `span()`.
    """
    extra = extra or Extra()
    first, last = span(site, start, end)
    fitting, told = unknown_names(site, extra.held)
    held = tuple(sorted((*held_between(site.schedule, first, last), *fitting), key=_order))
    demands = {pool: demand.of_pool(site, pool, held, first, last) for pool in site.values.pools}
    changes = sorted(
        (
            it
            for pool, needs in demands.items()
            for it in _changes(site, pool, needs, _reasons(site, pool, held))
            if start <= it.at < end
        ),
        key=lambda it: (it.at, it.pool),
    )
    weeks = list(budget.weeks(site, demands, start, end))
    notices = (
        *extra.notices,
        *told,
        *_short(site, demands, held, start, end),
        *_endless(site),
        *budget.warnings(site, weeks),
    )
    return Plan(site, start, end, held, demands, tuple(changes), notices, extra.known, tuple(weeks))


def _order(held: Held) -> tuple[int, int, str]:
    return held.start, held.end, held.name


def _changes(
    site: Site, pool: str, needs: Demand, reasons: dict[int, list[str]]
) -> Iterator[Change]:
    seats = site.capacities[pool, ""].seats
    price = site.price(pool)
    least = site.values.pools[pool].min_nodes
    before = 0
    for time, nodes in zip(needs.wanted.times, needs.wanted.values, strict=True):
        yield Change(
            at=time,
            pool=pool,
            students=needs.seats.at(time),
            seats=nodes * seats,
            before=before,
            nodes=nodes,
            placeholders=nodes - least if nodes > before else 0,
            cost=None if price is None else nodes * price,
            reason="; ".join(reasons.get(time, ["as the baseline says"])),
        )
        before = nodes


def _reasons(site: Site, pool: str, held: Sequence[Held]) -> dict[int, list[str]]:
    reasons: dict[int, list[str]] = defaultdict(list)
    for it in held:
        if site.pool_of(it).name == pool:
            begins = datetime.fromtimestamp(it.start, site.schedule.timezone)
            share = f" of {it.enrolled}" if it.students != it.enrolled else ""
            reasons[demand.prepared(site, it)].append(
                f"{it.name} at {begins:%a %H:%M}: {it.students}{share} students"
            )
            reasons[it.end].append(f"{it.name} is over")
    return reasons


def _short(
    site: Site, demands: dict[str, Demand], held: Sequence[Held], start: int, end: int
) -> Iterator[str]:
    """Meetings for which the pool may not grow enough."""
    for it in held:
        if not (start <= it.start < end):
            continue
        pool = site.pool_of(it)
        lacking = demands[pool.name].needed.most(it.start, it.end) - pool.max_nodes
        if lacking > 0:
            begins = datetime.fromtimestamp(it.start, site.schedule.timezone)
            yield (
                f"{it.name} at {begins:%Y-%m-%d %H:%M}: pool '{pool.name}' has at most "
                f"{pool.max_nodes} nodes, and {lacking} more are needed: raise maxNodes"
            )


def _endless(site: Site) -> Iterator[str]:
    if site.values.cull is None and site.schedule.linger is None:
        yield (
            "servers are not culled: they are taken to stay for a day after class; say how long "
            "they do with 'linger'"
        )
