"""Whether the classes of the next day will have their seats."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import demand
from .decision import substitutes

if TYPE_CHECKING:
    from .cluster_state import World
    from .meetings import Held
    from .plan import Plan

_AHEAD = 24 * 3600


@dataclass(frozen=True)
class Readiness:
    """Whether a meeting will have its seats.

    Attributes:
        held: the meeting.
        nodes: that have to be ready at its start, or now.
        standing: ready now.
        state: `in time` until its nodes are asked for, then `starting`, then `ready`; or `late`.
    """

    held: Held
    nodes: int
    standing: int
    state: str


def readiness(plan: Plan, world: World, now: float) -> list[Readiness]:
    """Each meeting of the next day: will its nodes stand there in time?"""
    found = []
    for held in plan.held:
        if held.end <= now or held.start > now + _AHEAD or not held.students:
            continue
        pool = plan.site.pool_of(held).name
        if pool not in world:
            found.append(Readiness(held, _nodes(plan, held, now), 0, "late"))
            continue
        nodes = _nodes(plan, held, now)
        state = _state(plan, world, held, nodes, now)
        found.append(Readiness(held, nodes, world[pool].standing, state))
    return found


def _nodes(plan: Plan, held: Held, now: float) -> int:
    """What has to be ready for it, what is held beside it, and for those still there."""
    return plan.demands[plan.site.pool_of(held).name].due.at(max(now, held.start))


def _state(plan: Plan, world: World, held: Held, nodes: int, now: float) -> str:
    pool = world[plan.site.pool_of(held).name]
    begun = now >= demand.prepared(plan.site, held)
    if begun and (pool.standing >= nodes or _stand_in(plan, world, held, nodes)):
        return "ready"
    if nodes > pool.maximum:
        return "late"
    if not begun:
        return "in time"
    start = math.ceil(plan.site.schedule.node_start.seconds)
    due = demand.deadline(plan.site.schedule, held)
    # What has not begun to start by now needs all of its time.
    asked = len(pool.nodes) >= nodes or pool.placeholders > 0
    return "starting" if now < due and (asked or now + start <= due) else "late"


def _stand_in(plan: Plan, world: World, held: Held, nodes: int) -> bool:
    """The fallback pool has the seats that are missing, beside those that it has to have itself."""
    pool, other = plan.site.pool_of(held).name, plan.site.schedule.fallback
    if pool == other or other not in world:
        return False
    spare = world[other].standing - plan.wanted(other, held.start)
    return spare >= substitutes(plan, pool, nodes - world[pool].standing)
