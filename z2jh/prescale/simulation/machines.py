"""The machines of a pool in the model, found by the room that they have."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from z2jh.prescale.planning.cluster_state import Node, PoolState

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(eq=False, slots=True)
class Student:
    """One who has logged in.

    Attributes:
        weight: room that the server takes, in seats of the default profile.
        pool: where the server goes.
        since: of the login.
        leaves: when the student goes; the server is culled later.
        submitted: when the hub started the server.
        machine: on which it runs.
    """

    weight: int
    pool: str
    since: float
    leaves: float
    submitted: float = 0.0
    machine: Machine | None = None


@dataclass(eq=False, slots=True)
class Machine:
    """A node, from the autoscaler's wish until it is gone."""

    number: int
    pool: MachinePool
    born: float
    ready_at: float
    image_at: float
    free: int
    students: set[Student] = field(default_factory=set)
    ready: bool = False
    placeholder: bool = False
    cordoned: bool = False
    gone: bool = False
    idle_since: float | None = None


@dataclass(eq=False)
class MachinePool:
    """A node pool.

    Attributes:
        name: of the pool.
        seats: of a machine.
        maximum: machines that there may be.
        life: seconds after which Google takes a machine, or None.
        reclaimed: machines taken back, a day and machine.
    """

    name: str
    seats: int
    maximum: int
    life: float | None
    reclaimed: float
    minimum: int = 0
    placeholders: int = 0
    starting: int = 0
    seconds: float = 0.0
    machines: dict[int, Machine] = field(default_factory=dict)
    kept: list[Machine] = field(default_factory=list)
    reserved: dict[int, Machine] = field(default_factory=dict)
    room: list[dict[int, Machine]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.room = [{} for _ in range(self.seats + 1)]

    def offer(self, machine: Machine) -> None:
        """Let the scheduler find a machine again."""
        if machine.ready and not machine.cordoned and not machine.gone:
            place = self.reserved if machine.placeholder else self.room[machine.free]
            place[machine.number] = machine

    def withdraw(self, machine: Machine) -> None:
        """Let nobody find it."""
        self.reserved.pop(machine.number, None)
        self.room[machine.free].pop(machine.number, None)

    def fullest(self, weight: int) -> Machine | None:
        """The fullest machine with so much room, as Z2JH's scheduler takes it."""
        for bucket in islice(self.room, weight, None):
            if bucket:
                return next(iter(bucket.values()))
        return None

    def behind_placeholder(self) -> Machine | None:
        """A machine whose placeholder a student may evict."""
        return next(iter(self.reserved.values()), None)

    def empty(self) -> Iterator[Machine]:
        """Machines onto which a placeholder fits."""
        return iter(list(self.room[self.seats].values()))

    def state(self, now: float) -> PoolState:
        """The pool as `apply` would see it."""
        nodes = tuple(
            Node(
                name=str(it.number),
                born=it.born,
                ready=it.ready,
                image=it.image_at <= now,
                students=len(it.students),
                cordoned=it.cordoned,
            )
            for it in self.machines.values()
        )
        return PoolState(self.minimum, self.maximum, self.placeholders, nodes)
