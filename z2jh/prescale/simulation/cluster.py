"""The discrete-event model: hub, scheduler, autoscaler, machines that come and go."""

from __future__ import annotations

import math
from array import array
from collections import deque
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from z2jh.prescale.planning.decision import Cordon, SetMinimum, SetPlaceholders

from .machines import Machine, MachinePool, Student

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from z2jh.prescale.planning.cluster_state import World

    from .parameters import Parameters
    from .policies import Policy


class Cluster:
    """A cluster in which time passes as fast as it can be reckoned.

    Events are a heap of callables: a SimPy process for each student takes four times as long for
    the same events, and a term has 160,000 logins.

    Attributes:
        waits: seconds of each login until the server was there.
        failed: starts that the hub gave up.
        disrupted: students whose machine was taken while they worked.
        history: time and number of machines, at each change.
    """

    def __init__(
        self,
        pools: Sequence[MachinePool],
        fallback: str,
        policy: Policy,
        parameters: Parameters,
        start: float,
    ) -> None:
        self.now = start
        self.pools = {pool.name: pool for pool in pools}
        self.waits = array("d")
        self.failed = 0
        self.disrupted = 0
        self.history: list[tuple[float, int]] = [(start, 0)]
        self._fallback = self.pools.get(fallback)
        self._policy = policy
        self._is = parameters
        self._random = Random(parameters.seed)  # noqa: S311 -- a simulation
        self._numbers = count()
        self._events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = count()
        self._slots: list[float] = []
        self._queue: deque[Student] = deque()
        self._pending: deque[Student] = deque()
        self._scanning = False
        self._waiting = False

    def at(self, time: float, what: Callable[..., None], *arguments: Any) -> None:  # noqa: ANN401 -- passed on
        """Let something happen at a time."""
        heappush(self._events, (time, next(self._order), what, arguments))

    def run(self, end: float) -> None:
        """Let time pass until then."""
        events = self._events
        while events and events[0][0] < end:
            self.now, _, what, arguments = heappop(events)
            what(*arguments)
        self.now = end
        self._record()
        for pool in self.pools.values():
            pool.seconds += sum(end - it.born for it in pool.machines.values())

    def govern(self) -> None:
        """Let the policy look, and do what it says."""
        pools = self.pools.values()
        set_already = any(it.minimum or it.placeholders for it in pools)
        if not set_already and self._policy.idle(self.now):
            return
        world: World = {it.name: it.state(self.now) for it in pools}
        for action in self._policy.act(world, self.now):
            pool = self.pools[action.pool]
            if isinstance(action, SetMinimum):
                self._set_minimum(pool, action.after)
            elif isinstance(action, SetPlaceholders):
                self._set_placeholders(pool, action.after)
            elif isinstance(action, Cordon):
                self._cordon(pool.machines[int(action.node)])

    def stand(self, pool: MachinePool, number: int) -> None:
        """Machines that are there, with the image, when time begins."""
        for _ in range(number):
            self._start(pool, standing=True)

    # --- the hub

    def login(self, student: Student) -> None:
        """A student asks for a server."""
        student.since = self.now
        if self._starting() < self._is.spawns:
            self._submit(student)
        else:
            self._queue.append(student)
            self._when_slot_is_free()

    def _starting(self) -> int:
        slots = self._slots
        while slots and slots[0] <= self.now:
            heappop(slots)
        return len(slots) + len(self._pending)

    def _when_slot_is_free(self) -> None:
        if self._slots and self._queue and not self._waiting:
            self._waiting = True
            self.at(self._slots[0], self._slot_is_free)

    def _slot_is_free(self) -> None:
        self._waiting = False
        self._next_in_queue()

    def _next_in_queue(self) -> None:
        while self._queue and self._starting() < self._is.spawns:
            self._submit(self._queue.popleft())
        self._when_slot_is_free()

    def _submit(self, student: Student) -> None:
        student.submitted = self.now
        if not self._place(student):
            self._pending.append(student)
            self._look_soon()

    # --- the scheduler

    def _place(self, student: Student) -> bool:
        pool = self.pools[student.pool]
        others = (self._fallback,) if self._fallback and self._fallback is not pool else ()
        machine = pool.fullest(student.weight)
        for other in others:
            machine = machine or other.fullest(student.weight)
        for each in (pool, *others):
            machine = machine or self._evicted(each)
        if machine is None:
            return False
        self._seat(student, machine)
        return True

    def _evicted(self, pool: MachinePool) -> Machine | None:
        machine = pool.behind_placeholder()
        if machine is not None:
            pool.withdraw(machine)
            machine.placeholder = False
            pool.offer(machine)
            self._look_soon()
        return machine

    def _seat(self, student: Student, machine: Machine) -> None:
        machine.pool.withdraw(machine)
        machine.free -= student.weight
        machine.students.add(student)
        machine.idle_since = None
        machine.pool.offer(machine)
        student.machine = machine
        begun = max(self.now, machine.image_at)
        there = begun + self._around(self._is.server, self._is.server_spread)
        heappush(self._slots, there)
        self._when_slot_is_free()
        self.waits.append(there - student.since)
        # The student tries again; the place in the queue is kept.
        self.failed += int((there - student.submitted) // self._is.timeout)
        culled = max(student.leaves, there) + self._is.idle + self._random.random() * self._is.every
        self.at(culled, self._end, student, machine)

    def _end(self, student: Student, machine: Machine) -> None:
        if student.machine is not machine:
            return
        machine.pool.withdraw(machine)
        machine.free += student.weight
        machine.students.discard(student)
        student.machine = None
        machine.pool.offer(machine)
        self._place_pending()
        self._if_empty(machine)

    def _place_pending(self) -> None:
        while self._pending and self._place(self._pending[0]):
            self._pending.popleft()
        if self._queue:
            self._next_in_queue()

    def _place_placeholders(self, pool: MachinePool) -> None:
        for machine in pool.empty():
            if len(pool.reserved) >= pool.placeholders:
                return
            pool.withdraw(machine)
            machine.placeholder = True
            machine.idle_since = None
            pool.offer(machine)

    # --- the autoscaler

    def _look_soon(self) -> None:
        if not self._scanning:
            self._scanning = True
            self.at((self.now // self._is.scan + 1) * self._is.scan, self._scan)

    def _scan(self) -> None:
        self._scanning = False
        units: dict[str, int] = {}
        for student in self._pending:
            units[student.pool] = units.get(student.pool, 0) + student.weight
        over = 0
        for pool in self.pools.values():
            lacking = -(-units.get(pool.name, 0) // pool.seats)
            lacking += max(0, pool.placeholders - len(pool.reserved)) - pool.starting
            possible = pool.maximum - len(pool.machines)
            for _ in range(min(lacking, possible)):
                self._start(pool)
            if pool.name in units and pool is not self._fallback:
                over += max(0, lacking - max(0, possible)) * pool.seats
        if over and self._fallback:
            lacking = -(-over // self._fallback.seats) - self._fallback.starting
            possible = self._fallback.maximum - len(self._fallback.machines)
            for _ in range(min(lacking, possible)):
                self._start(self._fallback)

    def _start(self, pool: MachinePool, *, standing: bool = False) -> None:
        ready = self.now
        image = ready
        if not standing:
            ready += self._around(self._is.provisioning, self._is.spread)
            image = ready + self._around(self._is.pulling, self._is.spread)
        machine = Machine(next(self._numbers), pool, self.now, ready, image, pool.seats)
        pool.machines[machine.number] = machine
        pool.starting += 1
        self._record()
        self.at(ready, self._ready, machine)
        if pool.reclaimed > 0 or pool.life is not None:
            taken = self._random.expovariate(pool.reclaimed / 86400) if pool.reclaimed else math.inf
            life = math.inf if pool.life is None else pool.life
            self.at(self.now + min(taken, life), self._reclaim, machine)

    def _ready(self, machine: Machine) -> None:
        machine.pool.starting -= 1
        if machine.gone:
            return
        machine.ready = True
        machine.pool.offer(machine)
        self._place_pending()
        self._if_empty(machine)

    def _if_empty(self, machine: Machine) -> None:
        if machine.students or not machine.ready:
            return
        self._place_placeholders(machine.pool)
        if not machine.placeholder:
            machine.idle_since = self.now
            self.at(self.now + self._is.unneeded, self._unneeded, machine, self.now)

    def _unneeded(self, machine: Machine, since: float) -> None:
        if machine.gone or machine.idle_since != since:
            return
        if len(machine.pool.machines) > machine.pool.minimum:
            self._remove(machine)
        else:
            machine.pool.kept.append(machine)

    def _remove(self, machine: Machine) -> None:
        pool = machine.pool
        pool.withdraw(machine)
        machine.gone = True
        del pool.machines[machine.number]
        pool.seconds += self.now - machine.born
        self._record()
        self._look_soon()

    def _reclaim(self, machine: Machine) -> None:
        """Google takes a machine; its instance group starts another in its place."""
        if machine.gone:
            return
        self._remove(machine)
        for student in machine.students:
            student.machine = None
            if student.leaves > self.now:
                self.disrupted += 1
                again = Student(student.weight, student.pool, 0.0, student.leaves)
                self.at(self.now + self._is.returning, self.login, again)
        machine.students = set()
        self._start(machine.pool)

    # --- what a policy does

    def _set_minimum(self, pool: MachinePool, number: int) -> None:
        pool.minimum = number
        if self._policy.enforced:
            for _ in range(number - len(pool.machines)):
                self._start(pool)
        kept, pool.kept = pool.kept, []
        for machine in kept:
            if machine.idle_since is not None and not machine.gone:
                self._unneeded(machine, machine.idle_since)

    def _set_placeholders(self, pool: MachinePool, number: int) -> None:
        pool.placeholders = number
        while len(pool.reserved) > number:
            machine = next(iter(pool.reserved.values()))
            pool.withdraw(machine)
            machine.placeholder = False
            pool.offer(machine)
            self._if_empty(machine)
        self._place_placeholders(pool)
        self._look_soon()

    def _cordon(self, machine: Machine) -> None:
        machine.pool.withdraw(machine)
        machine.cordoned = True
        machine.placeholder = False
        self._if_empty(machine)
        self._look_soon()

    def _around(self, median: float, sigma: float) -> float:
        return median * math.exp(self._random.gauss(0, sigma)) if median else 0.0

    def _record(self) -> None:
        self.history.append((self.now, sum(len(it.machines) for it in self.pools.values())))
