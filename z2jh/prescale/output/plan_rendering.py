"""A plan as text and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .text import aligned, iso, money

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from z2jh.prescale.planning.plan import Change, Plan

_HEAD = ("time", "pool", "students", "seats", "nodes = minimum", "placeholders", "cost/h", "why")
_LEFT = {0, 1, 7}


def text(plan: Plan) -> str:
    """Formats capacities, changes, costs and notices for a person."""
    zone = plan.site.schedule.timezone
    span = f"{_when(plan.start, zone)} to {_when(plan.end, zone)} ({zone.key})"
    parts = [f"Plan for {span}", "\n".join(_capacities(plan)), _changes(plan), _weeks(plan)]
    parts += [f"Note: {notice}" for notice in plan.notices]
    return "\n\n".join(parts)


def _changes(plan: Plan) -> str:
    zone = plan.site.schedule.timezone
    at_first = ", ".join(f"{pool} {plan.wanted(pool, plan.start - 1)}" for pool in plan.demands)
    if not plan.changes:
        return f"Nothing changes; nodes wanted: {at_first}"
    currency = plan.site.schedule.budget.currency
    rows = [_HEAD, *(_row(change, zone, currency) for change in plan.changes)]
    return f"Nodes wanted before: {at_first}\n\n{aligned(rows, _LEFT)}"


def as_json(plan: Plan) -> dict[str, Any]:
    """Returns the whole plan, with times in ISO 8601."""
    zone = plan.site.schedule.timezone
    return {
        "timezone": zone.key,
        "start": iso(plan.start, zone),
        "end": iso(plan.end, zone),
        "known": plan.calendars_known,
        "lead_seconds": plan.site.lead,
        "changes": [asdict(change) | {"at": iso(change.at, zone)} for change in plan.changes],
        "held": [
            {
                "name": meeting.name,
                "start": iso(meeting.start, zone),
                "end": iso(meeting.end, zone),
                "students": meeting.students,
                "pool": plan.site.pool_of(meeting).name,
            }
            for meeting in plan.meetings
            if meeting.start < plan.end and meeting.end > plan.start
        ],
        "capacity": {pool: _capacity(plan, pool) for pool in plan.demands},
        "weeks": [asdict(week) | {"monday": week.monday.isoformat()} for week in plan.weeks],
        "notices": list(plan.notices),
    }


def _capacity(plan: Plan, pool: str) -> dict[str, Any]:
    capacity = plan.site.capacities[pool, ""]
    return {
        "seats": capacity.seats,
        "bound_by": capacity.bound,
        "limits": capacity.limits,
        "told": list(capacity.told),
    }


def _capacities(plan: Plan) -> Iterator[str]:
    used = {plan.site.pool_of(meeting).name for meeting in plan.meetings}
    used.add(plan.site.schedule.pool)
    for (pool, profile), capacity in plan.site.capacities.items():
        if pool in used and not profile:
            yield f"Pool '{pool}': {capacity.seats} students a node, bound by {capacity.bound}"
            yield from (f"  {line}" for line in capacity.told)
    start = plan.site.schedule.node_start
    estimated = f"{start.provisioning} s for the machine, {start.pulling:.0f} s for the image"
    how = "as measured" if start.measured is not None else estimated
    yield (
        f"A node is asked for {plan.site.lead} s before it is needed: {start.seconds:.0f} s to "
        f"start ({how}), {start.margin} s for slow ones, {plan.site.schedule.interval} s between "
        "two runs"
    )


def _row(change: Change, zone: ZoneInfo, currency: str) -> tuple[str, ...]:
    return (
        _when(change.at, zone),
        change.pool,
        str(change.students),
        str(change.seats),
        f"{change.before} -> {change.nodes}",
        f"up to {change.placeholders}" if change.placeholders else "0",
        money(change.cost, currency),
        change.reason,
    )


def _weeks(plan: Plan) -> str:
    currency = plan.site.schedule.budget.currency
    lines = []
    for week in plan.weeks:
        cost = "" if week.money is None else f", {money(week.money, currency)}"
        lines.append(f"Week of {week.monday}: {week.hours:.1f} node hours{cost}")
    return "\n".join(lines)


def _when(seconds: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(seconds, zone):%a %Y-%m-%d %H:%M}"
