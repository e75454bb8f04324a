"""What stands in the cluster at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

LIFE = 24 * 3600  # seconds that Google lets a preemptible machine live, at most
PREEMPTIBLE = "preemptible"


@dataclass(frozen=True)
class Node:
    """A machine.

    Attributes:
        name: Kubernetes' name.
        born: POSIX seconds.
        ready: runs pods, and takes new ones.
        image: has the students' image.
        students: whose servers are on it.
        cordoned: takes no new pods, or is about to go.
    """

    name: str
    born: float
    ready: bool = True
    image: bool = True
    students: int = 0
    cordoned: bool = False


@dataclass(frozen=True)
class PoolState:
    """A pool as it is.

    Attributes:
        minimum: the autoscaler's, for the whole pool.
        maximum: the autoscaler's, for the whole pool.
        placeholders: that there are, whether they run or wait for a node.
        nodes: of the pool.
        step: by which the minimum can be set: the number of zones, where GKE counts for each.
        unfit: why placeholders bring no nodes here, or not the right ones; empty if they do.
    """

    minimum: int
    maximum: int
    placeholders: int
    nodes: tuple[Node, ...] = ()
    step: int = 1
    unfit: str = ""

    @cached_property
    def standing(self) -> int:
        """Nodes on which a student can sit at once."""
        return sum(it.ready and it.image and not it.cordoned for it in self.nodes)

    @cached_property
    def occupied(self) -> int:
        """Nodes with students, that take more of them."""
        return sum(it.students > 0 and it.ready and not it.cordoned for it in self.nodes)


World = dict[str, PoolState]
