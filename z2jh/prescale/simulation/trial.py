"""Trials: one policy over one period, with its waits and its cost."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

from z2jh.prescale.planning import demand
from z2jh.prescale.planning.budget import cost
from z2jh.prescale.planning.cluster_state import LIFE, PREEMPTIBLE
from z2jh.prescale.planning.step_function import StepFunction

from .cluster import Cluster
from .machines import MachinePool, Student
from .parameters import Parameters
from .percentile import percentile
from .policies import FixedMinimum, Policy, Prescale

if TYPE_CHECKING:
    from collections.abc import Iterator

    from z2jh.prescale.planning.plan import Plan
    from z2jh.prescale.planning.site import Site
    from z2jh.prescale.schedule.meetings import Meeting

_NEVER = 1e9  # seconds
Candidate = tuple[Policy, bool]  # a policy, and whether its machines are Spot or preemptible ones


@dataclass(frozen=True)
class Outcome:
    """The outcome of a policy; `median`, `p95` and `worst` are of the waits, in seconds.

    Attributes:
        logins: number of started servers, including those of students whose machine was taken.
        failed: number of starts that the hub gave up after its timeout.
        node_hours: of all pools, from the request for a machine until its removal.
        cost: None if a used pool has no price.
        disrupted: number of students who lost their machine while working.
        peak: most machines at a time.
        history: time and number of machines.
    """

    policy: str
    logins: int
    median: float
    p95: float
    worst: float
    failed: int
    node_hours: float
    cost: float | None
    disrupted: int
    peak: int
    waits: array[float] = field(repr=False, compare=False)
    history: list[tuple[float, int]] = field(repr=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        """Returns the figures, without waits and history."""
        hidden = {"waits", "history"}
        return {key: value for key, value in vars(self).items() if key not in hidden}


def parameters_of(site: Site) -> Parameters:
    """Returns the model's parameters, with those that schedule and values know."""
    start, values = site.schedule.node_start, site.values
    measured = start.measured
    idle, every = _culling(site)
    return replace(
        Parameters(),
        provisioning=float(start.provisioning if measured is None else measured),
        pulling=start.pulling if measured is None else 0.0,
        timeout=float(values.start_timeout),
        spawns=values.spawns,
        idle=idle,
        every=every,
        interval=float(site.schedule.interval),
    )


def _culling(site: Site) -> tuple[float, float]:
    """Returns the seconds until a server is culled: at least, and the most that is added."""
    if site.schedule.linger is not None:
        return float(site.schedule.linger), 0.0
    cull = site.values.cull
    return (float(cull.timeout), float(cull.every)) if cull else (_NEVER, 0.0)


def policies(plan: Plan) -> list[Candidate]:
    """Returns all policies to compare."""
    site = plan.site
    pool = site.values.pools[site.schedule.pool]
    peak = plan.demands[pool.name].wanted.maximum(plan.start, plan.end)
    floor = demand.baseline(site.schedule, plan.start, plan.end)
    spot = pool.is_preemptible
    found: list[Policy] = [
        FixedMinimum("autoscaler alone", pool.name, _constant(pool.min_nodes)),
        FixedMinimum("always on", pool.name, _constant(peak), starts_nodes=True),
    ]
    if site.schedule.baseline:
        found += [
            FixedMinimum("two lines, as GKE takes them", pool.name, floor),
            FixedMinimum("two lines, nodes started", pool.name, floor, starts_nodes=True),
        ]
    found.append(Prescale(plan))
    on_demand = [(Prescale(plan, "prescale, on demand"), False)] if spot else []
    return [*((policy, spot) for policy in found), *on_demand]


def _constant(number: int) -> StepFunction:
    return StepFunction((0,), (number,)) if number else StepFunction()


def run(plan: Plan, policy: Policy, parameters: Parameters, *, spot: bool) -> Outcome:
    """Tries a policy with a plan for the whole time.

    With `spot`, machines are Spot or preemptible where the values say so; otherwise all are on
    demand.
    """
    pools = [_pool(plan.site, name, parameters, spot=spot) for name in plan.demands]
    cluster = Cluster(pools, plan.site.schedule.fallback, policy, parameters, plan.start)
    if isinstance(policy, FixedMinimum) and policy.starts_nodes:
        number = policy.minimum.at(plan.start)
        cluster.autoscaler.start(cluster.pools[policy.pool], number, running=True)
    at = cluster.environment.at
    for time in policy.runs(plan.start, plan.end):
        at(time, cluster.apply_policy)
    for number, meeting in enumerate(plan.meetings):
        if plan.start <= meeting.start < plan.end:
            opens = meeting.start - plan.site.schedule.early
            at(opens, _storm, cluster, plan.site, meeting, parameters.seed * 10**6 + number)
    cluster.run(plan.end)
    return _outcome(plan.site, policy, cluster, spot=spot)


def _pool(site: Site, name: str, parameters: Parameters, *, spot: bool) -> MachinePool:
    pool = site.values.pools[name]
    taken = spot and pool.is_preemptible
    return MachinePool(
        name=name,
        seats=max(1, site.capacities[name, ""].seats),
        maximum=pool.max_nodes,
        life=LIFE if taken and pool.provisioning == PREEMPTIBLE else None,
        reclaimed=parameters.reclaimed if taken else 0.0,
        minimum=pool.min_nodes,
    )


def _storm(cluster: Cluster, site: Site, meeting: Meeting, seed: int) -> None:
    """Logs in all students of a meeting, most of them early within the time for logins."""
    random = Random(seed)  # noqa: S311 -- the same students for every policy
    pool = site.pool_of(meeting).name
    weight = _weight(site, pool, meeting.profile)
    environment = cluster.environment
    for _ in range(meeting.students):
        login = environment.now + random.triangular(0, meeting.logins, meeting.logins / 3)
        leaves = meeting.end - random.random() * 300
        student = Student(weight, pool, login, max(login, leaves))
        environment.at(login, cluster.login, student)


def _weight(site: Site, pool: str, profile: str) -> int:
    plain, own = site.capacities[pool, ""].seats, site.capacities[pool, profile].seats
    return min(max(1, plain), math.ceil(max(1, plain) / max(1, own)))


def _outcome(site: Site, policy: Policy, cluster: Cluster, *, spot: bool) -> Outcome:
    waits = sorted(cluster.waits)
    hours = {name: pool.seconds / 3600 for name, pool in cluster.pools.items()}
    return Outcome(
        policy=policy.name,
        logins=len(waits),
        median=percentile(waits, 0.5),
        p95=percentile(waits, 0.95),
        worst=waits[-1] if waits else 0.0,
        failed=cluster.failed,
        node_hours=sum(hours.values()),
        cost=cost(hours, dict(_prices(site, spot=spot))),
        disrupted=cluster.disrupted,
        peak=max(number for _, number in cluster.autoscaler.history),
        waits=array("d", waits),
        history=cluster.autoscaler.history,
    )


def _prices(site: Site, *, spot: bool) -> Iterator[tuple[str, float]]:
    """Yields each pool's price; on demand, that of a standard pool with the same machine type."""
    pools = site.values.pools
    for name, pool in pools.items():
        same = [name]
        if not spot and pool.is_preemptible:
            same = [
                other.name
                for other in pools.values()
                if not other.is_preemptible and other.machine == pool.machine
            ]
        prices = (site.price(other) for other in same)
        price = next((price for price in prices if price is not None), None)
        if price is not None:
            yield name, price
