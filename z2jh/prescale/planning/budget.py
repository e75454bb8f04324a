"""The cost of each week, in node hours and in money, and its caps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from z2jh.prescale.schedule.meetings import instant, local_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from .demand import Demand
    from .site import Site


@dataclass(frozen=True)
class Week:
    """The planned cost of a week, Monday to Sunday.

    Attributes:
        monday: its first day.
        hours: node hours of all pools, including nodes with servers that stay after class.
        money: None if a used pool has no price.
    """

    monday: date
    hours: float
    money: float | None


def weeks_around(zone: ZoneInfo, start: int, end: int) -> tuple[int, int]:
    """Returns the Monday before the start and the Monday after the end, in POSIX seconds."""
    first, last = local_day(start, zone), local_day(max(start, end - 1), zone)
    monday = first - timedelta(days=first.weekday())
    after = last + timedelta(days=7 - last.weekday())
    return instant(monday, 0, zone), instant(after, 0, zone)


def weeks(site: Site, demands: Mapping[str, Demand], start: int, end: int) -> Iterator[Week]:
    """Yields the cost of every week that a time touches, each as a whole."""
    zone = site.schedule.timezone
    first, last = weeks_around(zone, start, end)
    monday = local_day(first, zone)
    while instant(monday, 0, zone) < last:
        after = monday + timedelta(days=7)
        edges = instant(monday, 0, zone), instant(after, 0, zone)
        hours = {pool: demand.paid.integral(*edges) / 3600 for pool, demand in demands.items()}
        yield Week(monday, sum(hours.values()), cost(hours, site.schedule.budget.prices))
        monday = after


def cost(hours: Mapping[str, float], prices: Mapping[str, float]) -> float | None:
    """Returns the cost of node hours by pool; None if a used pool has no price."""
    used = {pool: spent for pool, spent in hours.items() if spent > 0}
    if not used.keys() <= prices.keys():
        return None
    return sum(spent * prices[pool] for pool, spent in used.items())


def warnings(site: Site, planned: Sequence[Week]) -> Iterator[str]:
    """Yields a message for every cap that a week comes near or exceeds."""
    for week, spent, cap, unit in _caps(site, planned):
        if spent is None:
            yield (
                f"week of {week.monday}: a pool has no price, so the cap of {cap:g} {unit} "
                "cannot be watched: add it to budget.prices"
            )
        elif spent > cap * site.schedule.budget.warn_at:
            word = "more than" if spent > cap else "near"
            yield (
                f"week of {week.monday}: {spent:.1f} {unit} are planned, {word} the cap of "
                f"{cap:g}; seats are not taken away: shorten 'ready' or 'spare', or raise it"
            )


def exceeded(site: Site, planned: Sequence[Week]) -> bool:
    """Returns whether a week exceeds a cap."""
    return any(spent is not None and spent > cap for _, spent, cap, _ in _caps(site, planned))


def _caps(site: Site, planned: Sequence[Week]) -> Iterator[tuple[Week, float | None, float, str]]:
    """Yields what each week spends, with the cap and its unit."""
    caps = site.schedule.budget
    for week in planned:
        if caps.hours is not None:
            yield week, week.hours, caps.hours, "node hours"
        if caps.money is not None:
            yield week, week.money, caps.money, caps.currency or "in money"
