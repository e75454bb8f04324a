"""The policies that set minimum and placeholders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from z2jh.prescale.planning.decision import Action, SetMinimum, decide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from z2jh.prescale.planning.cluster_state import ClusterState
    from z2jh.prescale.planning.plan import Plan
    from z2jh.prescale.planning.step_function import StepFunction


@dataclass(frozen=True)
class FixedMinimum:
    """Sets a given minimum: none, a constant, or one that follows the clock.

    `starts_nodes` says whether the minimum starts nodes, which it does not on GKE.
    """

    name: str
    pool: str
    minimum: StepFunction
    starts_nodes: bool = False

    def runs(self, start: int, end: int) -> Sequence[int]:
        """Returns the start, and the times at which the minimum changes."""
        return [start, *(time for time in self.minimum.times if start < time < end)]

    def wants_nothing(self, now: float) -> bool:
        """Returns whether the minimum is 0."""
        return not self.minimum.at(now)

    def actions(self, state: ClusterState, now: float) -> Sequence[Action]:
        """Sets the minimum if it differs."""
        before = state[self.pool].minimum
        after = min(state[self.pool].maximum, self.minimum.at(now))
        return [SetMinimum(self.pool, before, after, self.name)] if after != before else []


@dataclass(frozen=True)
class Prescale:
    """Decides like `apply`, by a plan for the whole time."""

    plan: Plan
    name: str = "prescale"
    starts_nodes: bool = False

    def runs(self, start: int, end: int) -> Sequence[int]:
        """Returns the times of the runs of `apply`."""
        return range(start, end, self.plan.site.schedule.interval)

    def wants_nothing(self, now: float) -> bool:
        """Returns whether no pool should have a node."""
        return not any(demand.wanted.at(now) for demand in self.plan.demands.values())

    def actions(self, state: ClusterState, now: float) -> Sequence[Action]:
        """Decides like `apply`."""
        return decide(self.plan, state, now).actions


Policy = FixedMinimum | Prescale
