"""`status`: what is wanted, there and missing, and which classes will have their seats."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from z2jh.prescale.errors import NotReadyError
from z2jh.prescale.output.table import aligned, iso
from z2jh.prescale.planning.decision import decide
from z2jh.prescale.planning.readiness import readiness

from . import rendering as telling
from .answer import Answer
from .connection import prepared

if TYPE_CHECKING:
    import argparse

    from z2jh.prescale.planning.cluster_state import World
    from z2jh.prescale.planning.decision import Decision
    from z2jh.prescale.planning.plan import Plan
    from z2jh.prescale.planning.readiness import Readiness
    from z2jh.prescale.planning.site import Site

    from .connection import Visible


def run(options: argparse.Namespace) -> Answer:
    """Do the work of `status`."""
    with prepared(options) as (plan, cluster):
        return status_of(plan, cluster, time.time())


def status_of(plan: Plan, cluster: Visible, now: float) -> Answer:
    """Compare a cluster with a plan."""
    world = cluster.observe()
    decision = decide(plan, world, now)
    coming = readiness(plan, world, now)
    late = [it for it in coming if it.state == "late"]
    error = None
    if late:
        error = NotReadyError(f"not ready: {', '.join(it.held.name for it in late)}")
    values = telling.values(decision, plan)
    data = values | {"meetings": [_meeting(it, plan.site) for it in coming]}
    parts = [_pools(world, decision), _meetings(coming, plan.site), *telling.notes(decision, plan)]
    return Answer(data, "\n\n".join(parts), error)


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
