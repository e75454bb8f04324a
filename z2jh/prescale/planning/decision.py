"""The decision of a run of `apply`: what to change now, from a plan and the cluster's state."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from z2jh.prescale.schedule.meetings import DAY

from . import demand
from .cluster_state import LIFE, PREEMPTIBLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from z2jh.prescale.schedule.meetings import Meeting

    from .cluster_state import ClusterState, Node, PoolState
    from .plan import Plan

_LONGEST_MEETING = 14 * DAY


@dataclass(frozen=True)
class _SetNumber:
    pool: str
    before: int
    after: int
    reason: str


class SetMinimum(_SetNumber):
    """Sets the autoscaler's minimum of a pool."""


class SetPlaceholders(_SetNumber):
    """Sets the number of node-sized placeholders of a pool."""


@dataclass(frozen=True)
class Cordon:
    """Cordons an empty node; the autoscaler then removes and replaces it."""

    pool: str
    node: str
    reason: str


Action = SetMinimum | SetPlaceholders | Cordon


@dataclass(frozen=True)
class Decision:
    """What to do now.

    Attributes:
        actions: in the order to carry them out. Placeholders come first: they start nodes, and
            an operation on the cluster may delay a minimum.
        alerts: messages that need an operator now.
        wanted: nodes by pool, including those for the fallback.
        missing: nodes by pool that are wanted and not usable yet.
    """

    actions: tuple[Action, ...]
    alerts: tuple[str, ...]
    wanted: dict[str, int]
    missing: dict[str, int]


def decide(plan: Plan, state: ClusterState, now: float) -> Decision:
    """Compares the plan with the cluster.

    Before a class, raises the minimum and requests nodes with placeholders, until every node is
    ready and has the image. Then removes the placeholders: the minimum alone keeps the nodes, and
    students find them empty. After a class, lowers the minimum. No node is ever removed, and no
    pool resized.

    The plan is for a time around now (POSIX seconds). Pools that `state` lacks are left alone.
    """
    wanted = {pool: plan.wanted(pool, now) for pool in state}
    alerts = [*_pools_with_problems(plan, state, now), *_fall_back(plan, state, wanted, now)]
    actions: list[Action] = []
    missing: dict[str, int] = {}
    for pool, observed in state.items():
        target = wanted[pool]
        if target > observed.maximum:
            alerts.append(
                f"pool '{pool}': {target} nodes are wanted, and the autoscaler's maximum is "
                f"{observed.maximum}: raise it"
            )
        target = min(target, observed.maximum)
        if not plan.calendars_known:
            target = max(target, observed.minimum)
        wanted[pool] = target
        missing[pool] = max(0, target - observed.usable)
        actions += _resizing(plan, pool, observed, target, now)
        actions += _rotation(plan, pool, observed, target, now)
    actions.sort(key=lambda action: isinstance(action, SetMinimum))
    return Decision(tuple(actions), tuple(alerts), wanted, missing)


def _pools_with_problems(plan: Plan, state: ClusterState, now: float) -> Iterator[str]:
    """Yields an alert for each pool that a class of the next day needs and that cannot grow."""
    day = int(now), int(now) + DAY
    needed = [pool for pool, demands in plan.demands.items() if demands.wanted.maximum(*day)]
    for pool in needed:
        if pool not in state:
            yield (
                f"pool '{pool}' is wanted, and the cluster has no pool of that name that is "
                "autoscaled: make it, or switch autoscaling on"
            )
    for pool, observed in state.items():
        if observed.problem and needed and pool in {*needed, plan.site.schedule.fallback}:
            yield observed.problem


