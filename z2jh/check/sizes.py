"""Rules of size: students fit their nodes, placeholders are students, pools hold their classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import pods
from .layers import get
from .pools import USER
from .profiles import variants
from .resources import quantity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .invariants import Hub
    from .pods import Pod
    from .pools import Pool
    from .problems import KeyPath, Problem

_MEMORY = ("mem_guarantee", "mem_limit")


def check(hub: Hub) -> Iterator[Problem]:
    """All rules of size."""
    yield from _placeholder(hub)
    for pod in pods.students(hub.values):
        yield from _fits(hub, pod)
        yield from _limits(hub, pod)
    yield from _seats(hub)


def exact(hub: Hub) -> Iterator[Problem]:
    """Memory is given in bytes: `1G` is not the same for the chart as for KubeSpawner."""
    given: list[tuple[KeyPath, Any]] = [
        (("singleuser", "memory", which), get(hub.values, "singleuser", "memory", which))
        for which in ("guarantee", "limit")
    ]
    for each in variants(hub.values):
        given += [((*each.path, key), each.own[key]) for key in _MEMORY if key in each.own]
    for path, value in given:
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            said = "is not given" if value is None else f"is {value!r}"
            yield hub.problem(
                f"{said}, has to be a whole number of bytes: a placeholder takes '1G' for 10^9 of "
                "them and KubeSpawner for 2^30",
                *path,
            )
    yield from _readable(hub)
    if not get(hub.values, "singleuser", "cpu", "guarantee"):
        yield hub.problem("a student needs a CPU guarantee", "singleuser", "cpu", "guarantee")


def _readable(hub: Hub) -> Iterator[Problem]:
    path = ("scheduling", "userPlaceholder", "resources", "requests")
    for name, value in (get(hub.values, *path) or {}).items():
        try:
            quantity(value)
        except ValueError as error:  # noqa: PERF203 -- two values
            yield hub.problem(str(error), *path, name)


def _placeholder(hub: Hub) -> Iterator[Problem]:
    """A placeholder is as large as a student of the default profile, to the byte."""
    held = pods.placeholder(hub.values).requests
    default = pods.default_student(hub.values)
    student = default.requests
    if held != student:
        yield hub.problem(
            f"a placeholder asks for {held.memory} bytes and {held.cpu} CPU, {default.name} "
            f"for {student.memory} and {student.cpu}: leave the placeholder's resources out, and "
            "the default profile's, so that both are singleuser.memory and singleuser.cpu",
            *("scheduling", "userPlaceholder", "resources"),
        )


def _fits(hub: Hub, pod: Pod) -> Iterator[Problem]:
    pools = [pool for pool in pods.landing(pod, hub.pools) if pool.purpose == USER]
    if pools and not any(pool.node_seats(pod.requests) for pool in pools):
        largest = max(pools, key=lambda pool: pool.room.memory)
        what = "memory" if pod.requests.memory > largest.room.memory else "cpu"
        yield hub.problem(
            f"{pod.name} asks for {pod.requests}, and a node of '{largest.name}' "
            f"({largest.machine_type}) has {largest.room} for students: ask for less, or take a "
            "larger machine",
            *_place(pod, what, "guarantee"),
        )


def _place(pod: Pod, what: str, which: str) -> KeyPath:
    """Where a student's memory or CPU is given."""
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


def _seats(hub: Hub) -> Iterator[Problem]:
    """The pools have a seat for every student of the classes, and for every server allowed."""
    student = pods.default_student(hub.values)
    pools = [pool for pool in pods.landing(student, hub.pools) if pool.purpose == USER]
    if not pools:
        return
    seats = sum(pool.seats(student.requests) for pool in pools)
    room = f"{seats} seats of {student.requests} on {_named(pools)}"
    classes = (get(hub.values, "custom", "classes") or {}).values()
    wanted = sum(each["students"] for each in classes)
    if wanted > seats:
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
    elif limit > seats:
        yield hub.problem(f"is {limit}, and the pools have {room}", *place)
    elif wanted > limit:
        yield hub.problem(f"is {limit}, and the classes have {wanted} students", *place)


def _named(pools: list[Pool]) -> str:
    return ", ".join(f"{pool.max_nodes} nodes of '{pool.name}'" for pool in pools)
