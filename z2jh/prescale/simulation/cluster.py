"""The model of a cluster: hub and scheduler, on machines of the autoscaler."""

from __future__ import annotations

from array import array
from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from z2jh.prescale.planning.decision import Cordon, SetMinimum, SetPlaceholders

from .autoscaler import Autoscaler
from .environment import Environment
from .machines import Student

if TYPE_CHECKING:
    from collections.abc import Sequence

    from z2jh.prescale.planning.cluster_state import ClusterState

    from .machines import Machine, MachinePool
    from .parameters import Parameters
    from .policies import Policy


class Cluster:
    """A simulated cluster.

    Attributes:
        pools: by name.
        waits: seconds from each login until the server was ready.
        failed: number of starts that the hub gave up.
        disrupted: number of students who lost their machine while working.
    """

    def __init__(
        self,
        pools: Sequence[MachinePool],
        fallback: str,
        policy: Policy,
        parameters: Parameters,
        start: float,
    ) -> None:
        self.environment = Environment(start, parameters)
        self.pools = {pool.name: pool for pool in pools}
        self.waits = array("d")
        self.failed = 0
        self.disrupted = 0
        self._fallback = self.pools.get(fallback)
        self._policy = policy
        self._parameters = parameters
        self.autoscaler = Autoscaler(
            self.environment, pools, self._fallback, self._place_pending, self._disrupt
        )
        self._pending = self.autoscaler.pending
        self._queue: deque[Student] = deque()
        self._spawns: list[float] = []  # a heap of the times at which running spawns end
        self._waits_for_spawn = False

    def run(self, end: float) -> None:
        """Lets time pass until the end."""
        self.environment.run(end)
        self.autoscaler.record()
        for pool in self.pools.values():
            pool.seconds += sum(end - machine.created for machine in pool.machines.values())

    def apply_policy(self) -> None:
        """Carries out what the policy decides now."""
        now, pools = self.environment.now, self.pools.values()
        something_is_set = any(pool.minimum or pool.placeholders for pool in pools)
        if not something_is_set and self._policy.wants_nothing(now):
            return
        state: ClusterState = {pool.name: pool.state(now) for pool in pools}
        for action in self._policy.actions(state, now):
            pool = self.pools[action.pool]
            if isinstance(action, SetMinimum):
                if self._policy.starts_nodes:
                    self.autoscaler.start(pool, action.after - len(pool.machines))
                self.autoscaler.set_minimum(pool, action.after)
            elif isinstance(action, SetPlaceholders):
                self._set_placeholders(pool, action.after)
            elif isinstance(action, Cordon):
                machine = pool.machines[int(action.node)]
                pool.cordon(machine)
                self.autoscaler.release(machine)
                self.autoscaler.scan_soon()

    # --- the hub

    def login(self, student: Student) -> None:
        """Requests a server for a student."""
        student.since = self.environment.now
        if self._spawning() < self._parameters.spawns:
            self._submit(student)
        else:
            self._queue.append(student)
            self._wait_for_spawn()

    def _spawning(self) -> int:
        spawns = self._spawns
        while spawns and spawns[0] <= self.environment.now:
            heappop(spawns)
        return len(spawns) + len(self._pending)

    def _wait_for_spawn(self) -> None:
        if self._spawns and self._queue and not self._waits_for_spawn:
            self._waits_for_spawn = True
            self.environment.at(self._spawns[0], self._spawn_ended)

    def _spawn_ended(self) -> None:
        self._waits_for_spawn = False
        self._submit_queued()

    def _submit_queued(self) -> None:
        while self._queue and self._spawning() < self._parameters.spawns:
            self._submit(self._queue.popleft())
        self._wait_for_spawn()

    def _submit(self, student: Student) -> None:
        student.submitted = self.environment.now
        if not self._place(student):
            self._pending.append(student)
            self.autoscaler.scan_soon()

    def _start_server(self, student: Student, machine: Machine) -> None:
        environment, parameters = self.environment, self._parameters
        begun = max(environment.now, machine.image_at)
        ready = begun + environment.log_normal(parameters.server, parameters.server_spread)
        heappush(self._spawns, ready)
        self._wait_for_spawn()
        self.waits.append(ready - student.since)
        # After a failed start the student tries again, and keeps the place in the queue.
        self.failed += int((ready - student.submitted) // parameters.timeout)
        latest = max(student.leaves, ready) + parameters.idle
        culled = latest + environment.random.random() * parameters.every
        environment.at(culled, self._cull, student, machine)

    def _cull(self, student: Student, machine: Machine) -> None:
        if student.machine is machine:
            machine.pool.unseat(student, machine)
            self._place_pending()
            self.autoscaler.release(machine)

    def _disrupt(self, student: Student) -> None:
        self.disrupted += 1
        again = Student(student.weight, student.pool, 0.0, student.leaves)
        environment = self.environment
        environment.at(environment.now + self._parameters.returning, self.login, again)

    # --- the scheduler

    def _place(self, student: Student) -> bool:
        machine = self._room_for(student)
        if machine is not None:
            machine.pool.seat(student, machine)
            self._start_server(student, machine)
        return machine is not None

    def _room_for(self, student: Student) -> Machine | None:
        own, fallback = self.pools[student.pool], self._fallback
        pools = (own, fallback) if fallback and fallback is not own else (own,)
        for pool in pools:
            if machine := pool.fullest(student.weight):
                return machine
        for pool in pools:
            if machine := pool.evict_placeholder():
                self.autoscaler.scan_soon()
                return machine
        return None

    def _place_pending(self) -> None:
        while self._pending and self._place(self._pending[0]):
            self._pending.popleft()
        if self._queue:
            self._submit_queued()

    def _set_placeholders(self, pool: MachinePool, number: int) -> None:
        pool.placeholders = number
        while len(pool.reserved) > number and (machine := pool.evict_placeholder()):
            self.autoscaler.release(machine)
        pool.place_placeholders()
        self.autoscaler.scan_soon()
