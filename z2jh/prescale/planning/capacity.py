"""How many students a node of a pool has room for, and what it is that bounds them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .machines import GIB, Room

if TYPE_CHECKING:
    from z2jh.prescale.inputs.values import Pool, Profile, Values


@dataclass(frozen=True)
class Capacity:
    """Seats of one node.

    Attributes:
        pool: name.
        profile: slug.
        limits: how many students each thing would allow.
        free: CPU and memory for students, when GKE and its pods have theirs.
        told: the sum, step by step, for a person.
    """

    pool: str
    profile: str
    limits: dict[str, int]
    free: Room
    told: tuple[str, ...]

    @property
    def seats(self) -> int:
        """Students that a node has room for."""
        return max(0, min(self.limits.values()))

    @property
    def bound(self) -> str:
        """What runs out first."""
        return min(self.limits, key=self.limits.__getitem__)


def of(pool: Pool, profile: Profile, values: Values) -> Capacity:
    """Work a node's seats out."""
    kind = pool.machine
    free = kind.allocatable.less(values.reserve)
    each = profile.guarantee
    limits = {
        "memory": _times(free.memory, each.memory),
        "CPU": _times(free.cpu, each.cpu),
        # A placeholder is there until its node is needed.
        "pods": pool.max_pods - values.reserve_pods - 1,
    }
    if profile.volumes:
        limits["volumes"] = kind.disks // profile.volumes
    told = (
        f"{kind.name} has {_room(kind.room)}",
        f"GKE keeps {_room(kind.kept)} (reservation and eviction threshold)",
        f"GKE's own pods ask for {_room(values.reserve)} (custom.nodeReserve)",
        f"left for students are {_room(free)}; each is guaranteed {_room(each)}",
        "students by " + ", ".join(f"{name} {max(0, number)}" for name, number in limits.items()),
    )
    return Capacity(pool.name, profile.slug, limits, free, told)


def _times(room: float, each: float) -> int:
    if each <= 0:
        return 10**6
    return math.floor(round(room / each, 9))


def _room(room: Room) -> str:
    return f"{room.cpu:.3f} CPU and {room.memory / GIB:.2f} GiB"
