"""The report of a simulation: a table, JSON, and a page with plots."""

from __future__ import annotations

import html
import io
from datetime import datetime
from typing import TYPE_CHECKING, Any

from z2jh.prescale.output.text import aligned, iso, money

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
    """Returns the table, with its head."""
    always = next((outcome for outcome in outcomes if outcome.policy == _ALWAYS), None)
    return [_HEAD, *(_row(outcome, always, currency) for outcome in outcomes)]


def text(plan: Plan, outcomes: Sequence[Outcome]) -> str:
    """Formats the report for a terminal."""
    currency = plan.site.schedule.budget.currency
    notes = [f"Note: {notice}" for notice in plan.notices]
    table = aligned(rows(outcomes, currency), {0})
    return "\n\n".join([f"{_span(plan)}: the same logins with each policy", table, *notes])


def as_json(plan: Plan, outcomes: Sequence[Outcome], parameters: Parameters) -> dict[str, Any]:
    """Returns the report as JSON."""
    zone = plan.site.schedule.timezone
    return {
        "start": iso(plan.start, zone),
        "end": iso(plan.end, zone),
        "parameters": vars(parameters),
        "policies": [outcome.as_json() for outcome in outcomes],
        "notices": list(plan.notices),
    }


def page(plan: Plan, outcomes: Sequence[Outcome], parameters: Parameters) -> str:
    """Formats the report as a self-contained page of HTML, with plots and parameters."""
    currency = plan.site.schedule.budget.currency
    head, *body = rows(outcomes, currency)
    table = "".join(
        f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in row)}</tr>"
        for tag, row in (("th", head), *(("td", row) for row in body))
    )
    assumed = "".join(
        f"<dt>{html.escape(key)}</dt><dd>{value:g}</dd>" for key, value in vars(parameters).items()
    )
    notes = "".join(f"<li>{html.escape(notice)}</li>" for notice in plan.notices)
    title = html.escape(_span(plan))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1><table>{table}</table><ul>{notes}</ul>"
        f"<h2>Nodes</h2>{_nodes(plan, outcomes)}<h2>Waits</h2>{_waits(outcomes)}"
        f"<h2>What the model assumes</h2><p>Times are in seconds; README.md says where each figure "
        f"comes from.</p><dl>{assumed}</dl></html>\n"
    )


def _row(outcome: Outcome, always: Outcome | None, currency: str) -> tuple[str, ...]:
    waits = (outcome.median, outcome.p95, outcome.worst)
    return (
        outcome.policy, str(outcome.logins), *(f"{wait:.1f}" for wait in waits),
        str(outcome.failed), f"{outcome.node_hours:.1f}", money(outcome.cost, currency),
        _ratio(outcome, always), str(outcome.disrupted), str(outcome.peak),
    )  # fmt: skip


def _ratio(outcome: Outcome, always: Outcome | None) -> str:
    """Compares costs if they are known, else node hours."""
    if always is None:
        return "-"
    if outcome.cost is not None and always.cost:
        return f"{outcome.cost / always.cost:.2f}"
    return f"{outcome.node_hours / always.node_hours:.2f}" if always.node_hours else "-"


def _span(plan: Plan) -> str:
    zone = plan.site.schedule.timezone
    first, last = (datetime.fromtimestamp(edge, zone) for edge in (plan.start, plan.end))
    return f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"


def _nodes(plan: Plan, outcomes: Sequence[Outcome]) -> str:
    figure, axes = _figure(1.5 * len(outcomes), len(outcomes))
    zone = plan.site.schedule.timezone
    for axis, outcome in zip(axes, outcomes, strict=True):
        times = [datetime.fromtimestamp(time, zone) for time, _ in outcome.history]
        counts = [number for _, number in outcome.history]
        axis.fill_between(times, counts, step="post", color="#0078d4", alpha=0.6)
        axis.set_title(outcome.policy, loc="left", fontsize=10)
        axis.set_ylim(0, max(outcome.peak for outcome in outcomes) * 1.1 + 1)
        axis.set_xlim(*(datetime.fromtimestamp(edge, zone) for edge in (plan.start, plan.end)))
    return _svg(figure)


def _waits(outcomes: Sequence[Outcome]) -> str:
    figure, (axis,) = _figure(4)
    # Dashes of different lengths, because the curves of some policies coincide.
    for number, outcome in enumerate(outcomes):
        if outcome.waits:
            count = len(outcome.waits)
            # A thousand points are enough for any number of logins.
            places = sorted({round(point * (count - 1) / 999) for point in range(1000)})
            waits = [max(0.1, outcome.waits[place]) for place in places]
            dashes = (0, (6 + 2 * number, 2 * number))
            shares = [(place + 1) / count for place in places]
            axis.plot(waits, shares, label=outcome.policy, linestyle=dashes if number else "-")
    axis.set_xscale("log")
    axis.set_xlabel("seconds until the server is there")
    axis.set_ylabel("share of the logins")
    axis.grid(visible=True, alpha=0.3)
    axis.legend(fontsize=8)
    return _svg(figure)


def _figure(height: float, count: int = 1) -> tuple[Any, Any]:
    # Loading matplotlib takes longer than simulating a day.
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(11, height), layout="constrained")
    return figure, figure.subplots(count, squeeze=False, sharex=True)[:, 0]


def _svg(figure: Any) -> str:  # noqa: ANN401 -- matplotlib's
    out = io.StringIO()
    figure.savefig(out, format="svg")
    drawn = out.getvalue()
    return drawn[drawn.index("<svg") :]
