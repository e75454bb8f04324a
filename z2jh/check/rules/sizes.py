"""Rules of size: students fit their nodes, placeholders are students, pools hold their classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from z2jh.hubvalues import pods
from z2jh.hubvalues.layers import get
from z2jh.hubvalues.pools import USER
from z2jh.hubvalues.profiles import variants
from z2jh.hubvalues.seats import seats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from z2jh.check.hub import Hub
    from z2jh.hubvalues.pods import Pod
    from z2jh.hubvalues.pools import Pool
    from z2jh.problems import KeyPath, Problem

_MEMORY = ("mem_guarantee", "mem_limit")


def check(hub: Hub) -> Iterator[Problem]:
    """Yields what is wrong with sizes, once `exact` has found nothing."""
    yield from _placeholder(hub)
    for pod in pods.students(hub.values):
        yield from _fits(hub, pod)
        yield from _limits(hub, pod)
    yield from _enough(hub)


def exact(hub: Hub) -> Iterator[Problem]:
    """Yields memory that is not given in bytes: the chart and KubeSpawner read `1G` differently."""
    given: dict[KeyPath, Any] = {
        ("singleuser", "memory", which): get(hub.values, "singleuser", "memory", which)
        for which in ("guarantee", "limit")
    }
    for variant in variants(hub.values):
        for override in variant.overrides:
            options = override.options
            given |= {(*override.path, key): options[key] for key in _MEMORY if key in options}
    for path, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            said = "is not given" if value is None else f"is {value!r}"
            yield hub.problem(
                f"{said}, has to be a whole number of bytes: a placeholder takes '1G' for 10^9 of "
                "them and KubeSpawner for 2^30",
                *path,
            )
    if not get(hub.values, "singleuser", "cpu", "guarantee"):
        yield hub.problem("a student needs a CPU guarantee", "singleuser", "cpu", "guarantee")


def _placeholder(hub: Hub) -> Iterator[Problem]:
    """A placeholder is as large as a student of the default profile, to the byte."""
    asked = pods.placeholder(hub.values).requests
    default = pods.default_student(hub.values)
    student = default.requests
    if asked != student:
        yield hub.problem(
            f"a placeholder asks for {asked.memory} bytes and {asked.cpu} CPU, {default.name} "
            f"for {student.memory} and {student.cpu}: leave the placeholder's resources out, and "
            "the default profile's, so that both are singleuser.memory and singleuser.cpu",
            *("scheduling", "userPlaceholder", "resources"),
        )


def _fits(hub: Hub, pod: Pod) -> Iterator[Problem]:
    pools = [pool for pool in pods.landing(pod, hub.pools) if pool.purpose == USER]
    if pools and not any(seats(pool, pod) for pool in pools):
        largest = max(pools, key=lambda pool: pool.room.memory)
        what = "memory" if pod.requests.memory > largest.room.memory else "cpu"
        yield hub.problem(
            f"{pod.name} asks for {pod.requests}, and a node of '{largest.name}' "
            f"({largest.machine.name}) has {largest.room} for students: ask for less, or take a "
            "larger machine",
            *_place(pod, what, "guarantee"),
        )


def _place(pod: Pod, what: str, which: str) -> KeyPath:
    """Returns where a student's memory or CPU is given."""
    usual = ("singleuser", what, which)
    option = f"{'mem' if what == 'memory' else 'cpu'}_{which}"
    return pod.variant.place(option, usual) if pod.variant else usual


def _limits(hub: Hub, pod: Pod) -> Iterator[Problem]:
    for what in ("memory", "cpu"):
        limit, guarantee = getattr(pod.limits, what), getattr(pod.requests, what)
        place = _place(pod, what, "limit")
        if not limit:
            message = f"{pod.name} has no limit of {what}: one student could take a whole node"
            yield hub.problem(message, *place)
        elif limit < guarantee:
            message = f"{pod.name} is guaranteed more {what} ({guarantee}) than its limit ({limit})"
            yield hub.problem(message, *place)


def _enough(hub: Hub) -> Iterator[Problem]:
    """The pools have a seat for every student of the classes, and for every server allowed."""
    student = pods.default_student(hub.values)
    pools = [pool for pool in pods.landing(student, hub.pools) if pool.purpose == USER]
    if not pools:
        return
    total = sum(pool.max_nodes * seats(pool, student) for pool in pools)
    room = f"{total} seats of {student.requests} on {_named(pools)}"
    classes = (get(hub.values, "custom", "classes") or {}).values()
    wanted = sum(one_class["students"] for one_class in classes)
    if wanted > total:
        yield hub.problem(
            f"{wanted} students at the same time, and the pools have {room}: raise maxNodes or "
            "ask for less each",
            *("custom", "classes"),
        )
    limit = get(hub.values, "hub", "activeServerLimit")
    place = ("hub", "activeServerLimit")
    if not isinstance(limit, int):
        yield hub.problem(
            "is not given: without it students wait for nodes that never come", *place
        )
    elif limit > total:
        yield hub.problem(f"is {limit}, and the pools have {room}", *place)
    elif wanted > limit:
        yield hub.problem(f"is {limit}, and the classes have {wanted} students", *place)


def _named(pools: list[Pool]) -> str:
    return ", ".join(f"{pool.max_nodes} nodes of '{pool.name}'" for pool in pools)
