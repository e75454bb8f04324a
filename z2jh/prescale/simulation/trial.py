"""One policy, one time: what students waited, and what it cost."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

from z2jh.prescale.planning import demand
from z2jh.prescale.planning.cluster_state import LIFE, PREEMPTIBLE
from z2jh.prescale.planning.percentile import percentile
from z2jh.prescale.planning.steps import Steps

from .cluster import Cluster
from .machines import MachinePool, Student
from .parameters import Parameters
from .policies import Fixed, Policy, Prescale

if TYPE_CHECKING:
    from collections.abc import Iterator

    from z2jh.prescale.planning.meetings import Held
    from z2jh.prescale.planning.plan import Plan
    from z2jh.prescale.planning.site import Site

_NEVER = 1e9  # seconds: servers that are not culled


@dataclass(frozen=True)
class Outcome:
    """What came of a policy; times in seconds.

    Attributes:
        policy: its name.
        logins: servers started, those of students whose machine was taken among them.
        median: wait.
        p95: wait.
        worst: wait.
        failed: starts that the hub gave up after its timeout.
        node_hours: from the wish for a machine until it is gone, of all pools.
        cost: None if a pool that was used has no price.
        disrupted: students whose machine was taken while they worked.
        peak: most machines at a time.
        waits: all of them, for a plot.
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
        """The figures alone."""
        hidden = {"waits", "history"}
        return {key: value for key, value in vars(self).items() if key not in hidden}


def parameters_of(site: Site, given: Parameters | None = None) -> Parameters:
    """What the schedule and the values say about the cluster, over the model's own figures."""
    start, values = site.schedule.node_start, site.values
    measured = start.measured
    idle, every = _culling(site)
    return replace(
        given or Parameters(),
        provisioning=float(start.provisioning if measured is None else measured),
        pulling=start.pulling if measured is None else 0.0,
        timeout=float(values.start_timeout),
        spawns=values.spawns,
        idle=idle,
        every=every,
        interval=float(site.schedule.interval),
    )


def _culling(site: Site) -> tuple[float, float]:
    """Seconds until a server is culled at least, and those that are added at most."""
    if site.schedule.linger is not None:
        return float(site.schedule.linger), 0.0
    cull = site.values.cull
    return (float(cull.timeout), float(cull.every)) if cull else (_NEVER, 0.0)


def policies(plan: Plan) -> list[tuple[Policy, bool]]:
    """All policies that are compared, and whether their machines are Spot or preemptible ones."""
    site = plan.site
    pool = site.values.pools[site.schedule.pool]
    most = plan.demands[pool.name].wanted.most(plan.start, plan.end)
    floor = demand.baseline(site.schedule, plan.start, plan.end)
    cheap = pool.provisioning != "standard"
    least = Steps((0,), (pool.min_nodes,)) if pool.min_nodes else Steps()
    found: list[tuple[Policy, bool]] = [
        (Fixed("autoscaler alone", pool.name, least), cheap),
        (
            Fixed("always on", pool.name, Steps((0,), (most,)) if most else Steps(), enforced=True),
            cheap,
        ),
    ]
    if site.schedule.baseline:
        found += [
            (Fixed("two lines, as GKE takes them", pool.name, floor), cheap),
            (Fixed("two lines, nodes started", pool.name, floor, enforced=True), cheap),
        ]
    found.append((Prescale(plan), cheap))
    if cheap:
        found.append((Prescale(plan, "prescale, on demand"), False))
    return found


def run(plan: Plan, policy: Policy, parameters: Parameters, *, cheap: bool) -> Outcome:
    """Try a policy.

    Args:
        plan: for the whole time.
        policy: that changes the limits.
        parameters: of the cluster.
        cheap: machines are what the pools say; otherwise all of them are on demand.
    """
    pools = [_pool(plan.site, name, parameters, cheap=cheap) for name in plan.demands]
    cluster = Cluster(pools, plan.site.schedule.fallback, policy, parameters, plan.start)
    if isinstance(policy, Fixed) and policy.enforced:
        cluster.stand(cluster.pools[policy.pool], policy.minimum.at(plan.start))
    for time in policy.runs(plan.start, plan.end):
        cluster.at(time, cluster.govern)
    for number, held in enumerate(plan.held):
        if plan.start <= held.start < plan.end:
            opens = held.start - plan.site.schedule.early
            cluster.at(opens, _storm, cluster, plan.site, held, parameters.seed * 10**6 + number)
    cluster.run(plan.end)
    return _outcome(plan.site, policy, cluster, cheap=cheap)


def _pool(site: Site, name: str, parameters: Parameters, *, cheap: bool) -> MachinePool:
    pool = site.values.pools[name]
    taken = cheap and pool.provisioning != "standard"
    return MachinePool(
        name=name,
        seats=max(1, site.capacities[name, ""].seats),
        maximum=pool.max_nodes,
        life=LIFE if taken and pool.provisioning == PREEMPTIBLE else None,
        reclaimed=parameters.reclaimed if taken else 0.0,
        minimum=pool.min_nodes,
    )


def _storm(cluster: Cluster, site: Site, held: Held, seed: int) -> None:
    """All students of a meeting log in: most of them early in the time that they take."""
    random = Random(seed)  # noqa: S311 -- the same students for every policy
    pool = site.pool_of(held).name
    weight = _weight(site, pool, held.profile)
    for _ in range(held.students):
        login = cluster.now + random.triangular(0, held.logins, held.logins / 3)
        leaves = held.end - random.random() * 300
        cluster.at(login, cluster.login, Student(weight, pool, login, max(login, leaves)))


def _weight(site: Site, pool: str, profile: str) -> int:
    plain, own = site.capacities[pool, ""].seats, site.capacities[pool, profile].seats
    return min(max(1, plain), math.ceil(max(1, plain) / max(1, own)))


def _outcome(site: Site, policy: Policy, cluster: Cluster, *, cheap: bool) -> Outcome:
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
        cost=_cost(site, hours, cheap=cheap),
        disrupted=cluster.disrupted,
        peak=max(number for _, number in cluster.history),
        waits=array("d", waits),
        history=cluster.history,
    )


def _cost(site: Site, hours: dict[str, float], *, cheap: bool) -> float | None:
    prices = dict(_prices(site, cheap=cheap))
    used = {pool: spent for pool, spent in hours.items() if spent > 0}
    if not all(pool in prices for pool in used):
        return None
    return sum(spent * prices[pool] for pool, spent in used.items())


def _prices(site: Site, *, cheap: bool) -> Iterator[tuple[str, float]]:
    """What a node of each pool costs; on demand, what one of the same type costs there."""
    pools = site.values.pools
    for name, pool in pools.items():
        price = site.price(name)
        if not cheap and pool.provisioning != "standard":
            same = (
                site.price(it.name)
                for it in pools.values()
                if it.provisioning == "standard" and it.machine == pool.machine
            )
            price = next((it for it in same if it is not None), None)
        if price is not None:
            yield name, price
