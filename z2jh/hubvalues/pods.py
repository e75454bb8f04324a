"""The kinds of pods that come out of the values, and on which pools each of them can land."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from z2jh.gke.nodes import POOL_LABEL
from z2jh.resources import NOTHING, Resources, quantity, spawner_memory

from .layers import get
from .pools import CORE, PURPOSE_LABEL, USER
from .profiles import variants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .layers import Values
    from .pools import Pool
    from .profiles import Variant

_OPERATORS: dict[str, Callable[[str | None, list[str]], bool]] = {
    "In": lambda label, values: label in values,
    "NotIn": lambda label, values: label not in values,
    "Exists": lambda label, _: label is not None,
    "DoesNotExist": lambda label, _: label is None,
}


@dataclass(frozen=True)
class Pod:
    """What a scheduler sees of a pod.

    A node must have the selector's labels and meet one of the terms, which are node selector terms;
    without any, every node does.
    """

    name: str  # for a person
    kind: str  # `core` or `user`
    tolerations: list[dict[str, Any]] = field(default_factory=list)
    selector: dict[str, str] = field(default_factory=dict)
    terms: list[dict[str, Any]] = field(default_factory=list)
    requests: Resources = NOTHING  # what a node must have left for it
    limits: Resources = NOTHING  # what it may use; zero is no limit
    volumes: int = 0  # disks that it attaches
    variant: Variant | None = None  # what a student has chosen; None for other pods

    @property
    def pool(self) -> str:
        """The pool that its node selector names; empty if it names none."""
        return str(self.selector.get(POOL_LABEL, ""))

    def can_land(self, pool: Pool) -> bool:
        """Returns whether a node of the pool would take it, by taints, selector and affinity."""
        if not all(taint.tolerated(self.tolerations) for taint in pool.taints):
            return False
        if any(pool.labels.get(key) != value for key, value in self.selector.items()):
            return False
        return not self.terms or any(_meets(pool.labels, term) for term in self.terms)


def of(values: Values) -> list[Pod]:
    """Returns every kind of pod: a student of each profile, placeholder, puller, core pods."""
    return [*students(values), placeholder(values), puller(values), core(values)]


def students(values: Values) -> list[Pod]:
    """Returns a student's pod of each profile, and of each choice within one."""
    return [_student(values, variant) for variant in variants(values)]


def default_student(values: Values) -> Pod:
    """Returns the pod of a student who chooses nothing."""
    return next(_student(values, variant) for variant in variants(values) if variant.is_default)


def placeholder(values: Values) -> Pod:
    """Returns the pod that keeps a seat: by default, with the student's resources.

    The chart gives it the student's scheduling. Kubernetes, not KubeSpawner, reads its resources.
    """
    single, own = get(values, "singleuser") or {}, _placeholder_requests(values)
    memory = own.get("memory", 0) if own is not None else get(single, "memory", "guarantee")
    cpu = own.get("cpu", 0) if own is not None else get(single, "cpu", "guarantee")
    requests = Resources(int(quantity(memory or 0)), float(quantity(cpu or 0)))
    return user_pod(values, "placeholder", requests=requests)


def _placeholder_requests(values: Values) -> dict[str, Any] | None:
    own = get(values, "scheduling", "userPlaceholder", "resources")
    return (own.get("requests") or {}) if own else None


def puller(values: Values) -> Pod:
    """Returns the pod that pulls the image onto each node that students may come to."""
    more = get(values, "prePuller", "extraTolerations") or []
    pod = user_pod(values, "image puller")
    return Pod(pod.name, USER, [*pod.tolerations, *more], pod.selector, pod.terms)


def user_pod(values: Values, name: str, requests: Resources = NOTHING) -> Pod:
    """Returns a pod that the chart schedules as it does students."""
    scheduling = get(values, "scheduling", "userPods") or {}
    single = values.get("singleuser") or {}
    required = get(single, "extraNodeAffinity", "required") or []
    return Pod(
        name=name,
        kind=USER,
        tolerations=[
            *(scheduling.get("tolerations") or []),
            *(single.get("extraTolerations") or []),
        ],
        selector=single.get("nodeSelector") or {},
        # Kubernetes joins terms by OR: whatever stands in `required` opens a second door.
        terms=[*_purpose(scheduling, USER), *required],
        requests=requests,
    )


def core(values: Values) -> Pod:
    """Returns the pod of the hub, the proxies and the user scheduler, all scheduled alike."""
    scheduling = get(values, "scheduling", "corePods") or {}
    return Pod(
        "core pod", CORE, scheduling.get("tolerations") or [], terms=_purpose(scheduling, CORE)
    )


def _student(values: Values, variant: Variant) -> Pod:
    pod = user_pod(values, variant.name)
    guarantee, limit = (_amount(values, variant, which) for which in ("guarantee", "limit"))
    return Pod(
        name=pod.name,
        kind=USER,
        tolerations=variant.applied("tolerations", pod.tolerations) or [],
        selector=variant.applied("node_selector", pod.selector) or {},
        terms=variant.applied("node_affinity_required", pod.terms) or [],
        # Kubernetes takes the limit where nothing is requested.
        requests=Resources(guarantee.memory or limit.memory, guarantee.cpu or limit.cpu),
        limits=limit,
        volumes=_volumes(values),
        variant=variant,
    )


def _amount(values: Values, variant: Variant, which: str) -> Resources:
    memory, cpu = (
        variant.applied(f"{option}_{which}", get(values, "singleuser", name, which)) or 0
        for option, name in (("mem", "memory"), ("cpu", "cpu"))
    )
    return Resources(spawner_memory(memory), float(cpu))


def _volumes(values: Values) -> int:
    storage = get(values, "singleuser", "storage") or {}
    extra = storage.get("extraVolumes") or []
    claims = [volume for volume in extra if "persistentVolumeClaim" in volume]
    return int(storage.get("type") == "dynamic") + len(claims)


def _purpose(scheduling: dict[str, Any], purpose: str) -> list[dict[str, Any]]:
    """Returns the term that `matchNodePurpose` makes; `prefer` and `ignore` make none."""
    if get(scheduling, "nodeAffinity", "matchNodePurpose") != "require":
        return []
    expression = {"key": PURPOSE_LABEL, "operator": "In", "values": [purpose]}
    return [{"matchExpressions": [expression]}]


def _meets(labels: dict[str, str], term: dict[str, Any]) -> bool:
    expressions = term.get("matchExpressions") or ()
    return bool(expressions) and all(_met(labels, expression) for expression in expressions)


def _met(labels: dict[str, str], expression: dict[str, Any]) -> bool:
    meets = _OPERATORS.get(expression["operator"])
    # Gt and Lt compare numbers, and no label of a pool is one.
    return bool(meets and meets(labels.get(expression["key"]), expression.get("values", [])))


def landing(pod: Pod, pools: Iterable[Pool]) -> Iterator[Pool]:
    """Yields the pools on which a pod can land."""
    return (pool for pool in pools if pod.can_land(pool))
