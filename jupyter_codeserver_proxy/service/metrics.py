"""Metrics for Jupyter Server's Prometheus endpoint."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from jupyter_codeserver_proxy.supervision.observer import Observer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from prometheus_client.core import Metric

    from jupyter_codeserver_proxy.failure import Failure
    from jupyter_codeserver_proxy.forwarding.traffic import Traffic


class Metrics(Observer, Collector):
    """Counts the starts and failures of one code-server, and the bytes forwarded to it."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._starts = 0
        self._ready_count = 0
        self._ready_seconds = 0.0
        self._failures: Counter[str] = Counter()

    def started(self) -> None:
        """Counts a start."""
        self._starts += 1

    def became_ready(self, socket: Path, seconds: float) -> None:  # noqa: ARG002 -- the interface
        """Counts a successful start, and the time that it took."""
        self._ready_count += 1
        self._ready_seconds += seconds

    def failed(self, failure: Failure) -> None:
        """Counts a failure by its reason."""
        self._failures[failure.reason.value] += 1

    def collect(self) -> Iterator[Metric]:
        """Yields the metrics in Prometheus' form."""
        yield CounterMetricFamily("codeserver_starts", "Starts of code-server", self._starts)
        failures = CounterMetricFamily(
            "codeserver_failures", "Failures of code-server", labels=["reason"]
        )
        for reason, count in self._failures.items():
            failures.add_metric([reason], count)
        yield failures
        yield SummaryMetricFamily(
            "codeserver_ready_seconds",
            "Time from a start of code-server until it answers",
            count_value=self._ready_count,
            sum_value=self._ready_seconds,
        )
        yield GaugeMetricFamily(
            "codeserver_open_websockets", "Open websockets", self._traffic.websockets
        )
        forwarded = CounterMetricFamily(
            "codeserver_forwarded_bytes", "Bytes forwarded", labels=["direction"]
        )
        forwarded.add_metric(["to code-server"], self._traffic.bytes_up)
        forwarded.add_metric(["to the browser"], self._traffic.bytes_down)
        yield forwarded
