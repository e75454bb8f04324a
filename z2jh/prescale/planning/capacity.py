"""How many students a node of a pool has room for, and which resource bounds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from z2jh.hubvalues.seats import seats_by
from z2jh.resources import GIB

if TYPE_CHECKING:
    from z2jh.hubvalues.pods import Pod
    from z2jh.hubvalues.pools import Pool
    from z2jh.resources import Resources


@dataclass(frozen=True)
class Capacity:
    """The students that each resource of a node allows, and the sum, told step by step."""

    limits: dict[str, int]
    told: tuple[str, ...]

    @property
    def seats(self) -> int:
        """Students that a node has room for."""
        return min(self.limits.values())

    @property
    def bound(self) -> str:
        """The resource that runs out first."""
        return min(self.limits, key=self.limits.__getitem__)


def of(pool: Pool, student: Pod) -> Capacity:
    """Returns the seats of a node."""
    machine, limits = pool.machine, seats_by(pool, student)
    told = (
        f"{machine.name} has {_shown(machine.capacity)}",
        f"GKE keeps {_shown(machine.reserved)} (reservation and eviction threshold)",
        f"GKE's own pods ask for {_shown(pool.reserve)} (custom.nodeReserve)",
        f"left for students are {_shown(pool.room)}; each is guaranteed {_shown(student.requests)}",
        "students by " + ", ".join(f"{name} {number}" for name, number in limits.items()),
    )
    return Capacity(limits, told)


def _shown(amount: Resources) -> str:
    return f"{amount.cpu:.3f} CPU and {amount.memory / GIB:.2f} GiB"
