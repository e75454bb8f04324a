"""`apply`: the cluster brought to the plan."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from z2jh.prescale.errors import NotReadyError, PrescaleError
from z2jh.prescale.planning.decision import Decision, decide

from . import connection
from . import rendering as telling
from .answer import Answer

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from z2jh.prescale.planning.plan import Plan

    from .connection import Reachable, Visible


def add_options(made: argparse.ArgumentParser) -> None:
    """Add the options of `apply`."""
    connection.add_options(made)
    add = made.add_argument
    add("--dry-run", action="store_true", help="print what would be done, and stop")
    add("--metrics", type=Path, metavar="FILE", help="write Prometheus metrics there (*.prom)")
    add("--pushgateway", metavar="HOST:PORT", help="push the metrics there")


def run(options: argparse.Namespace) -> Answer:
    """Do the work of `apply`."""
    if options.dry_run:
        with connection.prepared(options) as (plan, cluster):
            return preview(plan, cluster, time.time())
    try:
        with connection.prepared(options) as (plan, cluster):
            return apply_to(plan, cluster, options)
    except PrescaleError as error:
        failed = error  # the name in `except` ends with it
        _measure(options, lambda metrics: metrics.failure(failed, time.time()))
        raise


def preview(plan: Plan, cluster: Visible, now: float) -> Answer:
    """Say what would be done."""
    decision = decide(plan, cluster.observe(), now)
    outcomes = ["would be done"] * len(decision.actions)
    return Answer(telling.values(decision, plan), telling.text(decision, plan, outcomes))


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
    decision, failures = carry_out(plan, cluster, decide(plan, world, clock()), clock)
    for alert in decision.alerts:
        cluster.tell("NotReady", alert, warning=True)
    error = _worst([it for it in failures if it], decision)
    _measure(options, lambda metrics: metrics.success(decision, world, plan, error, clock()))
    values = telling.values(decision, plan)
    for told, why in zip(values["actions"], failures, strict=True):
        told["failure"] = str(why) if why else None
    outcomes = ["failed" if why else "done" for why in failures]
    return Answer(values, telling.text(decision, plan, outcomes), error)


def carry_out(
    plan: Plan, cluster: Reachable, decision: Decision, clock: Callable[[], float]
) -> tuple[Decision, list[PrescaleError | None]]:
    """Do what was decided; nothing at all if there is nothing to do.

    What is done is decided again under the lease: the cluster may have changed until it was had.
    """
    if not decision.actions:
        return decision, []
    with cluster.held() as hold:
        again = decide(plan, cluster.observe(), clock())
        return again, cluster.carry_out(again.actions, hold)


def _measure(options: argparse.Namespace, what: Callable[[Any], None]) -> None:
    if not (options.metrics or options.pushgateway):
        return
    from z2jh.prescale.output import metrics  # noqa: PLC0415 -- only who asks for them has to have it

    registry = metrics.Metrics()
    what(registry)
    registry.give(options.metrics, options.pushgateway)


def _worst(failures: list[PrescaleError], decision: Decision) -> PrescaleError | None:
    """A class without its seats counts more than what may pass."""
    told = "\n".join([*decision.alerts, *map(str, failures)])
    if decision.alerts:
        return NotReadyError(told)
    return type(failures[0])(told) if failures else None
