"""`status`: shows wanted, ready and missing nodes, and whether classes will have their seats."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from z2jh.prescale.errors import NotReadyError
from z2jh.prescale.output import decision_rendering as rendering
from z2jh.prescale.output.text import aligned, iso
from z2jh.prescale.planning.decision import decide
from z2jh.prescale.planning.readiness import readiness

from .connection import connected
from .result import Result

if TYPE_CHECKING:
    import argparse
    from zoneinfo import ZoneInfo

    from z2jh.prescale.cloud.cluster import Cluster
    from z2jh.prescale.planning.cluster_state import ClusterState
    from z2jh.prescale.planning.decision import Decision
    from z2jh.prescale.planning.plan import Plan
    from z2jh.prescale.planning.readiness import Readiness

_POOL_HEAD = ("pool", "wanted", "ready", "missing", "nodes", "with students", "minimum",
              "maximum", "placeholders")  # fmt: skip
_MEETING_HEAD = ("class", "begins", "students", "nodes", "ready", "state")


def run(options: argparse.Namespace) -> Result:
    """Runs `status`."""
    with connected(options) as (plan, cluster):
        return status_of(plan, cluster, time.time())


def status_of(plan: Plan, cluster: Cluster, now: float) -> Result:
    """Compares a cluster with a plan."""
    state = cluster.observe()
    decision = decide(plan, state, now)
    coming = readiness(plan, state, now)
    zone = plan.site.schedule.timezone
    late = ", ".join(row.meeting.name for row in coming if row.state == "late")
    error = NotReadyError(f"not ready: {late}") if late else None
    data = rendering.as_json(decision, plan) | {"meetings": [_as_json(row, zone) for row in coming]}
    notes = rendering.notes(decision, plan)
    text = "\n\n".join([_pools(state, decision), _meetings(coming, zone), *notes])
    return Result(data, text, error)


def _pools(state: ClusterState, decision: Decision) -> str:
    rows = [
        (name, *map(str, (decision.wanted[name], pool.usable, decision.missing[name],
                          len(pool.nodes), pool.occupied, pool.minimum, pool.maximum,
                          pool.placeholders)))
        for name, pool in state.items()
    ]  # fmt: skip
    return aligned([_POOL_HEAD, *rows], {0})


def _meetings(coming: list[Readiness], zone: ZoneInfo) -> str:
    if not coming:
        return "No class in the next 24 hours"
    rows = [
        (
            row.meeting.name,
            f"{datetime.fromtimestamp(row.meeting.start, zone):%a %H:%M}",
            str(row.meeting.students),
            str(row.nodes),
            str(row.usable),
            row.state,
        )
        for row in coming
    ]
    return aligned([_MEETING_HEAD, *rows], {0, 1, 5})


def _as_json(row: Readiness, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "name": row.meeting.name,
        "start": iso(row.meeting.start, zone),
        "students": row.meeting.students,
        "nodes": row.nodes,
        "ready": row.usable,
        "state": row.state,
    }
