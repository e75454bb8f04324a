"""A plan and what stands there in, what to do now out: the rules of every run of `apply`."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from . import demand
from .cluster_state import LIFE, PREEMPTIBLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cluster_state import Node, PoolState, World
    from .meetings import Held
    from .plan import Plan

_DAY = 24 * 3600
_LONGEST_MEETING = 14 * _DAY


@dataclass(frozen=True)
class SetMinimum:
    """Set the autoscaler's minimum of a pool."""

    pool: str
    before: int
    after: int
    reason: str


@dataclass(frozen=True)
class SetPlaceholders:
    """Set how many node-sized placeholders a pool has."""

    pool: str
    before: int
    after: int
    reason: str


@dataclass(frozen=True)
class Cordon:
    """Let no new pods onto a node: empty, it is removed by the autoscaler, and replaced."""

    pool: str
    node: str
    reason: str


Action = SetMinimum | SetPlaceholders | Cordon


@dataclass(frozen=True)
class Decision:
    """What to do now.

    Attributes:
        actions: in the order in which they are done: placeholders first, as they bring nodes, and
            an operation of Google's may keep a minimum waiting.
        alerts: what an operator has to look at now.
        wanted: nodes by pool, with those of the fallback.
        missing: nodes by pool that a student could not sit on yet.
    """

    actions: tuple[Action, ...]
    alerts: tuple[str, ...]
    wanted: dict[str, int]
    missing: dict[str, int]


def decide(plan: Plan, world: World, now: float) -> Decision:
    """Compare what is wanted with what is there.

    Raises the minimum and asks with placeholders until every node stands there with the image;
    then the minimum alone keeps them, and students find them empty. Gives back by lowering the
    minimum and removing placeholders: no node is ever removed, and no pool made smaller.

    Args:
        plan: made for a time around now.
        world: the pools as they are; those that are not in it are left alone.
        now: POSIX seconds.
    """
    wanted = {pool: plan.wanted(pool, now) for pool in world}
    alerts = [*_unable(plan, world, now), *_fall_back(plan, world, wanted, now)]
    actions: list[Action] = []
    missing: dict[str, int] = {}
    for pool, state in world.items():
        target = wanted[pool]
        if target > state.maximum:
            alerts.append(
                f"pool '{pool}': {target} nodes are wanted, and the autoscaler's maximum is "
                f"{state.maximum}: raise it"
            )
        target = wanted[pool] = min(target, state.maximum)
        if not plan.known:
            target = wanted[pool] = max(target, state.minimum)
        missing[pool] = max(0, target - state.standing)
        actions += _of_pool(plan, pool, state, target, now)
        actions += _rotation(plan, pool, state, target, now)
    actions.sort(key=lambda it: isinstance(it, SetMinimum))
    return Decision(tuple(actions), tuple(alerts), wanted, missing)


def _unable(plan: Plan, world: World, now: float) -> Iterator[str]:
    """Pools that a class of the next day needs, and that give it no nodes as they are."""
    day = int(now), int(now) + _DAY
    needed = [pool for pool, needs in plan.demands.items() if needs.wanted.most(*day)]
    for pool in needed:
        if pool not in world:
            yield (
                f"pool '{pool}' is wanted, and the cluster has no pool of that name that is "
                "autoscaled: make it, or switch autoscaling on"
            )
    for pool, state in world.items():
        if state.unfit and needed and pool in {*needed, plan.site.schedule.fallback}:
            yield state.unfit


