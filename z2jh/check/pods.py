"""The kinds of pods that come out of the values, and on which pools each of them can land."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .layers import get
from .pools import CORE, PURPOSE_LABEL, USER
from .profiles import applied, variants
from .resources import NOTHING, Resources, quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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

    Attributes:
        name: what it is, for a person.
        kind: `core` or `user`.
        tolerations: as Kubernetes has them.
        selector: labels that a node must have.
        terms: node selector terms, one of which a node must meet; none means any node.
        requests: what a node must have left for it.
        limits: what it may use; zero is no limit.
        variant: of a student: what was chosen.
    """

    name: str
    kind: str
    tolerations: list[dict[str, Any]] = field(default_factory=list)
    selector: dict[str, str] = field(default_factory=dict)
    terms: list[dict[str, Any]] = field(default_factory=list)
    requests: Resources = NOTHING
    limits: Resources = NOTHING
    variant: Variant | None = None

    def can_land(self, pool: Pool) -> bool:
        """Whether a node of the pool would take it, by taints, selector and affinity."""
        if not all(taint.tolerated(self.tolerations) for taint in pool.taints):
            return False
        if any(pool.labels.get(key) != value for key, value in self.selector.items()):
            return False
        return not self.terms or any(_meets(pool.labels, term) for term in self.terms)


def of(values: Values) -> list[Pod]:
    """Every kind of pod: a student of each profile, placeholder, pullers, core pods."""
    return [*students(values), placeholder(values), puller(values), core(values)]


def students(values: Values) -> list[Pod]:
    """A student's pod of each profile, and of each choice within one."""
    return [_student(values, variant) for variant in variants(values)]


def default_student(values: Values) -> Pod:
    """The pod of who comes without choosing."""
    return next(_student(values, each) for each in variants(values) if each.is_default)


def placeholder(values: Values) -> Pod:
    """What keeps a seat: the chart gives it the student's scheduling, and resources by default."""
    own = get(values, "scheduling", "userPlaceholder", "resources") or {}
    size = _chart_resources(values)
    if own:
        requests = own.get("requests", {})
        size = Resources(
            int(quantity(requests.get("memory", 0))), float(quantity(requests.get("cpu", 0)))
        )
    return user_pod(values, "placeholder", requests=size)


def puller(values: Values) -> Pod:
    """What pulls the image onto each node that students may come to."""
    more = get(values, "prePuller", "extraTolerations") or []
    pod = user_pod(values, "image puller")
    return Pod(pod.name, USER, [*pod.tolerations, *more], pod.selector, pod.terms)


def user_pod(values: Values, name: str, requests: Resources = NOTHING) -> Pod:
    """A pod that the chart schedules as it does students."""
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
    """The hub, the proxies and the user scheduler, which the chart schedules alike."""
    scheduling = get(values, "scheduling", "corePods") or {}
    return Pod(
        "core pod", CORE, scheduling.get("tolerations") or [], terms=_purpose(scheduling, CORE)
    )


def _student(values: Values, variant: Variant) -> Pod:
    override, pod = variant.override, user_pod(values, variant.name)
    usual, most = _chart_resources(values), _chart_resources(values, "limit")
    return Pod(
        name=pod.name,
        kind=USER,
        tolerations=applied(pod.tolerations, override, "tolerations"),
        selector=applied(pod.selector, override, "node_selector"),
        terms=applied(pod.terms, override, "node_affinity_required"),
        requests=_overridden(override, "guarantee", usual),
        limits=_overridden(override, "limit", most),
        variant=variant,
    )


def _chart_resources(values: Values, which: str = "guarantee") -> Resources:
    """`singleuser.memory` and `.cpu`, as Helm renders them."""
    memory = get(values, "singleuser", "memory", which) or 0
    return Resources(int(quantity(memory)), float(get(values, "singleuser", "cpu", which) or 0))


def _overridden(override: dict[str, Any], which: str, usual: Resources) -> Resources:
    memory = override.get(f"mem_{which}", usual.memory)
    return Resources(
        int(quantity(memory or 0)), float(override.get(f"cpu_{which}", usual.cpu) or 0)
    )


def _purpose(scheduling: dict[str, Any], purpose: str) -> list[dict[str, Any]]:
    """What `matchNodePurpose` makes; `prefer` and `ignore` keep a pod off nothing."""
    if get(scheduling, "nodeAffinity", "matchNodePurpose") != "require":
        return []
    expression = {"key": PURPOSE_LABEL, "operator": "In", "values": [purpose]}
    return [{"matchExpressions": [expression]}]


def _meets(labels: dict[str, str], term: dict[str, Any]) -> bool:
    expressions = term.get("matchExpressions") or ()
    return bool(expressions) and all(_met(labels, each) for each in expressions)


def _met(labels: dict[str, str], expression: dict[str, Any]) -> bool:
    meets = _OPERATORS.get(expression["operator"])
    # Gt and Lt are for nothing that pools are told apart by here.
    return bool(meets and meets(labels.get(expression["key"]), expression.get("values", [])))


def landing(pod: Pod, pools: list[Pool]) -> Iterator[Pool]:
    """The pools on which a pod can land."""
    return (pool for pool in pools if pod.can_land(pool))
