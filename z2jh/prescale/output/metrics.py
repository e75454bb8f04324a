"""The Prometheus metrics of a run of `apply`, for node-exporter or a push gateway."""

from __future__ import annotations

import logging
from http.client import HTTPException
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Gauge, push_to_gateway, write_to_textfile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from z2jh.prescale.errors import PrescaleError
    from z2jh.prescale.planning.cluster_state import ClusterState, PoolState
    from z2jh.prescale.planning.decision import Decision
    from z2jh.prescale.planning.plan import Plan

_log = logging.getLogger(__name__)


class Metrics:
    """The metrics of one run."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()

    def record(
        self,
        decision: Decision,
        state: ClusterState,
        plan: Plan,
        error: PrescaleError | None,
        now: float,
    ) -> None:
        """Records a run that reached the cluster; `state` is the one before the run."""
        pools = {name: pool for name, pool in state.items() if name in decision.wanted}
        seats = {
            name: pool.usable * plan.site.capacities[name, ""].seats for name, pool in pools.items()
        }
        for name, help_, values in (
            ("nodes_wanted", "Nodes wanted now", decision.wanted),
            ("nodes_missing", "Nodes wanted and not ready", decision.missing),
            ("nodes_ready", "Nodes with the image", _each(pools, lambda pool: pool.usable)),
            ("nodes_occupied", "Nodes with students", _each(pools, lambda pool: pool.occupied)),
            ("minimum", "Autoscaler's minimum", _each(pools, lambda pool: pool.minimum)),
            ("maximum", "Autoscaler's maximum", _each(pools, lambda pool: pool.maximum)),
            ("placeholders", "Placeholders", _each(pools, lambda pool: pool.placeholders)),
            ("seats_ready", "Seats", seats),
        ):
            self._set_each("pool", name, help_, values)
        self._set("actions", "Changes made by the run", len(decision.actions))
        self._set("alerts", "Alerts of the run", len(decision.alerts))
        known = plan.calendars_known
        self._set("calendars_known", "1 if every calendar or a copy was read", known)
        hours = {week.monday.isoformat(): week.hours for week in plan.weeks}
        money = {
            week.monday.isoformat(): week.money for week in plan.weeks if week.money is not None
        }
        self._set_each("week", "planned_node_hours", "Planned for the week of that Monday", hours)
        self._set_each("week", "planned_money", "Planned for the week of that Monday", money)
        self.record_end(error, now)

    def record_end(self, error: PrescaleError | None, now: float) -> None:
        """Records the end of a run, which may have failed before it reached a decision."""
        self._set("exit_code", "Exit code of the run", error.exit_code if error else 0)
        self._set("last_run_timestamp_seconds", "When the run ended", now)

    def publish(self, file: Path | None, gateway: str | None) -> None:
        """Writes and pushes the metrics. A failure is logged, and does not fail the run."""
        try:
            if file:
                write_to_textfile(str(file), self._registry)
            if gateway:
                push_to_gateway(gateway, job="prescale", registry=self._registry)
        except (OSError, ValueError, HTTPException) as error:
            _log.warning("the metrics could not be published: %s", error)

    def _set(self, name: str, help_: str, value: float) -> None:
        Gauge(f"prescale_{name}", help_, registry=self._registry).set(value)

    def _set_each(self, label: str, name: str, help_: str, values: Mapping[str, float]) -> None:
        gauge = Gauge(f"prescale_{name}", help_, (label,), registry=self._registry)
        for key, value in values.items():
            gauge.labels(key).set(value)


def _each(pools: ClusterState, value: Callable[[PoolState], float]) -> dict[str, float]:
    return {name: value(pool) for name, pool in pools.items()}
