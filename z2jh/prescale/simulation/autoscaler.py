"""The autoscaler of the model, which starts and removes machines, and Google, which takes some."""

from __future__ import annotations

import math
from collections import Counter, deque
from itertools import count
from typing import TYPE_CHECKING

from .machines import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .environment import Environment
    from .machines import MachinePool, Student


class Autoscaler:
    """Models cluster-autoscaler, and instance groups with Spot or preemptible machines.

    Calls `on_ready` when a machine has become ready, and `on_disrupted` with each student who loses
    one while working.

    Attributes:
        pending: students who wait for a machine.
        history: time and number of machines, at each change.
    """

    def __init__(
        self,
        environment: Environment,
        pools: Sequence[MachinePool],
        fallback: MachinePool | None,
        on_ready: Callable[[], None],
        on_disrupted: Callable[[Student], None],
    ) -> None:
        self.pending: deque[Student] = deque()
        self.history: list[tuple[float, int]] = [(environment.now, 0)]
        self._environment = environment
        self._parameters = environment.parameters
        self._pools = pools
        self._fallback = fallback
        self._on_ready = on_ready
        self._on_disrupted = on_disrupted
        self._numbers = count()
        self._scan_is_due = False

    def scan_soon(self) -> None:
        """Schedules the next scan."""
        if not self._scan_is_due:
            self._scan_is_due = True
            interval = self._parameters.scan
            self._environment.at((self._environment.now // interval + 1) * interval, self._scan)

    def start(self, pool: MachinePool, number: int = 1, *, running: bool = False) -> None:
        """Starts machines, or adds some that are running and have the image."""
        for _ in range(number):
            self._start(pool, running=running)

    def release(self, machine: Machine) -> None:
        """Schedules the removal of a machine if it is empty."""
        if machine.students or not machine.ready:
            return
        machine.pool.place_placeholders()
        if not machine.placeholder:
            now = self._environment.now
            machine.idle_since = now
            self._environment.at(now + self._parameters.unneeded, self._unneeded, machine, now)

    def set_minimum(self, pool: MachinePool, number: int) -> None:
        """Sets the minimum of a pool, and removes machines that it no longer keeps."""
        pool.minimum = number
        idle, pool.idle = pool.idle, []
        for machine in idle:
            if machine.idle_since is not None and not machine.gone:
                self._unneeded(machine, machine.idle_since)

    def record(self) -> None:
        """Adds the number of machines to the history."""
        machines = sum(len(pool.machines) for pool in self._pools)
        self.history.append((self._environment.now, machines))

    def _scan(self) -> None:
        self._scan_is_due = False
        units: Counter[str] = Counter()
        for student in self.pending:
            units[student.pool] += student.weight
        over = 0
        for pool in self._pools:
            lacking = -(-units[pool.name] // pool.seats)
            lacking += max(0, pool.placeholders - len(pool.reserved)) - pool.starting
            possible = pool.maximum - len(pool.machines)
            self.start(pool, min(lacking, possible))
            if units[pool.name] and pool is not self._fallback:
                over += max(0, lacking - max(0, possible)) * pool.seats
        if over and self._fallback:
            lacking = -(-over // self._fallback.seats) - self._fallback.starting
            possible = self._fallback.maximum - len(self._fallback.machines)
            self.start(self._fallback, min(lacking, possible))

    def _start(self, pool: MachinePool, *, running: bool) -> None:
        environment, parameters = self._environment, self._parameters
        now = ready = image = environment.now
        if not running:
            ready += environment.log_normal(parameters.provisioning, parameters.spread)
            image = ready + environment.log_normal(parameters.pulling, parameters.spread)
        machine = Machine(next(self._numbers), pool, now, image, pool.seats)
        pool.machines[machine.number] = machine
        pool.starting += 1
        self.record()
        environment.at(ready, self._ready, machine)
        if pool.reclaimed > 0 or pool.life is not None:
            random, life = environment.random, math.inf if pool.life is None else pool.life
            taken = random.expovariate(pool.reclaimed / 86400) if pool.reclaimed else math.inf
            environment.at(now + min(taken, life), self._reclaim, machine)

    def _ready(self, machine: Machine) -> None:
        machine.pool.starting -= 1
        if machine.gone:
            return
        machine.ready = True
        machine.pool.offer(machine)
        self._on_ready()
        self.release(machine)

    def _unneeded(self, machine: Machine, since: float) -> None:
        if machine.gone or machine.idle_since != since:
            return
        if len(machine.pool.machines) > machine.pool.minimum:
            self._remove(machine)
        else:
            machine.pool.idle.append(machine)

    def _remove(self, machine: Machine) -> None:
        pool = machine.pool
        pool.withdraw(machine)
        machine.gone = True
        del pool.machines[machine.number]
        pool.seconds += self._environment.now - machine.created
        self.record()
        self.scan_soon()

    def _reclaim(self, machine: Machine) -> None:
        """Google takes a machine, and its instance group starts another."""
        if machine.gone:
            return
        self._remove(machine)
        for student in machine.students:
            student.machine = None
            if student.leaves > self._environment.now:
                self._on_disrupted(student)
        machine.students = set()
        self.start(machine.pool)