def _of_pool(
    plan: Plan, pool: str, state: PoolState, target: int, now: float
) -> Iterator[SetMinimum | SetPlaceholders]:
    asked = target - state.occupied if _short(state, target) else 0
    asked = max(0, asked)
    if not plan.known:
        asked = max(asked, state.placeholders)
    reason = _reason(plan, pool, now)
    minimum = min(state.maximum, -(-target // state.step) * state.step)
    if minimum != state.minimum:
        yield SetMinimum(pool, state.minimum, minimum, reason)
    if asked != state.placeholders:
        ready = f"{state.standing} of {target} nodes are ready"
        yield SetPlaceholders(pool, state.placeholders, asked, f"{ready}; {reason}")


def _short(state: PoolState, target: int) -> bool:
    # Until the minimum holds, an empty node without a placeholder would be taken away.
    return state.standing < target or state.minimum < target


def _reason(plan: Plan, pool: str, now: float) -> str:
    last = bisect_right(plan.changes, now, key=lambda it: it.at)
    made = (it.reason for it in reversed(plan.changes[:last]) if it.pool == pool)
    return next(made, "as planned")


def _fall_back(plan: Plan, world: World, wanted: dict[str, int], now: float) -> Iterator[str]:
    """Ask the fallback pool for what is missing at a deadline, and say so."""
    fallback = plan.site.schedule.fallback
    for pool, state in world.items():
        # Also what is more than the pool may have; and not yet what a later class is prepared.
        full = plan.demands[pool].due.at(now)
        lacking = full - state.standing
        if lacking <= 0:
            continue
        late = [it for it in _late(plan, now) if plan.site.pool_of(it).name == pool]
        if not late:
            continue
        names = ", ".join(_told(plan, it) for it in late)
        told = f"pool '{pool}': {lacking} of {full} nodes are not ready for {names}"
        if not fallback or pool == fallback or fallback not in world:
            yield f"{told}; there is no fallback pool to ask"
            continue
        instead = substitutes(plan, pool, lacking)
        wanted[fallback] += instead
        # Once they stand there, the class has its seats.
        if world[fallback].standing < wanted[fallback]:
            yield f"{told}; {instead} nodes are asked of pool '{fallback}' instead"


def substitutes(plan: Plan, pool: str, nodes: int) -> int:
    """Nodes of the fallback pool that have the seats of so many of another pool."""
    room, other = (plan.site.capacities[it, ""].seats for it in (pool, plan.site.schedule.fallback))
    return math.ceil(nodes * room / max(1, other))


def _late(plan: Plan, now: float) -> list[Held]:
    """Meetings whose seats have to be ready by now, and that are not over."""
    first = bisect_left(plan.held, now - _LONGEST_MEETING, key=lambda it: it.start)
    last = bisect_left(plan.held, now + _DAY, key=lambda it: it.start)
    schedule = plan.site.schedule
    return [
        it
        for it in plan.held[first:last]
        if demand.deadline(schedule, it) <= now < it.end and it.students
    ]


def _rotation(plan: Plan, pool: str, state: PoolState, target: int, now: float) -> Iterator[Cordon]:
    """Empty nodes that would reach their age during a class, as many as may be replaced at once."""
    rule = plan.site.schedule.rotation
    # Where a placeholder may sit, the autoscaler would remove nothing: the next run looks again.
    if plan.site.values.pools[pool].provisioning != PREEMPTIBLE or state.placeholders:
        return
    room = min(
        rule.at_once - sum(it.cordoned for it in state.nodes),
        # The one that replaces it has to fit beside it.
        state.maximum - len(state.nodes) if target >= state.standing else rule.at_once,
    )
    due = [(it, held) for it in state.nodes if (held := _dies_in(plan, pool, it, now, rule.margin))]
    for node, held in sorted(due, key=lambda it: it[0].born)[: max(0, room)]:
        yield Cordon(pool, node.name, f"would reach 24 hours during {_told(plan, held)}")


def _dies_in(plan: Plan, pool: str, node: Node, now: float, margin: int) -> Held | None:
    """The meeting in which an empty node would die, if a new one would be there, and outlive it."""
    if node.students or node.cordoned or not node.ready:
        return None
    death = node.born + LIFE
    first = bisect_left(plan.held, death - _LONGEST_MEETING, key=lambda it: it.start)
    last = bisect_left(plan.held, death + _DAY, key=lambda it: it.start)
    for held in plan.held[first:last]:
        due = demand.deadline(plan.site.schedule, held)
        helps = held.end - LIFE <= now <= due - plan.site.lead - margin
        if plan.site.pool_of(held).name == pool and due <= death < held.end and helps:
            return held
    return None


def _told(plan: Plan, held: Held) -> str:
    begins = datetime.fromtimestamp(held.start, plan.site.schedule.timezone)
    return f"{held.name} at {begins:%a %H:%M}"
