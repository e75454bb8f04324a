"""Everything that is checked of one stack of layers, in the order in which a person mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import invariants, manifests, pools, render, schema, secrecy, shapes, traits
from .layers import over_defaults
from .problems import Problem

if TYPE_CHECKING:
    from .chart import Chart, Pin
    from .layers import Stack


def check(stack: Stack, pinned: Pin, chart: Chart | None, *, renders: bool = True) -> list[Problem]:
    """What is wrong with a stack; what a later step says is only true when an earlier is content.

    Args:
        stack: the layers.
        pinned: says which version of Kubernetes renders are held against.
        chart: without it, there is neither a schema nor anything to render.
        renders: whether helm is run.

    Raises:
        HelmError: helm is missing, or refuses what the schema has let pass.
    """
    problems = [*secrecy.check(stack), *shapes.check(stack), *traits.check(stack)]
    if chart:
        problems += schema.check(stack, chart)
    if problems:
        return problems
    values = over_defaults(chart.defaults, stack.values) if chart else stack.values
    try:
        problems = invariants.check(stack, values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if chart:
            raise
        # Without its schema, nothing has said yet which value is a list and should be a map.
        message = (
            f"a value is not of the type that the chart wants ({error}): its schema says which"
        )
        problems = [Problem(stack.name, "", f"{message}, with --pull or Z2JH_CHART")]
    if problems or not chart or not renders:
        return problems
    hub = invariants.Hub(stack, values, pools.parse(stack)[0])
    rendered = render.manifests(render.text(chart.path, stack, pinned))
    return manifests.check(hub, rendered, pinned.kubernetes)
