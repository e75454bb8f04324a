"""What we say the chart's hub makes of the values is what its own file makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.z2jh.check import hub_configuration
from z2jh.check.rendering import template
from z2jh.hubvalues import layers

if TYPE_CHECKING:
    from pathlib import Path

    from z2jh.check.rendering.chart import Chart, Pin


@pytest.mark.parametrize("extras", [(), ("exams",), ("sandbox", "classes/databases")], ids=str)
def test_the_charts_own_file_says_the_same(
    extras: tuple[str, ...], pin: Pin, whole_chart: Chart, tmp_path: Path
) -> None:
    """Every option of the spawner, run with what helm renders of the whole chart."""
    stack = layers.stack("prod", extras)
    rendered = template.manifests(template.text(whole_chart.path, stack, pin))
    theirs = hub_configuration.run(rendered, "hub", tmp_path)
    values = layers.over_defaults(whole_chart.defaults, stack.values)
    name = f"{pin.name}-{whole_chart.version}"
    assert hub_configuration.retold(values, "hub", "hub", name) == theirs