def _resizing(
    plan: Plan, pool: str, observed: PoolState, target: int, now: float
) -> Iterator[SetMinimum | SetPlaceholders]:
    # Until the minimum is raised, the autoscaler removes empty nodes without a placeholder.
    growing = observed.usable < target or observed.minimum < target
    placeholders = max(0, target - observed.occupied) if growing else 0
    if not plan.calendars_known:
        placeholders = max(placeholders, observed.placeholders)
    reason = _reason(plan, pool, now)
    minimum = min(observed.maximum, -(-target // observed.step) * observed.step)
    if minimum != observed.minimum:
        yield SetMinimum(pool, observed.minimum, minimum, reason)
    if placeholders != observed.placeholders:
        ready = f"{observed.usable} of {target} nodes are ready"
        yield SetPlaceholders(pool, observed.placeholders, placeholders, f"{ready}; {reason}")


def _reason(plan: Plan, pool: str, now: float) -> str:
    last = bisect_right(plan.changes, now, key=lambda change: change.at)
    reasons = (change.reason for change in reversed(plan.changes[:last]) if change.pool == pool)
    return next(reasons, "as planned")


def _fall_back(
    plan: Plan, state: ClusterState, wanted: dict[str, int], now: float
) -> Iterator[str]:
    """Adds nodes that are missing at a deadline to the fallback pool, and yields alerts."""
    fallback, zone = plan.site.schedule.fallback, plan.site.schedule.timezone
    for pool, observed in state.items():
        # `due` may exceed the pool's maximum, and leaves out nodes for later classes.
        due = plan.demands[pool].due.at(now)
        lacking = due - observed.usable
        if lacking <= 0:
            continue
        late = [meeting for meeting in _late(plan, now) if plan.site.pool_of(meeting).name == pool]
        if not late:
            continue
        names = ", ".join(meeting.title(zone) for meeting in late)
        alert = f"pool '{pool}': {lacking} of {due} nodes are not ready for {names}"
        if not fallback or pool == fallback or fallback not in state:
            yield f"{alert}; there is no fallback pool to ask"
            continue
        substitutes = fallback_nodes(plan, pool, lacking)
        wanted[fallback] += substitutes
        # With enough usable nodes in the fallback pool, the class has its seats.
        if state[fallback].usable < wanted[fallback]:
            yield f"{alert}; {substitutes} nodes are asked of pool '{fallback}' instead"


def fallback_nodes(plan: Plan, pool: str, nodes: int) -> int:
    """Returns how many nodes of the fallback pool have as many seats as nodes of another pool."""
    room = plan.site.capacities[pool, ""].seats
    fallback_room = plan.site.capacities[plan.site.schedule.fallback, ""].seats
    return math.ceil(nodes * room / max(1, fallback_room))


def _around(plan: Plan, time: float) -> Sequence[Meeting]:
    """Returns the meetings that may be going on at a time, or be past their deadline."""
    first = bisect_left(plan.meetings, time - _LONGEST_MEETING, key=lambda meeting: meeting.start)
    last = bisect_left(plan.meetings, time + DAY, key=lambda meeting: meeting.start)
    return plan.meetings[first:last]


def _late(plan: Plan, now: float) -> list[Meeting]:
    """Returns the meetings between their deadline and their end."""
    schedule = plan.site.schedule
    return [
        meeting
        for meeting in _around(plan, now)
        if demand.deadline(schedule, meeting) <= now < meeting.end and meeting.students
    ]


def _rotation(
    plan: Plan, pool: str, observed: PoolState, target: int, now: float
) -> Iterator[Cordon]:
    """Cordons empty nodes that would reach 24 hours during a class, a few at a time."""
    rule = plan.site.schedule.rotation
    # The autoscaler removes no node with a placeholder, so this waits until all are gone.
    if plan.site.values.pools[pool].provisioning != PREEMPTIBLE or observed.placeholders:
        return
    room = rule.at_once - sum(node.cordoned for node in observed.nodes)
    if target >= observed.usable:
        # The pool must have room for the replacement.
        room = min(room, observed.maximum - len(observed.nodes))
    old = sorted(observed.nodes, key=lambda node: node.created)
    due = [(node, _dies_in(plan, pool, node, now)) for node in old]
    replaceable = [(node, meeting) for node, meeting in due if meeting]
    zone = plan.site.schedule.timezone
    for node, meeting in replaceable[: max(0, room)]:
        yield Cordon(pool, node.name, f"would reach 24 hours during {meeting.title(zone)}")


def _dies_in(plan: Plan, pool: str, node: Node, now: float) -> Meeting | None:
    """Returns the meeting in which an empty node would die, if a replacement would outlive it."""
    if node.students or node.cordoned or not node.ready:
        return None
    death = node.created + LIFE
    margin = plan.site.schedule.rotation.margin
    for meeting in _around(plan, death):
        due = demand.deadline(plan.site.schedule, meeting)
        helps = meeting.end - LIFE <= now <= due - plan.site.lead - margin
        if plan.site.pool_of(meeting).name == pool and due <= death < meeting.end and helps:
            return meeting
    return None
