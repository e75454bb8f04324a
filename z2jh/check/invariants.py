"""What must hold of every hub: who lands where, what is pinned, what is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import custom, images, pods, safety, sizes
from .layers import get
from .pools import CORE, POOL_LABEL, USER, parse
from .problems import Problem, did_you_mean, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .layers import Stack, Values
    from .pods import Pod
    from .pools import Pool
    from .problems import KeyPath


@dataclass(frozen=True)
class Hub:
    """What the rules look at.

    Attributes:
        stack: tells where a value comes from.
        values: the layers, over the chart's defaults where there is a chart.
        pools: the cluster's.
    """

    stack: Stack
    values: Values
    pools: list[Pool]

    def problem(self, message: str, *path: str | int) -> Problem:
        """A problem with one value."""
        return Problem(self.stack.origin(path), dotted(path), message)


def check(stack: Stack, values: Values | None = None) -> list[Problem]:
    """All rules, on a stack that the schema has nothing against.

    Args:
        stack: the layers.
        values: the same over the chart's defaults, where the chart is at hand.
    """
    problems = custom.check(stack)
    if problems:
        return problems
    found, problems = parse(stack)
    if problems:
        return sorted(problems)
    hub = Hub(stack, values or stack.values, found)
    unreadable = [*_selectors(hub), *sizes.exact(hub)]
    if unreadable:
        return sorted(set(unreadable))
    rules = (_landing, _same_tolerations, _pulled_everywhere, _exams)
    return sorted({
        *(problem for rule in rules for problem in rule(hub)),
        *sizes.check(hub),
        *safety.check(hub),
        *images.check(hub),
    })  # fmt: skip


def _selectors(hub: Hub) -> Iterator[Problem]:
    """Every pool that anything asks for by name is there."""
    known = [pool.name for pool in hub.pools]
    for path, name in _named(hub.values, ()):
        if name not in known:
            near = did_you_mean(name, known)
            yield hub.problem(f"no pool '{name}': there are {', '.join(known)}{near}", *path)


def _named(values: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:  # noqa: ANN401 -- any YAML
    """The pools that selectors and affinities name, with where they do."""
    if isinstance(values, dict):
        if POOL_LABEL in values:
            yield (*path, POOL_LABEL), str(values[POOL_LABEL])
        if values.get("key") == POOL_LABEL:
            for number, name in enumerate(values.get("values") or ()):
                yield (*path, "values", number), str(name)
        for key, value in values.items():
            yield from _named(value, (*path, key))
    elif isinstance(values, list):
        for number, value in enumerate(values):
            yield from _named(value, (*path, number))


def _landing(hub: Hub) -> Iterator[Problem]:
    """Students and what serves them land on students' pools alone, core pods on core's."""
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
                    *("custom", "pools", pool.name),
                )
            if pod.kind == CORE and pool.is_preemptible:
                yield hub.problem(
                    f"a {pod.name} can land on '{pool.name}', whose nodes are {pool.provisioning} "
                    "and taken away: the hub needs standard ones",
                    *("custom", "pools", pool.name, "provisioning"),
                )


def _why(pod: Pod, hub: Hub) -> str:
    """The taints that keep a pod off the pools of its own kind."""
    taints = {
        f"{taint} of '{pool.name}'"
        for pool in hub.pools
        if pool.purpose == pod.kind
        for taint in pool.taints
        if not taint.tolerated(pod.tolerations)
    }
    return f": it does not tolerate {' and '.join(sorted(taints))}" if taints else ""


def _same_tolerations(hub: Hub) -> Iterator[Problem]:
    """Students, placeholders and pullers tolerate the same, and nothing twice."""
    expected = pods.placeholder(hub.values)
    usual = ("prePuller", "extraTolerations")
    for pod in (*pods.students(hub.values), pods.puller(hub.values)):
        if _sorted(pod.tolerations) != _sorted(expected.tolerations):
            yield hub.problem(
                f"{pod.name} and placeholder tolerate different taints: give tolerations in "
                "scheduling.userPods.tolerations alone, and prePuller.extraTolerations none",
                *(pod.variant.place("tolerations", usual) if pod.variant else usual),
            )


def _sorted(tolerations: list[dict[str, Any]]) -> list[list[tuple[str, Any]]]:
    return sorted(sorted(each.items()) for each in tolerations)


def _pulled_everywhere(hub: Hub) -> Iterator[Problem]:
    """Pullers land wherever a student can; else a student waits for the image."""
    pulled = set(pods.landing(pods.puller(hub.values), hub.pools))
    for pod in pods.students(hub.values):
        for pool in pods.landing(pod, hub.pools):
            if pool not in pulled and pool.purpose == USER:
                yield hub.problem(
                    f"{pod.name} can land there and the image puller cannot: students would wait "
                    "for the image",
                    *("custom", "pools", pool.name),
                )


def _exams(hub: Hub) -> Iterator[Problem]:
    """Whoever sits an exam is on no node that is taken away."""
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
                    *("custom", "pools", pool.name, "provisioning"),
                )
