"""A plan as a plot of students, seats and nodes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from z2jh.prescale.planning.plan import Plan
    from z2jh.prescale.planning.step_function import StepFunction

_BLUE, _ORANGE, _GREY = "#0078d4", "#d98c4f", "#9aa0a6"


def draw(plan: Plan, file: Path) -> None:
    """Writes a plot; the suffix of the file's name decides its format (`.svg`, `.png`, `.pdf`).

    Raises:
        ValueError: the format is unknown.
        OSError: the file cannot be written.
    """
    # Matplotlib loads slowly, and plans without a plot do not need it.
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    zone = plan.site.schedule.timezone
    pools = [pool for pool in plan.demands if _used(plan, pool)] or [plan.site.schedule.pool]
    figure = Figure(figsize=(11, 3.2 * len(pools)), layout="constrained")
    for axes, pool in zip(figure.subplots(len(pools), squeeze=False).flat, pools, strict=True):
        demand = plan.demands[pool]
        room = plan.site.capacities[pool, ""].seats
        seats = _curve(plan, demand.wanted, room)
        axes.fill_between(*seats, step="post", color=_GREY, alpha=0.35, label="seats")
        axes.step(*_curve(plan, demand.students), where="post", color=_BLUE, label="students")
        axes.set_title(f"{pool}: {_cost(plan, pool)}", loc="left", fontsize=10)
        axes.set_ylabel("people")
        nodes = axes.twinx()
        nodes.step(*_curve(plan, demand.wanted), where="post", color=_ORANGE, ls=":", label="nodes")
        nodes.set_ylabel(f"nodes = minimum{_price(plan, pool)}")
        for axis in (axes, nodes):
            axis.set_ylim(bottom=0)
            axis.spines["top"].set_visible(False)
        locator = AutoDateLocator(tz=zone)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        formatter = ConciseDateFormatter(locator, tz=zone)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(formatter)
        lines = [axis.get_legend_handles_labels() for axis in (axes, nodes)]
        axes.legend(*(a + b for a, b in zip(*lines, strict=True)), loc="upper left", fontsize=8)
    figure.savefig(file)


def _used(plan: Plan, pool: str) -> bool:
    demand = plan.demands[pool]
    return any(steps.maximum(plan.start, plan.end) for steps in (demand.wanted, demand.students))


def _curve(plan: Plan, steps: StepFunction, factor: int = 1) -> tuple[list[Any], list[int]]:
    inside = [time for time in steps.times if plan.start < time < plan.end]
    times = [plan.start, *inside, plan.end]
    zone = plan.site.schedule.timezone
    values = [steps.at(time) * factor for time in (*times[:-1], plan.end - 1)]
    return [datetime.fromtimestamp(time, zone) for time in times], values


def _price(plan: Plan, pool: str) -> str:
    price = plan.site.price(pool)
    return "" if price is None else f", {price:g} {plan.site.schedule.budget.currency} an hour each"


def _cost(plan: Plan, pool: str) -> str:
    hours = plan.demands[pool].paid.integral(plan.start, plan.end) / 3600
    price = plan.site.price(pool)
    money = "" if price is None else f", {hours * price:.2f} {plan.site.schedule.budget.currency}"
    return f"{hours:.1f} node hours{money}"
