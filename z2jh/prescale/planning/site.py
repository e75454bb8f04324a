"""The site: schedule and values together, with the pool and the seats of each class."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from z2jh.prescale.errors import ScheduleError
from z2jh.prescale.schedule.meetings import DAY

from . import capacity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from z2jh.hubvalues.pools import Pool
    from z2jh.prescale.errors import Problem
    from z2jh.prescale.inputs.schedule_file import Loaded
    from z2jh.prescale.inputs.values import Values
    from z2jh.prescale.schedule.meetings import Meeting
    from z2jh.prescale.schedule.model import Crowd, Schedule

    from .capacity import Capacity


@dataclass(frozen=True)
class Site:
    """All that a plan is made from, except the meetings.

    The schedule has pool and fallback filled in. Capacities are by pool and slug of the profile.
    """

    schedule: Schedule
    values: Values
    capacities: dict[tuple[str, str], Capacity]

    @property
    def lead(self) -> int:
        """Seconds from the decision for a node until a student can sit there.

        `apply` may run as late as the interval between two runs.
        """
        start = self.schedule.node_start
        return math.ceil(start.seconds) + start.margin + self.schedule.interval

    @property
    def linger(self) -> int:
        """Seconds for which a student's server stays after class."""
        if self.schedule.linger is not None:
            return self.schedule.linger
        return self.values.cull.longest if self.values.cull else DAY

    def pool_of(self, meeting: Meeting) -> Pool:
        """Returns the pool of a meeting."""
        return self.values.pools[_pool_name(meeting, self.schedule, self.values)]

    def namespace(self, given: str | None) -> str:
        """Returns the hub's namespace: the given one, else that of `custom.cluster`."""
        return given or self.values.cluster.get("namespace") or "default"

    def price(self, pool: str) -> float | None:
        """Returns the price of a node of a pool for an hour; None if it is not given."""
        return self.schedule.budget.prices.get(pool)


def build(loaded: Loaded, values: Values) -> Site:
    """Joins schedule and values, and finds what does not fit.

    Raises:
        ScheduleError: a pool or profile does not exist, or has no room for a single student.
    """
    chosen, problems = _pools(loaded, values)
    capacities = {
        (pool.name, slug): capacity.of(pool, student)
        for pool in values.pools.values()
        for slug, student in values.profiles.items()
    }
    problems = problems or [*_unusable(loaded, chosen, values, capacities)]
    if problems:
        raise ScheduleError(problems)
    return Site(chosen, values, capacities)


def unknown_names(
    site: Site, meetings: tuple[Meeting, ...]
) -> tuple[tuple[Meeting, ...], list[str]]:
    """Puts meetings with an unknown pool or profile onto the default ones; returns notices, too."""
    told: list[str] = []
    kept: list[Meeting] = []
    for meeting in meetings:
        pool = meeting.pool if meeting.pool in site.values.pools else ""
        profile = meeting.profile if meeting.profile in site.values.profiles else ""
        if (pool, profile) != (meeting.pool, meeting.profile):
            told.append(f"{meeting.name}: no pool or profile of that name; the default one is used")
        kept.append(replace(meeting, pool=pool, profile=profile))
    return tuple(kept), list(dict.fromkeys(told))


def _pools(loaded: Loaded, values: Values) -> tuple[Schedule, list[Problem]]:
    schedule = loaded.schedule
    cheap = [pool.name for pool in values.pools.values() if pool.is_preemptible]
    sure = [pool.name for pool in values.pools.values() if not pool.is_preemptible]
    names = list(values.pools)
    chosen = schedule.pool or (cheap[0] if len(cheap) == 1 else names[0] if len(names) == 1 else "")
    fallback = schedule.fallback or (sure[0] if len(sure) == 1 and sure[0] != chosen else "")
    problems = []
    known = f"the values have {', '.join(names)}"
    if not chosen:
        problems.append(loaded.problem((), "'pool' is missing, and could be several", known))
    for key, name in (("pool", chosen), ("fallback", fallback)):
        if name and name not in names:
            problems.append(loaded.problem((key,), f"{key}: there is no pool '{name}'", known))
    return schedule.model_copy(update={"pool": chosen, "fallback": fallback}), problems


def _pool_name(crowd: Meeting | Crowd, schedule: Schedule, values: Values) -> str:
    """Returns the given pool, else the one that the profile's node selector names."""
    return crowd.pool or values.profiles[crowd.profile].pool or schedule.pool


def _unusable(
    loaded: Loaded,
    schedule: Schedule,
    values: Values,
    capacities: dict[tuple[str, str], Capacity],
) -> Iterator[Problem]:
    for kind, number, crowd in schedule.crowds():
        if crowd.profile not in values.profiles:
            known = ", ".join(slug for slug in values.profiles if slug) or "none"
            what = f"'{crowd.name}': there is no profile '{crowd.profile}'"
            hint = f"singleuser.profileList has {known}"
            yield loaded.problem((kind, number, "profile"), what, hint)
            continue
        pool = _pool_name(crowd, schedule, values)
        if pool not in values.pools:
            what = f"'{crowd.name}': there is no pool '{pool}'"
            hint = f"the values have {', '.join(values.pools)}"
            yield loaded.problem((kind, number, "pool"), what, hint)
        elif (room := capacities[pool, crowd.profile]).seats < 1:
            what = f"'{crowd.name}': a node of pool '{pool}' has no room for one student"
            hint = f"{room.told[-1]}: take larger machines"
            yield loaded.problem((kind, number), what, hint)
