"""The observed state of a cluster: its pools and nodes at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

LIFE = 24 * 3600  # seconds after which Google stops a preemptible machine
PREEMPTIBLE = "preemptible"


@dataclass(frozen=True)
class Node:
    """A node.

    Attributes:
        created: POSIX seconds.
        ready: runs pods.
        has_image: has the students' image.
        students: number of students' servers on it.
        cordoned: takes no new pods, or is about to be removed.
    """

    name: str
    created: float
    ready: bool = True
    has_image: bool = True
    students: int = 0
    cordoned: bool = False


@dataclass(frozen=True)
class PoolState:
    """The state of a pool.

    Attributes:
        minimum: the autoscaler's, for the whole pool.
        maximum: the autoscaler's, for the whole pool.
        placeholders: number of placeholder pods, running or waiting for a node.
        step: granularity of the minimum: the number of zones if GKE counts per zone, else 1.
        problem: reason why placeholders start no nodes here, or the wrong ones; may be empty.
    """

    minimum: int
    maximum: int
    placeholders: int
    nodes: tuple[Node, ...] = ()
    step: int = 1
    problem: str = ""

    @cached_property
    def usable(self) -> int:
        """Number of nodes on which a student's server starts at once."""
        return sum(node.ready and node.has_image and not node.cordoned for node in self.nodes)

    @cached_property
    def occupied(self) -> int:
        """Number of nodes that have students and take more."""
        return sum(node.students > 0 and node.ready and not node.cordoned for node in self.nodes)


ClusterState = dict[str, PoolState]
