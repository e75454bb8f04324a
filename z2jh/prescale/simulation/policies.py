"""What decides about minimum and placeholders, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from z2jh.prescale.planning.decision import Action, SetMinimum, decide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from z2jh.prescale.planning.cluster_state import World
    from z2jh.prescale.planning.plan import Plan
    from z2jh.prescale.planning.steps import Steps


class Policy(Protocol):
    """Somebody who changes limits."""

    @property
    def name(self) -> str:
        """For the report."""

    @property
    def enforced(self) -> bool:
        """The autoscaler starts nodes up to the minimum, which GKE's does not."""

    def runs(self, start: int, end: int) -> Sequence[int]:
        """When it looks at the cluster."""

    def idle(self, now: float) -> bool:
        """It wants nothing at that time: where nothing is set, it need not look."""

    def act(self, world: World, now: float) -> Sequence[Action]:
        """What to change now."""


@dataclass(frozen=True)
class Fixed:
    """A minimum that is given: none, all the time, or by the clock.

    Attributes:
        name: for the report.
        pool: whose minimum it is.
        minimum: at each time.
        enforced: nodes are started up to it.
    """

    name: str
    pool: str
    minimum: Steps
    enforced: bool = False

    def runs(self, start: int, end: int) -> Sequence[int]:
        """Whenever its minimum changes."""
        return [start, *(it for it in self.minimum.times if start < it < end)]

    def idle(self, now: float) -> bool:
        """It wants nothing."""
        return not self.minimum.at(now)

    def act(self, world: World, now: float) -> Sequence[Action]:
        """Set the minimum."""
        before = world[self.pool].minimum
        after = min(world[self.pool].maximum, self.minimum.at(now))
        return [SetMinimum(self.pool, before, after, self.name)] if after != before else []


@dataclass(frozen=True)
class Prescale:
    """What `apply` does.

    Attributes:
        plan: for the whole time.
        name: for the report.
    """

    plan: Plan
    name: str = "prescale"
    enforced: bool = False

    def runs(self, start: int, end: int) -> Sequence[int]:
        """Every few minutes."""
        return range(start, end, self.plan.site.schedule.interval)

    def idle(self, now: float) -> bool:
        """No pool has to have a node."""
        return not any(it.wanted.at(now) for it in self.plan.demands.values())

    def act(self, world: World, now: float) -> Sequence[Action]:
        """Decide as `apply` does."""
        return decide(self.plan, world, now).actions
