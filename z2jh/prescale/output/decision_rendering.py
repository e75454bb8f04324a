"""A decision as text and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from z2jh.prescale.planning.decision import Cordon, SetMinimum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from z2jh.prescale.planning.decision import Action, Decision
    from z2jh.prescale.planning.plan import Plan


def as_json(decision: Decision, plan: Plan) -> dict[str, Any]:
    """Returns the whole decision."""
    return {
        "actions": [
            {"kind": type(action).__name__} | asdict(action) for action in decision.actions
        ],
        "alerts": list(decision.alerts),
        "wanted": decision.wanted,
        "missing": decision.missing,
        "known": plan.calendars_known,
        "notices": list(plan.notices),
    }


def text(decision: Decision, plan: Plan, outcomes: Sequence[str]) -> str:
    """Formats every action with its outcome, and then alerts and notices."""
    actions = zip(decision.actions, outcomes, strict=True)
    lines = [f"{_action(action)}: {outcome}" for action, outcome in actions] or ["Nothing to do"]
    return "\n".join([*lines, *notes(decision, plan)])


def notes(decision: Decision, plan: Plan) -> list[str]:
    """Formats alerts and notices."""
    alerts = [f"Alert: {alert}" for alert in decision.alerts]
    return [*alerts, *(f"Note: {notice}" for notice in plan.notices)]


def _action(action: Action) -> str:
    if isinstance(action, Cordon):
        return f"pool '{action.pool}': cordon {action.node}, which {action.reason}"
    name = "minimum" if isinstance(action, SetMinimum) else "placeholders"
    return f"pool '{action.pool}': {name} {action.before} -> {action.after} ({action.reason})"
