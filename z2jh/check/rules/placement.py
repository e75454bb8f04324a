"""Rules of placement: which pod lands on which pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from z2jh.gke.nodes import POOL_LABEL
from z2jh.hubvalues import pods
from z2jh.hubvalues.layers import get, parts
from z2jh.hubvalues.pools import CORE, PATH, USER
from z2jh.problems import Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from z2jh.check.hub import Hub
    from z2jh.hubvalues.layers import Values
    from z2jh.hubvalues.pods import Pod
    from z2jh.problems import KeyPath


def check(hub: Hub) -> Iterator[Problem]:
    """Yields what is wrong with the placement of pods."""
    for rule in (_landing, _same_tolerations, _pulled_everywhere, _exams):
        yield from rule(hub)


def unknown_pools(hub: Hub) -> Iterator[Problem]:
    """Yields the pools that are asked for by name and do not exist."""
    known = [pool.name for pool in hub.pools]
    for path, name in _named(hub.values):
        if name not in known:
            near = did_you_mean(name, known)
            yield hub.problem(f"no pool '{name}': there are {', '.join(known)}{near}", *path)


def _named(values: Values) -> Iterator[tuple[KeyPath, object]]:
    """Yields the pools that selectors and affinities name, with their places."""
    for path, part in parts(values):
        if isinstance(part, dict) and POOL_LABEL in part:
            yield (*path, POOL_LABEL), part[POOL_LABEL]
        names = part.get("values") if isinstance(part, dict) else None
        if isinstance(names, list) and part.get("key") == POOL_LABEL:
            yield from (((*path, "values", number), name) for number, name in enumerate(names))


def _landing(hub: Hub) -> Iterator[Problem]:
    """Students and what serves them land only on students' pools, core pods only on core's."""
    for pod in pods.of(hub.values):
        landed = list(pods.landing(pod, hub.pools))
        if not landed:
            yield Problem(hub.stack.name, "", f"{pod.name}: no pool lets it in{_why(pod, hub)}")
        for pool in landed:
            if pool.purpose != pod.kind:
                yield hub.problem(
                    f"a {pod.name} can land on the {pool.purpose} pool '{pool.name}': require the "
                    f"node's purpose (scheduling.{pod.kind}Pods.nodeAffinity.matchNodePurpose), "
                    "leave singleuser.extraNodeAffinity.required empty, tolerate its taint nowhere",
                    *(*PATH, pool.name),
                )
            if pod.kind == CORE and pool.is_preemptible:
                yield hub.problem(
                    f"a {pod.name} can land on '{pool.name}', whose nodes are {pool.provisioning} "
                    "and taken away: the hub needs standard ones",
                    *(*PATH, pool.name, "provisioning"),
                )


def _why(pod: Pod, hub: Hub) -> str:
    """Names the taints that keep a pod off the pools of its own kind."""
    taints = {
        f"{taint} of '{pool.name}'"
        for pool in hub.pools
        if pool.purpose == pod.kind
        for taint in pool.taints
        if not taint.tolerated(pod.tolerations)
    }
    return f": it does not tolerate {' and '.join(sorted(taints))}" if taints else ""


def _same_tolerations(hub: Hub) -> Iterator[Problem]:
    """Students, placeholders and pullers tolerate the same taints."""
    expected = pods.placeholder(hub.values)
    usual = ("prePuller", "extraTolerations")
    for pod in (*pods.students(hub.values), pods.puller(hub.values)):
        if _sorted(pod.tolerations) != _sorted(expected.tolerations):
            yield hub.problem(
                f"{pod.name} and placeholder tolerate different taints: give tolerations in "
                "scheduling.userPods.tolerations alone, and prePuller.extraTolerations none",
                *(pod.variant.place("tolerations", usual) if pod.variant else usual),
            )


def _sorted(tolerations: list[dict[str, Any]]) -> list[str]:
    return sorted(str(sorted(toleration.items())) for toleration in tolerations)


def _pulled_everywhere(hub: Hub) -> Iterator[Problem]:
    """Pullers land wherever a student can; otherwise a student waits for the image."""
    pulled = set(pods.landing(pods.puller(hub.values), hub.pools))
    for pod in pods.students(hub.values):
        for pool in pods.landing(pod, hub.pools):
            if pool not in pulled and pool.purpose == USER:
                yield hub.problem(
                    f"{pod.name} can land there and the image puller cannot: students would wait "
                    "for the image",
                    *(*PATH, pool.name),
                )


def _exams(hub: Hub) -> Iterator[Problem]:
    """Nobody sits an exam on a node that can be taken away."""
    all_sit = bool(get(hub.values, "custom", "exam"))
    everybody = pods.students(hub.values)
    if all_sit:
        everybody.append(pods.placeholder(hub.values))
    for pod in everybody:
        for pool in pods.landing(pod, hub.pools):
            if pool.is_preemptible and (all_sit or pod.name.startswith("profile 'exam")):
                yield hub.problem(
                    f"{pod.name} can land on '{pool.name}', whose nodes are {pool.provisioning}: "
                    f"an exam needs a selector for a standard pool ({POOL_LABEL})",
                    *(*PATH, pool.name, "provisioning"),
                )
