"""The readiness of each meeting of the next day: will its nodes be ready in time?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from z2jh.prescale.schedule.meetings import DAY

from . import demand
from .decision import fallback_nodes

if TYPE_CHECKING:
    from z2jh.prescale.schedule.meetings import Meeting

    from .cluster_state import ClusterState
    from .plan import Plan


@dataclass(frozen=True)
class Readiness:
    """The readiness of a meeting.

    Attributes:
        nodes: that must be ready at its start, or now if it has started.
        usable: nodes that are ready now.
        state: `in time` until its nodes are requested, then `starting`, then `ready`; or `late`.
    """

    meeting: Meeting
    nodes: int
    usable: int
    state: str


def readiness(plan: Plan, state: ClusterState, now: float) -> list[Readiness]:
    """Returns the readiness of each meeting that goes on or starts within a day."""
    return [
        _readiness(plan, state, meeting, now)
        for meeting in plan.meetings
        if now < meeting.end and meeting.start <= now + DAY and meeting.students
    ]


def _readiness(plan: Plan, state: ClusterState, meeting: Meeting, now: float) -> Readiness:
    name = plan.site.pool_of(meeting).name
    # Includes nodes of simultaneous meetings, and of students who stay after class.
    nodes = plan.demands[name].due.at(max(now, meeting.start))
    if name not in state:
        return Readiness(meeting, nodes, 0, "late")
    usable = state[name].usable
    return Readiness(meeting, nodes, usable, _state(plan, state, meeting, nodes, now))


def _state(plan: Plan, state: ClusterState, meeting: Meeting, nodes: int, now: float) -> str:
    pool = state[plan.site.pool_of(meeting).name]
    requested = now >= demand.request_time(plan.site, meeting)
    if requested and (pool.usable >= nodes or _fallback_covers(plan, state, meeting, nodes)):
        return "ready"
    if nodes > pool.maximum:
        return "late"
    if not requested:
        return "in time"
    start = math.ceil(plan.site.schedule.node_start.seconds)
    due = demand.deadline(plan.site.schedule, meeting)
    # A node that has not begun to start needs the whole start time.
    begun = len(pool.nodes) >= nodes or pool.placeholders > 0
    return "starting" if now < due and (begun or now + start <= due) else "late"


def _fallback_covers(plan: Plan, state: ClusterState, meeting: Meeting, nodes: int) -> bool:
    """Returns whether the fallback pool has the missing seats, beside its own."""
    pool, fallback = plan.site.pool_of(meeting).name, plan.site.schedule.fallback
    if pool == fallback or fallback not in state:
        return False
    spare = state[fallback].usable - plan.wanted(fallback, meeting.start)
    return spare >= fallback_nodes(plan, pool, nodes - state[pool].usable)
