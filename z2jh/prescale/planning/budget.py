"""What a week costs, in node hours and in money, against what it may cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from .meetings import instant, local_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from .demand import Demand
    from .site import Site


@dataclass(frozen=True)
class Week:
    """What is planned for a week, Monday to Sunday.

    Attributes:
        monday: its first day.
        hours: node hours, of all pools, with those of servers that stay after class.
        money: None if a pool that is used has no price.
    """

    monday: date
    hours: float
    money: float | None


def weeks_around(zone: ZoneInfo, start: int, end: int) -> tuple[int, int]:
    """The Monday before, and the one after; POSIX seconds."""
    first, last = local_day(start, zone), local_day(max(start, end - 1), zone)
    monday = first - timedelta(days=first.weekday())
    after = last + timedelta(days=7 - last.weekday())
    return instant(monday, 0, zone), instant(after, 0, zone)


def weeks(site: Site, demands: Mapping[str, Demand], start: int, end: int) -> Iterator[Week]:
    """What the weeks cost that a time touches, each of them whole."""
    zone = site.schedule.timezone
    first, last = weeks_around(zone, start, end)
    monday = local_day(first, zone)
    while instant(monday, 0, zone) < last:
        after = monday + timedelta(days=7)
        yield _week(site, demands, monday, instant(monday, 0, zone), instant(after, 0, zone))
        monday = after


def _week(site: Site, demands: Mapping[str, Demand], monday: date, start: int, end: int) -> Week:
    hours = {pool: it.paid.integral(start, end) / 3600 for pool, it in demands.items()}
    used = {pool: spent for pool, spent in hours.items() if spent}
    prices = site.schedule.budget.prices
    known = all(pool in prices for pool in used)
    money = sum(spent * prices[pool] for pool, spent in used.items()) if known else None
    return Week(monday, sum(hours.values()), money)


def warnings(site: Site, planned: Sequence[Week]) -> Iterator[str]:
    """What is near a cap or above it, in a person's words."""
    caps = site.schedule.budget
    for week in planned:
        for spent, cap, unit in (
            (week.hours, caps.hours, "node hours"),
            (week.money, caps.money, caps.currency or "in money"),
        ):
            if cap is None:
                continue
            if spent is None:
                yield (
                    f"week of {week.monday}: a pool has no price, so the cap of {cap:g} {unit} "
                    "cannot be watched: add it to budget.prices"
                )
            elif spent > cap * caps.warn_at:
                word = "more than" if spent > cap else "near"
                yield (
                    f"week of {week.monday}: {spent:.1f} {unit} are planned, {word} the cap of "
                    f"{cap:g}; seats are not taken away: shorten 'ready' or 'spare', or raise it"
                )


def exceeded(site: Site, planned: Sequence[Week]) -> bool:
    """A week is above a cap."""
    caps = site.schedule.budget
    return any(
        (caps.hours is not None and week.hours > caps.hours)
        or (caps.money is not None and week.money is not None and week.money > caps.money)
        for week in planned
    )
