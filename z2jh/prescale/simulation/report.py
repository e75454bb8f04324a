"""Outcomes side by side: a table for a terminal, and a page with plots."""

from __future__ import annotations

import html
import io
from datetime import datetime
from typing import TYPE_CHECKING, Any

from z2jh.prescale.output.table import aligned, iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from z2jh.prescale.planning.plan import Plan

    from .parameters import Parameters
    from .trial import Outcome

_HEAD = (
    "policy", "logins", "median s", "p95 s", "worst s", "failed", "node hours", "cost",
    "against always on", "disrupted", "peak nodes",
)  # fmt: skip
_STYLE = (
    "body{font:15px system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em}"
    "table{border-collapse:collapse}td,th{padding:.3em .8em;text-align:right;"
    "border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}"
    "td{white-space:nowrap}svg{max-width:100%;height:auto}dl{columns:4}dt{font-weight:600;break-after:avoid}"
)
_ALWAYS = "always on"


def rows(outcomes: Sequence[Outcome], currency: str) -> list[tuple[str, ...]]:
    """The table, its head first."""
    always = next((it for it in outcomes if it.policy == _ALWAYS), None)
    return [_HEAD, *(_row(it, always, currency) for it in outcomes)]


def text(plan: Plan, outcomes: Sequence[Outcome]) -> str:
    """For a terminal."""
    currency = plan.site.schedule.budget.currency
    notes = [f"Note: {it}" for it in plan.notices]
    table = aligned(rows(outcomes, currency), {0})
    return "\n\n".join([f"{_span(plan)}: the same logins with each policy", table, *notes])


def as_json(plan: Plan, outcomes: Sequence[Outcome], parameters: Parameters) -> dict[str, Any]:
    """For a machine."""
    zone = plan.site.schedule.timezone
    return {
        "start": iso(plan.start, zone),
        "end": iso(plan.end, zone),
        "parameters": vars(parameters),
        "policies": [it.as_json() for it in outcomes],
        "notices": list(plan.notices),
    }


def page(plan: Plan, outcomes: Sequence[Outcome], parameters: Parameters) -> str:
    """A page of HTML that needs nothing else: table, plots, and the figures it stands on."""
    currency = plan.site.schedule.budget.currency
    head, *body = rows(outcomes, currency)
    table = "".join(
        f"<tr>{''.join(f'<{tag}>{html.escape(it)}</{tag}>' for it in row)}</tr>"
        for tag, row in (("th", head), *(("td", row) for row in body))
    )
    assumed = "".join(
        f"<dt>{html.escape(key)}</dt><dd>{value:g}</dd>" for key, value in vars(parameters).items()
    )
    notes = "".join(f"<li>{html.escape(it)}</li>" for it in plan.notices)
    title = html.escape(_span(plan))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1><table>{table}</table><ul>{notes}</ul>"
        f"<h2>Nodes</h2>{_nodes(plan, outcomes)}<h2>Waits</h2>{_waits(outcomes)}"
        f"<h2>What the model assumes</h2><p>Times are in seconds; README.md says where each figure "
        f"comes from.</p><dl>{assumed}</dl></html>\n"
    )


def _row(it: Outcome, always: Outcome | None, currency: str) -> tuple[str, ...]:
    cost = "-" if it.cost is None else f"{it.cost:.2f} {currency}".rstrip()
    return (
        it.policy, str(it.logins), f"{it.median:.1f}", f"{it.p95:.1f}", f"{it.worst:.1f}",
        str(it.failed), f"{it.node_hours:.1f}", cost, _ratio(it, always), str(it.disrupted),
        str(it.peak),
    )  # fmt: skip


def _ratio(it: Outcome, always: Outcome | None) -> str:
    """By money where it is known; otherwise by node hours."""
    if always is None:
        return "-"
    if it.cost is not None and always.cost:
        return f"{it.cost / always.cost:.2f}"
    return f"{it.node_hours / always.node_hours:.2f}" if always.node_hours else "-"


def _span(plan: Plan) -> str:
    zone = plan.site.schedule.timezone
    first, last = (datetime.fromtimestamp(it, zone) for it in (plan.start, plan.end))
    return f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"


def _nodes(plan: Plan, outcomes: Sequence[Outcome]) -> str:
    figure, axes = _figure(len(outcomes))
    zone = plan.site.schedule.timezone
    for axis, outcome in zip(axes, outcomes, strict=True):
        times = [datetime.fromtimestamp(time, zone) for time, _ in outcome.history]
        counts = [number for _, number in outcome.history]
        axis.fill_between(times, counts, step="post", color="#0078d4", alpha=0.6)
        axis.set_title(outcome.policy, loc="left", fontsize=10)
        axis.set_ylim(0, max(it.peak for it in outcomes) * 1.1 + 1)
        first, last = (datetime.fromtimestamp(it, zone) for it in (plan.start, plan.end))
        axis.set_xlim(first, last)
    return _svg(figure)


def _waits(outcomes: Sequence[Outcome]) -> str:
    from matplotlib.figure import Figure  # noqa: PLC0415 -- as below

    figure = Figure(figsize=(11, 4), layout="constrained")
    axis = figure.subplots()
    # Dashes of different lengths, as the curves of some policies are the same.
    for number, outcome in enumerate(outcomes):
        if outcome.waits:
            count = len(outcome.waits)
            # A thousand points draw any number of logins.
            places = sorted({round(it * (count - 1) / 999) for it in range(1000)})
            waits = [max(0.1, outcome.waits[it]) for it in places]
            dashes = (0, (6 + 2 * number, 2 * number))
            shares = [(it + 1) / count for it in places]
            axis.plot(waits, shares, label=outcome.policy, linestyle=dashes if number else "-")
    axis.set_xscale("log")
    axis.set_xlabel("seconds until the server is there")
    axis.set_ylabel("share of the logins")
    axis.grid(visible=True, alpha=0.3)
    axis.legend(fontsize=8)
    return _svg(figure)


def _figure(count: int) -> tuple[Any, Any]:
    # Matplotlib takes longer to load than a day to simulate.
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(11, 1.5 * count), layout="constrained")
    return figure, figure.subplots(count, squeeze=False, sharex=True)[:, 0]


def _svg(figure: Any) -> str:  # noqa: ANN401 -- matplotlib's
    out = io.StringIO()
    figure.savefig(out, format="svg")
    drawn = out.getvalue()
    return drawn[drawn.index("<svg") :]
