"""How many pods of students a node holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .pods import Pod
    from .pools import Pool


def seats_by(pool: Pool, student: Pod) -> dict[str, int]:
    """Counts the students that a node of a pool would hold, by each thing that may run out.

    Pods that keep a place count for nothing: the scheduler evicts them for a student.
    """
    found = pool.room.count(student.requests) | {"pods": pool.max_pods - pool.reserved_pods}
    if student.volumes:
        found["volumes"] = pool.machine.disks // student.volumes
    return {name: max(0, number) for name, number in found.items()}


def seats(pool: Pool, student: Pod) -> int:
    """Counts the students that a node of a pool holds."""
    return min(seats_by(pool, student).values())
