"""The run: everything that is checked of one stack, in the order in which a person mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from z2jh.hubvalues import custom, pools
from z2jh.hubvalues.layers import over_defaults

from .hub import Hub
from .rendering import template
from .rules import (
    images,
    manifests,
    placement,
    safety,
    schema,
    secret_scan,
    sizes,
    type_conflicts,
    unknown_options,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from z2jh.hubvalues.layers import Stack
    from z2jh.problems import Problem

    from .rendering.chart import Chart, Pin


def check(stack: Stack, pinned: Pin, chart: Chart | None, *, renders: bool = True) -> list[Problem]:
    """Returns the problems of a stack, of the first stage that has any.

    Each stage takes for granted what those before it have checked. Without a chart, there is
    neither a schema nor anything to render.

    Raises:
        HelmError: helm is missing, or refuses values that passed the schema.
    """
    for stage in _stages(stack, pinned, chart, renders=renders):
        if stage:
            return stage
    return []


def _stages(
    stack: Stack, pinned: Pin, chart: Chart | None, *, renders: bool
) -> Iterator[list[Problem]]:
    yield [
        *secret_scan.check(stack),
        *type_conflicts.check(stack),
        *unknown_options.check(stack),
        *(schema.check(stack, chart) if chart else ()),
    ]
    yield custom.check(stack)
    found, problems = pools.read(stack)
    yield sorted(problems)
    values = over_defaults(chart.defaults, stack.values) if chart else stack.values
    hub = Hub(stack, values, found)
    yield sorted({*placement.unknown_pools(hub), *sizes.exact(hub)})
    rules = (placement.check, sizes.check, safety.check, images.check)
    yield sorted({problem for rule in rules for problem in rule(hub)})
    if chart and renders:
        rendered = template.manifests(template.text(chart.path, stack, pinned))
        yield manifests.check(hub, rendered, pinned.kubernetes)
