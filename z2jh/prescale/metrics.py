"""What a run of `apply` tells Prometheus: in a file for node-exporter, or at a push gateway."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Gauge, push_to_gateway, write_to_textfile

if TYPE_CHECKING:
    from pathlib import Path

    from .decision import Decision
    from .errors import PrescaleError
    from .plan import Plan
    from .site import Site
    from .world import World

_log = logging.getLogger(__name__)


class Metrics:
    """The metrics of one run."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()

    def success(
        self,
        decision: Decision,
        world: World,
        site: Site,
        plan: Plan,
        error: PrescaleError | None,
    ) -> None:
        """Tell what was found and done."""
        for pool, state in world.items():
            seats = site.capacities[pool, ""].seats
            for name, told, value in (
                ("nodes_wanted", "Nodes wanted now", decision.wanted[pool]),
                ("nodes_ready", "Nodes ready with the image", state.standing),
                ("nodes_missing", "Nodes wanted and not ready", decision.missing[pool]),
                ("nodes_with_students", "Nodes with students", state.occupied),
                ("minimum", "The autoscaler's minimum before the run", state.minimum),
                ("maximum", "The autoscaler's maximum", state.maximum),
                ("placeholders", "Placeholders before the run", state.placeholders),
                ("seats_ready", "Seats on ready nodes", state.standing * seats),
            ):
                self._gauge(name, told, ("pool",)).labels(pool).set(value)
        self._gauge("actions", "Changes made by the run").set(len(decision.actions))
        self._gauge("alerts", "Alerts of the run").set(len(decision.alerts))
        self._gauge("calendar_known", "1 if every calendar or a copy was read").set(plan.known)
        for week in plan.weeks[-1:]:
            self._gauge("week_node_hours", "Node hours planned this week").set(week.hours)
            if week.money is not None:
                self._gauge("week_money", "Money planned this week").set(week.money)
        self._ended(0 if error is None else error.exit_code)

    def failure(self, error: PrescaleError) -> None:
        """Tell that the run failed."""
        self._ended(error.exit_code)

    def give(self, file: Path | None, gateway: str | None) -> None:
        """Write and push them; that nobody takes them is no failure of the run."""
        try:
            if file:
                write_to_textfile(str(file), self._registry)
            if gateway:
                push_to_gateway(gateway, job="prescale", registry=self._registry)
        except OSError as error:
            _log.warning("the metrics could not be given: %s", error)

    def _ended(self, code: int) -> None:
        self._gauge("exit_code", "Exit code of the run").set(code)
        self._gauge("last_run_timestamp_seconds", "When the run ended").set(time.time())

    def _gauge(self, name: str, told: str, labels: tuple[str, ...] = ()) -> Gauge:
        known = self._registry._names_to_collectors.get(f"prescale_{name}")  # noqa: SLF001 -- there is no public look-up
        if isinstance(known, Gauge):
            return known
        return Gauge(f"prescale_{name}", told, labels, registry=self._registry)
