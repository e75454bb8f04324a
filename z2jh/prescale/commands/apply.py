"""`apply`: brings the cluster to the plan."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from z2jh.prescale.errors import NotReadyError, PrescaleError
from z2jh.prescale.output import decision_rendering as rendering
from z2jh.prescale.planning.decision import Decision, decide

from . import connection
from .result import Result

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from z2jh.prescale.cloud.cluster import Cluster
    from z2jh.prescale.output.metrics import Metrics
    from z2jh.prescale.planning.plan import Plan


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `apply`."""
    connection.add_options(parser)
    add = parser.add_argument
    add("--dry-run", action="store_true", help="print what would be done, and stop")
    add("--metrics", type=Path, metavar="FILE", help="write Prometheus metrics there (*.prom)")
    add("--pushgateway", metavar="HOST:PORT", help="push the metrics there")


def run(options: argparse.Namespace) -> Result:
    """Runs `apply`."""
    if options.dry_run:
        with connection.connected(options) as (plan, cluster):
            return preview(plan, cluster, time.time())
    try:
        with connection.connected(options) as (plan, cluster):
            return apply_to(plan, cluster, options)
    except PrescaleError as error:
        failure = error  # Python deletes `error` after the block
        _publish(options, lambda metrics: metrics.record_end(failure, time.time()))
        raise


def preview(plan: Plan, cluster: Cluster, now: float) -> Result:
    """Returns what `apply` would do."""
    decision = decide(plan, cluster.observe(), now)
    outcomes = ["would be done"] * len(decision.actions)
    return Result(rendering.as_json(decision, plan), rendering.text(decision, plan, outcomes))


def apply_to(
    plan: Plan,
    cluster: Cluster,
    options: argparse.Namespace,
    clock: Callable[[], float] = time.time,
) -> Result:
    """Brings a cluster to a plan for a time around now; `clock` returns POSIX seconds."""
    state = cluster.observe()
    decision, failures = carry_out(plan, cluster, decide(plan, state, clock()), clock)
    for alert in decision.alerts:
        cluster.record_event("NotReady", alert, warning=True)
    error = _worst([failure for failure in failures if failure], decision)
    _publish(options, lambda metrics: metrics.record(decision, state, plan, error, clock()))
    data = rendering.as_json(decision, plan)
    for action, failure in zip(data["actions"], failures, strict=True):
        action["failure"] = str(failure) if failure else None
    outcomes = ["failed" if failure else "done" for failure in failures]
    return Result(data, rendering.text(decision, plan, outcomes), error)


def carry_out(
    plan: Plan, cluster: Cluster, decision: Decision, clock: Callable[[], float]
) -> tuple[Decision, list[PrescaleError | None]]:
    """Takes the lease, decides again and acts; does nothing without actions.

    The second decision is needed because the cluster may have changed before the lease was taken.
    It is returned, with the failure of each of its actions, or None.
    """
    if not decision.actions:
        return decision, []
    with cluster.lease as lease:
        decision = decide(plan, cluster.observe(), clock())
        return decision, cluster.carry_out(decision.actions, lease)


def _publish(options: argparse.Namespace, record: Callable[[Metrics], None]) -> None:
    if not (options.metrics or options.pushgateway):
        return
    from z2jh.prescale.output.metrics import Metrics  # noqa: PLC0415 -- needed for metrics alone

    metrics = Metrics()
    record(metrics)
    metrics.publish(options.metrics, options.pushgateway)


def _worst(failures: list[PrescaleError], decision: Decision) -> PrescaleError | None:
    """Returns one error for all; a class without its seats outranks failures that may pass."""
    message = "\n".join([*decision.alerts, *map(str, failures)])
    if decision.alerts:
        return NotReadyError(message)
    return type(failures[0])(message) if failures else None
