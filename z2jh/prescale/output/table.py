"""A plan as text for a person, and as values for a machine."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from z2jh.prescale.planning.plan import Change, Plan

_HEAD = ("time", "pool", "students", "seats", "nodes = minimum", "placeholders", "cost/h", "why")
_LEFT = {0, 1, 7}


def text(plan: Plan) -> str:
    """The whole plan: capacity, changes, costs and notices."""
    zone = plan.site.schedule.timezone
    span = f"{_when(plan.start, zone)} to {_when(plan.end, zone)} ({zone.key})"
    parts = [f"Plan for {span}", "\n".join(_capacity(plan)), changes(plan), _weeks(plan)]
    parts += [f"Note: {notice}" for notice in plan.notices]
    return "\n\n".join(parts)


def changes(plan: Plan) -> str:
    """What holds at the beginning, and the table of changes."""
    zone = plan.site.schedule.timezone
    at_first = ", ".join(f"{pool} {plan.wanted(pool, plan.start - 1)}" for pool in plan.demands)
    if not plan.changes:
        return f"Nothing changes; nodes wanted: {at_first}"
    rows = [_HEAD, *(_row(plan, it, zone) for it in plan.changes)]
    return f"Nodes wanted before: {at_first}\n\n{aligned(rows, _LEFT)}"


def aligned(rows: Sequence[Sequence[str]], left: set[int]) -> str:
    """Columns of text, set to the right but for those named."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
    return "\n".join(lines)


def as_json(plan: Plan) -> dict[str, Any]:
    """Everything, with times in ISO 8601."""
    zone = plan.site.schedule.timezone
    return {
        "timezone": zone.key,
        "start": iso(plan.start, zone),
        "end": iso(plan.end, zone),
        "known": plan.known,
        "lead_seconds": plan.site.lead,
        "changes": [asdict(it) | {"at": iso(it.at, zone)} for it in plan.changes],
        "held": [
            {
                "name": it.name,
                "start": iso(it.start, zone),
                "end": iso(it.end, zone),
                "students": it.students,
                "pool": plan.site.pool_of(it).name,
            }
            for it in plan.held
            if it.start < plan.end and it.end > plan.start
        ],
        "capacity": {
            pool: {"seats": plan.site.capacities[pool, ""].seats, **_limits(plan, pool)}
            for pool in plan.demands
        },
        "weeks": [asdict(it) | {"monday": it.monday.isoformat()} for it in plan.weeks],
        "notices": list(plan.notices),
    }


def iso(seconds: int, zone: ZoneInfo) -> str:
    """A local time with its offset."""
    return datetime.fromtimestamp(seconds, zone).isoformat()


def _limits(plan: Plan, pool: str) -> dict[str, Any]:
    found = plan.site.capacities[pool, ""]
    return {"bound_by": found.bound, "limits": found.limits, "told": list(found.told)}


def _capacity(plan: Plan) -> Iterator[str]:
    used = {plan.site.pool_of(it).name for it in plan.held} | {plan.site.schedule.pool}
    for (pool, profile), found in plan.site.capacities.items():
        if pool in used and not profile:
            yield f"Pool '{pool}': {found.seats} students a node, bound by {found.bound}"
            yield from (f"  {line}" for line in found.told)
    start = plan.site.schedule.node_start
    pulled = f"{start.provisioning} s for the machine, {start.pulling:.0f} s for the image"
    how = "as measured" if start.measured is not None else pulled
    yield (
        f"A node is asked for {plan.site.lead} s before it is needed: {start.seconds:.0f} s to "
        f"start ({how}), {start.margin} s for slow ones, {plan.site.schedule.interval} s between "
        "two runs"
    )


def _row(plan: Plan, change: Change, zone: ZoneInfo) -> tuple[str, ...]:
    up = f"up to {change.placeholders}" if change.placeholders else "0"
    currency = plan.site.schedule.budget.currency
    cost = "-" if change.cost is None else f"{change.cost:.2f} {currency}".rstrip()
    return (
        _when(change.at, zone),
        change.pool,
        str(change.students),
        str(change.seats),
        f"{change.before} -> {change.nodes}",
        up,
        cost,
        change.reason,
    )


def _weeks(plan: Plan) -> str:
    currency = plan.site.schedule.budget.currency
    lines = []
    for week in plan.weeks:
        money = "" if week.money is None else f", {week.money:.2f} {currency}".rstrip()
        lines.append(f"Week of {week.monday}: {week.hours:.1f} node hours{money}")
    return "\n".join(lines)


def _when(seconds: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(seconds, zone):%a %Y-%m-%d %H:%M}"
