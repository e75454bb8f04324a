"""A schedule and the values together: which pool, how many seats, how much time ahead."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from z2jh.prescale.errors import ScheduleError

from . import capacity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from z2jh.prescale.errors import Problem
    from z2jh.prescale.inputs.schedule_file import Loaded
    from z2jh.prescale.inputs.values import Pool, Values
    from z2jh.prescale.schedule.meetings import Meeting
    from z2jh.prescale.schedule.model import Crowd, Schedule

    from .capacity import Capacity


_A_DAY = 24 * 3600


@dataclass(frozen=True)
class Site:
    """All that a plan is made from, but what is held when.

    Attributes:
        schedule: with pool and fallback filled in.
        values: of the hub.
        capacities: by name of pool and slug of profile.
    """

    schedule: Schedule
    values: Values
    capacities: dict[tuple[str, str], Capacity]

    @property
    def lead(self) -> int:
        """Seconds from the wish for a node until a student can sit there.

        A run of `apply` may be as late as the interval between two.
        """
        start = self.schedule.node_start
        return math.ceil(start.seconds) + start.margin + self.schedule.interval

    @property
    def linger(self) -> int:
        """Seconds for which a student's server stays after class."""
        said = self.schedule.linger
        if said is not None:
            return said
        return self.values.cull.longest if self.values.cull else _A_DAY

    def pool_of(self, meeting: Meeting) -> Pool:
        """Where a meeting takes place."""
        return self.values.pools[_pool_name(meeting, self.schedule, self.values)]

    def namespace(self, given: str | None) -> str:
        """Of the hub: as given, else as the values' `custom.cluster` says."""
        return given or self.values.cluster.get("namespace") or "default"

    def price(self, pool: str) -> float | None:
        """Of a node of a pool for an hour; None if nobody said."""
        return self.schedule.budget.prices.get(pool)


def build(loaded: Loaded, values: Values) -> Site:
    """Join schedule and values, and find what does not fit.

    Raises:
        ScheduleError: a pool or profile that there is not, or no room for a single student.
    """
    chosen, problems = _pools(loaded, values)
    capacities = {
        (pool.name, slug): capacity.of(pool, profile, values)
        for pool in values.pools.values()
        for slug, profile in values.profiles.items()
    }
    problems = problems or [*_unusable(loaded, chosen, values, capacities)]
    if problems:
        raise ScheduleError(problems)
    return Site(chosen, values, capacities)


def unknown_names(
    site: Site, meetings: tuple[Meeting, ...]
) -> tuple[tuple[Meeting, ...], list[str]]:
    """Put a calendar's events with an unknown pool or profile onto the default ones, and say so."""
    told: list[str] = []
    kept: list[Meeting] = []
    for each in meetings:
        pool = each.pool if each.pool in site.values.pools else ""
        profile = each.profile if each.profile in site.values.profiles else ""
        if (pool, profile) != (each.pool, each.profile):
            told.append(f"{each.name}: no pool or profile of that name; the default one is used")
        kept.append(replace(each, pool=pool, profile=profile))
    return tuple(kept), list(dict.fromkeys(told))


def _pools(loaded: Loaded, values: Values) -> tuple[Schedule, list[Problem]]:
    schedule = loaded.schedule
    cheap = [it.name for it in values.pools.values() if it.provisioning != "standard"]
    sure = [it.name for it in values.pools.values() if it.provisioning == "standard"]
    names = list(values.pools)
    pool = schedule.pool or (cheap[0] if len(cheap) == 1 else names[0] if len(names) == 1 else "")
    fallback = schedule.fallback or (sure[0] if len(sure) == 1 and sure[0] != pool else "")
    problems = []
    known = f"the values have {', '.join(names)}"
    if not pool:
        problems.append(loaded.problem((), "'pool' is missing, and could be several", known))
    for key, name in (("pool", pool), ("fallback", fallback)):
        if name and name not in names:
            problems.append(loaded.problem((key,), f"{key}: there is no pool '{name}'", known))
    return schedule.model_copy(update={"pool": pool, "fallback": fallback}), problems


def _pool_name(each: Meeting | Crowd, schedule: Schedule, values: Values) -> str:
    """As it is said; else where the profile's node selector leads."""
    return each.pool or values.profiles[each.profile].pool or schedule.pool


def _unusable(
    loaded: Loaded,
    schedule: Schedule,
    values: Values,
    capacities: dict[tuple[str, str], Capacity],
) -> Iterator[Problem]:
    for kind in ("classes", "events", "calendars"):
        for number, each in enumerate(getattr(schedule, kind)):
            if each.profile not in values.profiles:
                known = ", ".join(slug for slug in values.profiles if slug) or "none"
                what = f"'{each.name}': there is no profile '{each.profile}'"
                hint = f"singleuser.profileList has {known}"
                yield loaded.problem((kind, number, "profile"), what, hint)
                continue
            pool = _pool_name(each, schedule, values)
            if pool not in values.pools:
                what = f"'{each.name}': there is no pool '{pool}'"
                hint = f"the values have {', '.join(values.pools)}"
                yield loaded.problem((kind, number, "pool"), what, hint)
            elif capacities[pool, each.profile].seats < 1:
                found = capacities[pool, each.profile]
                what = f"'{each.name}': a node of pool '{pool}' has no room for one student"
                yield loaded.problem(
                    (kind, number), what, f"{found.told[-1]}: take larger machines"
                )
