"""A plan as a picture: students, seats, nodes and what they cost."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from z2jh.prescale.planning.plan import Plan
    from z2jh.prescale.planning.steps import Steps

_BLUE, _ORANGE, _GREY = "#0078d4", "#d98c4f", "#9aa0a6"


def draw(plan: Plan, file: Path) -> None:
    """Write a picture, in the format that the file's name says (`.svg`, `.png`, `.pdf`).

    Raises:
        ValueError: the format is unknown.
        OSError: the file cannot be written.
    """
    # Nobody who wants the table alone has to wait for it.
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    zone = plan.site.schedule.timezone
    pools = [pool for pool in plan.demands if _used(plan, pool)] or [plan.site.schedule.pool]
    figure = Figure(figsize=(11, 3.2 * len(pools)), layout="constrained")
    for axes, pool in zip(figure.subplots(len(pools), squeeze=False).flat, pools, strict=True):
        needs = plan.demands[pool]
        room = plan.site.capacities[pool, ""].seats
        seats = _curve(plan, needs.wanted, room)
        axes.fill_between(*seats, step="post", color=_GREY, alpha=0.35, label="seats")
        axes.step(*_curve(plan, needs.students), where="post", color=_BLUE, label="students")
        axes.set_title(f"{pool}: {_cost(plan, pool)}", loc="left", fontsize=10)
        axes.set_ylabel("people")
        nodes = axes.twinx()
        nodes.step(*_curve(plan, needs.wanted), where="post", color=_ORANGE, ls=":", label="nodes")
        nodes.set_ylabel(f"nodes = minimum{_each(plan, pool)}")
        for each in (axes, nodes):
            each.set_ylim(bottom=0)
            each.spines["top"].set_visible(False)
        locator = AutoDateLocator(tz=zone)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        shown = ConciseDateFormatter(locator, tz=zone)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(shown)
        lines = [it.get_legend_handles_labels() for it in (axes, nodes)]
        axes.legend(*(a + b for a, b in zip(*lines, strict=True)), loc="upper left", fontsize=8)
    figure.savefig(file)


def _used(plan: Plan, pool: str) -> bool:
    needs = plan.demands[pool]
    return bool(
        needs.wanted.most(plan.start, plan.end) or needs.students.most(plan.start, plan.end)
    )


def _curve(plan: Plan, steps: Steps, factor: int = 1) -> tuple[list[Any], list[int]]:
    inside = [it for it in steps.times if plan.start < it < plan.end]
    times = [plan.start, *inside, plan.end]
    zone = plan.site.schedule.timezone
    values = [steps.at(it) * factor for it in (*times[:-1], plan.end - 1)]
    return [datetime.fromtimestamp(it, zone) for it in times], values


def _each(plan: Plan, pool: str) -> str:
    price = plan.site.price(pool)
    return "" if price is None else f", {price:g} {plan.site.schedule.budget.currency} an hour each"


def _cost(plan: Plan, pool: str) -> str:
    hours = plan.demands[pool].paid.integral(plan.start, plan.end) / 3600
    price = plan.site.price(pool)
    money = "" if price is None else f", {hours * price:.2f} {plan.site.schedule.budget.currency}"
    return f"{hours:.1f} node hours{money}"
