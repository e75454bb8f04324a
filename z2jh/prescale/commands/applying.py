"""`apply` and `status`: the cluster brought to the plan, or compared with it."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from z2jh.prescale import demand
from z2jh.prescale.decision import Decision, decide
from z2jh.prescale.errors import NotReadyError, PrescaleError, UsageError
from z2jh.prescale.inputs import make_plan, read_site
from z2jh.prescale.table import aligned, iso

from .answer import Answer
from .planning import files_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from z2jh.prescale.decision import Action
    from z2jh.prescale.meetings import Held
    from z2jh.prescale.plan import Plan
    from z2jh.prescale.site import Site
    from z2jh.prescale.world import World

_AHEAD = 24 * 3600
_BEFORE = 24 * 3600


class Reachable(Protocol):
    """A cluster that can be looked at and changed."""

    def observe(self) -> World:
        """The pools as they are."""

    def held(self) -> AbstractContextManager[None]:
        """Keep others from changing it."""

    def carry_out(self, actions: Sequence[Action]) -> list[PrescaleError]:
        """Change it; gives what failed."""


@dataclass(frozen=True)
class Readiness:
    """Whether a meeting will have its seats.

    Attributes:
        held: the meeting.
        nodes: wanted at its start.
        standing: ready now.
        state: ready, starting, in time, late.
    """

    held: Held
    nodes: int
    standing: int
    state: str


def add_options(made: argparse.ArgumentParser) -> None:
    """Add the options of `apply`."""
    add_status_options(made)
    add = made.add_argument
    add("--dry-run", action="store_true", help="print what would be done, and stop")
    add("--metrics", type=Path, metavar="FILE", help="write Prometheus metrics there (*.prom)")
    add("--pushgateway", metavar="HOST:PORT", help="push the metrics there")


def add_status_options(made: argparse.ArgumentParser) -> None:
    """Add the options that say which cluster is meant."""
    add = made.add_argument
    add("--cluster", metavar="NAME", help="projects/P/locations/L/clusters/C (from the values)")
    add("--namespace", metavar="NAME", help="of the hub (from the values, else default)")


def run(options: argparse.Namespace) -> Answer:
    """Do the work of `apply`."""
    try:
        with _prepared(options) as (plan, cluster):
            return apply_to(plan, cluster, options)
    except PrescaleError as error:
        failed = error  # the name in `except` ends with it
        _measure(options, lambda metrics: metrics.failure(failed, time.time()))
        raise


def apply_to(
    plan: Plan,
    cluster: Reachable,
    options: argparse.Namespace,
    clock: Callable[[], float] = time.time,
) -> Answer:
    """Bring a cluster to a plan.

    Args:
        plan: for a time around now.
        cluster: that is looked at and changed.
        options: those of `apply`.
        clock: gives POSIX seconds.
    """
    world = cluster.observe()
    decision = decide(plan, world, clock())
    if options.dry_run:
        return Answer(_data(decision, plan), _text(decision, plan, "would be done"))
    decision, failures = carry_out(plan, cluster, decision, clock)
    error = _worst(failures, decision)
    _measure(options, lambda metrics: metrics.success(decision, world, plan, error, clock()))
    return Answer(_data(decision, plan), _text(decision, plan, "done"), error)


def carry_out(
    plan: Plan, cluster: Reachable, decision: Decision, clock: Callable[[], float]
) -> tuple[Decision, list[PrescaleError]]:
    """Do what was decided; nothing at all if there is nothing to do.

    What is done is decided again under the lease: the cluster may have changed until it was had.
    """
    if not decision.actions:
        return decision, []
    with cluster.held():
        again = decide(plan, cluster.observe(), clock())
        return again, cluster.carry_out(again.actions)


def status(options: argparse.Namespace) -> Answer:
    """Do the work of `status`."""
    with _prepared(options) as (plan, cluster):
        return status_of(plan, cluster, time.time())


def status_of(plan: Plan, cluster: Reachable, now: float) -> Answer:
    """Compare a cluster with a plan."""
    world = cluster.observe()
    decision = decide(plan, world, now)
    coming = readiness(plan, world, now)
    late = [it for it in coming if it.state == "late"]
    error = None
    if late:
        error = NotReadyError(f"not ready: {', '.join(it.held.name for it in late)}")
    data = _data(decision, plan) | {"meetings": [_meeting(it, plan.site) for it in coming]}
    notes = _notes(decision, plan)
    text = "\n\n".join([_pools(world, decision), _meetings(coming, plan.site), *notes])
    return Answer(data, text, error)


def readiness(plan: Plan, world: World, now: float) -> list[Readiness]:
    """Each meeting of the next day: will its nodes stand there in time?"""
    found = []
    for held in plan.held:
        if held.end <= now or held.start > now + _AHEAD or not held.students:
            continue
        pool = plan.site.pool_of(held).name
        if pool not in world:
            found.append(Readiness(held, plan.wanted(pool, held.start), 0, "late"))
            continue
        nodes, standing = plan.wanted(pool, max(now, held.start)), world[pool].standing
        found.append(Readiness(held, nodes, standing, _state(plan, world, held, nodes, now)))
    return found


def _state(plan: Plan, world: World, held: Held, nodes: int, now: float) -> str:
    pool = world[plan.site.pool_of(held).name]
    needed = plan.demands[plan.site.pool_of(held).name].needed.at(max(now, held.start))
    if needed > pool.maximum:
        return "late"
    if pool.standing >= nodes:
        return "ready"
    start = math.ceil(plan.site.schedule.node_start.seconds)
    due = demand.deadline(plan.site.schedule, held)
    if now < demand.prepared(plan.site, held):
        return "in time"
    # What has not begun to start by now needs all of its time.
    begun = len(pool.nodes) >= nodes or pool.placeholders > 0
    return "starting" if now < due and (begun or now + start <= due) else "late"


@contextmanager
def _prepared(options: argparse.Namespace) -> Iterator[tuple[Plan, Reachable]]:
    files = files_of(options)
    site = read_site(files)
    now = int(time.time())
    plan = make_plan(files, site, now - _BEFORE, now + _AHEAD)
    try:
        # Both clients take longer to load than a plan to make.
        from z2jh.prescale.cloud import cluster  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(f"a client is missing: {error}; install requirements.txt") from error
    where = cluster.place(site, options.cluster, options.namespace)
    with cluster.connect(site, where) as reached:
        yield plan, reached


def _measure(options: argparse.Namespace, what: Callable[[Any], None]) -> None:
    if options.dry_run or not (options.metrics or options.pushgateway):
        return
    from z2jh.prescale import metrics  # noqa: PLC0415 -- only who asks for them has to have it

    registry = metrics.Metrics()
    what(registry)
    registry.give(options.metrics, options.pushgateway)


def _worst(failures: list[PrescaleError], decision: Decision) -> PrescaleError | None:
    if failures:
        first = failures[0]
        return type(first)("\n".join(map(str, failures)))
    return NotReadyError("\n".join(decision.alerts)) if decision.alerts else None


def _data(decision: Decision, plan: Plan) -> dict[str, Any]:
    return {
        "actions": [{"kind": type(it).__name__} | asdict(it) for it in decision.actions],
        "alerts": list(decision.alerts),
        "wanted": decision.wanted,
        "missing": decision.missing,
        "known": plan.known,
        "notices": list(plan.notices),
    }


def _text(decision: Decision, plan: Plan, done: str) -> str:
    lines = [f"{_action(it)} {done}" for it in decision.actions] or ["Nothing to do"]
    return "\n".join([*lines, *_notes(decision, plan)])


def _action(action: Action) -> str:
    told = asdict(action)
    if "node" in told:
        return f"pool '{action.pool}': cordon {told['node']}, which {action.reason}:"
    name = "minimum" if type(action).__name__ == "SetMinimum" else "placeholders"
    change = f"{name} {told['before']} -> {told['after']}"
    return f"pool '{action.pool}': {change} ({action.reason}):"


def _notes(decision: Decision, plan: Plan) -> list[str]:
    return [*(f"Alert: {it}" for it in decision.alerts), *(f"Note: {it}" for it in plan.notices)]


def _pools(world: World, decision: Decision) -> str:
    head = ("pool", "wanted", "ready", "missing", "nodes", "with students", "minimum", "maximum",
            "placeholders")  # fmt: skip
    rows = [
        (pool, *map(str, (decision.wanted[pool], it.standing, decision.missing[pool],
                          len(it.nodes), it.occupied, it.minimum, it.maximum, it.placeholders)))
        for pool, it in world.items()
    ]  # fmt: skip
    return aligned([head, *rows], {0})


def _meetings(coming: list[Readiness], site: Site) -> str:
    if not coming:
        return "No class in the next 24 hours"
    zone = site.schedule.timezone
    head = ("class", "begins", "students", "nodes", "ready", "state")
    rows = [
        (
            it.held.name,
            f"{datetime.fromtimestamp(it.held.start, zone):%a %H:%M}",
            str(it.held.students),
            str(it.nodes),
            str(it.standing),
            it.state,
        )
        for it in coming
    ]
    return aligned([head, *rows], {0, 1, 5})


def _meeting(it: Readiness, site: Site) -> dict[str, Any]:
    return {
        "name": it.held.name,
        "start": iso(it.held.start, site.schedule.timezone),
        "students": it.held.students,
        "nodes": it.nodes,
        "ready": it.standing,
        "state": it.state,
    }
