"""A decision as text for a person, and as values for a machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from z2jh.prescale.planning.decision import Cordon, SetMinimum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from z2jh.prescale.planning.decision import Action, Decision
    from z2jh.prescale.planning.plan import Plan


def values(decision: Decision, plan: Plan) -> dict[str, Any]:
    """For --json."""
    return {
        "actions": [{"kind": type(it).__name__} | asdict(it) for it in decision.actions],
        "alerts": list(decision.alerts),
        "wanted": decision.wanted,
        "missing": decision.missing,
        "known": plan.known,
        "notices": list(plan.notices),
    }


def text(decision: Decision, plan: Plan, outcomes: Sequence[str]) -> str:
    """Every action with what came of it, and what has to be known."""
    actions = zip(decision.actions, outcomes, strict=True)
    lines = [f"{_action(it)}: {outcome}" for it, outcome in actions] or ["Nothing to do"]
    return "\n".join([*lines, *notes(decision, plan)])


def notes(decision: Decision, plan: Plan) -> list[str]:
    """What an operator has to look at, and what to know."""
    return [*(f"Alert: {it}" for it in decision.alerts), *(f"Note: {it}" for it in plan.notices)]


def _action(it: Action) -> str:
    if isinstance(it, Cordon):
        return f"pool '{it.pool}': cordon {it.node}, which {it.reason}"
    name = "minimum" if isinstance(it, SetMinimum) else "placeholders"
    return f"pool '{it.pool}': {name} {it.before} -> {it.after} ({it.reason})"
