"""What a run of `apply` tells Prometheus: in a file for node-exporter, or at a push gateway."""

from __future__ import annotations

import logging
from http.client import HTTPException
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Gauge, push_to_gateway, write_to_textfile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from z2jh.prescale.errors import PrescaleError
    from z2jh.prescale.planning.cluster_state import World
    from z2jh.prescale.planning.decision import Decision
    from z2jh.prescale.planning.plan import Plan

_log = logging.getLogger(__name__)


class Metrics:
    """The metrics of one run."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()

    def success(
        self,
        decision: Decision,
        world: World,
        plan: Plan,
        error: PrescaleError | None,
        now: float,
    ) -> None:
        """Tell what was found and done; the world is as it was before."""
        pools = {pool: state for pool, state in world.items() if pool in decision.wanted}
        rooms = {pool: plan.site.capacities[pool, ""].seats for pool in pools}
        for name, told, values in (
            ("nodes_wanted", "Nodes wanted now", decision.wanted),
            ("nodes_missing", "Nodes wanted and not ready", decision.missing),
            ("nodes_ready", "Nodes with the image", {p: it.standing for p, it in pools.items()}),
            ("nodes_occupied", "Nodes with students", {p: it.occupied for p, it in pools.items()}),
            ("minimum", "Autoscaler's minimum", {p: it.minimum for p, it in pools.items()}),
            ("maximum", "Autoscaler's maximum", {p: it.maximum for p, it in pools.items()}),
            ("placeholders", "Placeholders", {p: it.placeholders for p, it in pools.items()}),
            ("seats_ready", "Seats", {p: it.standing * rooms[p] for p, it in pools.items()}),
        ):
            self._by("pool", name, told, values)
        self._one("actions", "Changes made by the run", len(decision.actions))
        self._one("alerts", "Alerts of the run", len(decision.alerts))
        self._one("calendars_known", "1 if every calendar or a copy was read", plan.known)
        hours = {it.monday.isoformat(): it.hours for it in plan.weeks}
        money = {it.monday.isoformat(): it.money for it in plan.weeks if it.money is not None}
        self._by("week", "planned_node_hours", "Planned for the week of that Monday", hours)
        self._by("week", "planned_money", "Planned for the week of that Monday", money)
        self._ended(0 if error is None else error.exit_code, now)

    def failure(self, error: PrescaleError, now: float) -> None:
        """Tell that the run failed."""
        self._ended(error.exit_code, now)

    def give(self, file: Path | None, gateway: str | None) -> None:
        """Write and push them; that nobody takes them is no failure of the run."""
        try:
            if file:
                write_to_textfile(str(file), self._registry)
            if gateway:
                push_to_gateway(gateway, job="prescale", registry=self._registry)
        except (OSError, ValueError, HTTPException) as error:
            _log.warning("the metrics could not be given: %s", error)

    def _ended(self, code: int, now: float) -> None:
        self._one("exit_code", "Exit code of the run", code)
        self._one("last_run_timestamp_seconds", "When the run ended", now)

    def _one(self, name: str, told: str, value: float) -> None:
        Gauge(f"prescale_{name}", told, registry=self._registry).set(value)

    def _by(self, label: str, name: str, told: str, values: Mapping[str, float]) -> None:
        gauge = Gauge(f"prescale_{name}", told, (label,), registry=self._registry)
        for key, value in values.items():
            gauge.labels(key).set(value)
