"""What the layers leave to the chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from z2jh.hubvalues.layers import CHART_DEFAULTS, merge

if TYPE_CHECKING:
    from z2jh.check.rendering.chart import Chart


def test_the_defaults_are_the_charts(known_chart: Chart) -> None:
    """Those that are read where no chart is at hand."""
    assert merge(known_chart.defaults, CHART_DEFAULTS) == known_chart.defaults
