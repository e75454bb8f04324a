"""The machines of a pool in the model, indexed by their free room."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from z2jh.prescale.planning.cluster_state import Node, PoolState


@dataclass(eq=False, slots=True)
class Student:
    """A student who has logged in.

    Attributes:
        weight: room of the server, in seats of the default profile.
        since: time of the login.
        leaves: when the student goes; the server is culled later.
        submitted: when the hub started the server.
        machine: with the server; None before and after.
    """

    weight: int
    pool: str
    since: float
    leaves: float
    submitted: float = 0.0
    machine: Machine | None = None


@dataclass(eq=False, slots=True)
class Machine:
    """A node, from its request until its removal."""

    number: int
    pool: MachinePool
    created: float
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
        seats: of a machine.
        maximum: number of machines.
        life: seconds after which Google stops a machine, or None.
        reclaimed: expected number of times that Google takes a machine back in a day.
        minimum: number of machines that the autoscaler keeps.
        placeholders: wanted number.
        starting: number of machines that are not ready yet.
        seconds: machine time of removed machines.
        idle: machines that the minimum keeps, although they have been empty for long enough.
        reserved: machines with a placeholder, by number.
        room: machines without a placeholder, by free seats and number.
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
    idle: list[Machine] = field(default_factory=list)
    reserved: dict[int, Machine] = field(default_factory=dict)
    room: list[dict[int, Machine]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.room = [{} for _ in range(self.seats + 1)]

    def offer(self, machine: Machine) -> None:
        """Makes a machine available to the scheduler."""
        if machine.ready and not machine.cordoned and not machine.gone:
            index = self.reserved if machine.placeholder else self.room[machine.free]
            index[machine.number] = machine

    def withdraw(self, machine: Machine) -> None:
        """Hides a machine from the scheduler."""
        self.reserved.pop(machine.number, None)
        self.room[machine.free].pop(machine.number, None)

    def fullest(self, weight: int) -> Machine | None:
        """Returns the fullest machine with enough room, like Z2JH's scheduler."""
        for bucket in islice(self.room, weight, None):
            if bucket:
                return next(iter(bucket.values()))
        return None

    def seat(self, student: Student, machine: Machine) -> None:
        """Places a student's server on a machine."""
        self.withdraw(machine)
        machine.free -= student.weight
        machine.students.add(student)
        machine.idle_since = None
        student.machine = machine
        self.offer(machine)

    def unseat(self, student: Student, machine: Machine) -> None:
        """Removes a student's server from a machine."""
        self.withdraw(machine)
        machine.free += student.weight
        machine.students.discard(student)
        student.machine = None
        self.offer(machine)

    def evict_placeholder(self) -> Machine | None:
        """Removes a placeholder; returns its machine, or None if there is no placeholder."""
        machine = next(iter(self.reserved.values()), None)
        if machine is not None:
            self.withdraw(machine)
            machine.placeholder = False
            self.offer(machine)
        return machine

    def place_placeholders(self) -> None:
        """Puts missing placeholders onto empty machines."""
        for machine in list(self.room[self.seats].values()):
            if len(self.reserved) >= self.placeholders:
                return
            self.withdraw(machine)
            machine.placeholder = True
            machine.idle_since = None
            self.offer(machine)

    def cordon(self, machine: Machine) -> None:
        """Closes a machine for new pods."""
        self.withdraw(machine)
        machine.cordoned = True
        machine.placeholder = False

    def state(self, now: float) -> PoolState:
        """Returns the pool as `apply` observes it."""
        nodes = tuple(
            Node(
                name=str(machine.number),
                created=machine.created,
                ready=machine.ready,
                has_image=machine.image_at <= now,
                students=len(machine.students),
                cordoned=machine.cordoned,
            )
            for machine in self.machines.values()
        )
        return PoolState(self.minimum, self.maximum, self.placeholders, nodes)
