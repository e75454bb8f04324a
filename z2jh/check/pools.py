"""The cluster's pools as `custom.pools` gives them, and what of a pod they let in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .layers import get
from .problems import Problem, did_you_mean, dotted
from .resources import Resources, allocatable, machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .layers import Stack

POOL_LABEL = "cloud.google.com/gke-nodepool"
PURPOSE_LABEL = "hub.jupyter.org/node-purpose"
CORE, USER = "core", "user"
STANDARD = "standard"
PROVISIONING = ("spot", "preemptible", STANDARD)
GKE_PODS = 110  # GKE's own limit for a node, unless told otherwise
_RESERVED_PODS = 15

_KEYS: dict[str, type] = {
    "purpose": str,
    "machineType": str,
    "provisioning": str,
    "minNodes": int,
    "maxNodes": int,
    "diskGB": int,
    "taint": str,
    "maxPods": int,
    "sandbox": bool,
}
_OPTIONAL = ("maxPods", "sandbox")
_TYPES = {str: "text", int: "a whole number", bool: "true or false"}
_CHOICES = {"purpose": (CORE, USER), "provisioning": PROVISIONING}


@dataclass(frozen=True)
class Taint:
    """Keeps pods off a node that do not tolerate it."""

    key: str
    value: str
    effect: str

    @classmethod
    def parse(cls, text: str) -> Taint:
        """Read `key=value:effect`.

        Raises:
            ValueError: it is none.
        """
        pair, colon, effect = text.rpartition(":")
        key, equals, value = pair.partition("=")
        if not (colon and equals and key) or effect not in ("NoSchedule", "NoExecute"):
            raise ValueError(f"is '{text}', has to be key=value:NoSchedule")
        return cls(key, value, effect)

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.key}={self.value}:{self.effect}"

    def tolerated(self, tolerations: list[dict[str, Any]]) -> bool:
        """Whether one of a pod's tolerations is for this taint, by Kubernetes' rules."""
        return any(self._matches(each) for each in tolerations)

    def _matches(self, toleration: dict[str, Any]) -> bool:
        if toleration.get("effect") not in (None, "", self.effect):
            return False
        key, exists = toleration.get("key"), toleration.get("operator") == "Exists"
        if not key:
            return exists
        return key == self.key and (exists or toleration.get("value", "") == self.value)


SANDBOX_TAINT = Taint("sandbox.gke.io/runtime", "gvisor", "NoSchedule")


@dataclass(frozen=True)
class Pool:
    """Nodes of one kind.

    Attributes:
        name: GKE's.
        purpose: `core` or `user`.
        machine_type: GCE's name of it.
        provisioning: spot, preemptible or standard.
        min_nodes: of the whole pool.
        max_nodes: of the whole pool.
        disk: of each node, in GB.
        taint: its own.
        sandbox: whether its pods run in gVisor.
        max_pods: that a node takes.
        room: what one node has for the hub's pods.
        free_pods: how many of the hub's pods it takes, however small they are.
    """

    name: str
    purpose: str
    machine_type: str
    provisioning: str
    min_nodes: int
    max_nodes: int
    disk: int
    taint: Taint
    sandbox: bool
    max_pods: int
    room: Resources
    free_pods: int

    @property
    def is_preemptible(self) -> bool:
        """Whether its nodes are taken away at short notice."""
        return self.provisioning != STANDARD

    @property
    def taints(self) -> tuple[Taint, ...]:
        """Those of a node in it; GKE adds the sandbox's."""
        return (self.taint, SANDBOX_TAINT) if self.sandbox else (self.taint,)

    @property
    def labels(self) -> dict[str, str]:
        """Those of a node in it that pods of the hub may ask for."""
        labels = {POOL_LABEL: self.name, PURPOSE_LABEL: self.purpose}
        if self.is_preemptible:
            labels[f"cloud.google.com/gke-{self.provisioning}"] = "true"
        if self.sandbox:
            labels[SANDBOX_TAINT.key] = SANDBOX_TAINT.value
        return labels

    def node_seats(self, each: Resources) -> int:
        """How many students of that size one node holds."""
        return max(0, min(self.room.count(each), self.free_pods))

    def seats(self, each: Resources) -> int:
        """How many students of that size its nodes hold when all are there."""
        return self.max_nodes * self.node_seats(each)


def parse(stack: Stack) -> tuple[list[Pool], list[Problem]]:
    """The pools, and what is wrong with those that are left out."""
    pools, problems = [], []
    given = get(stack.values, "custom", "pools")
    if not isinstance(given, dict) or not given:
        return [], [Problem(stack.name, "custom.pools", "no pools: common.yaml has to give them")]
    reserve = get(stack.values, "custom", "nodeReserve") or {}
    for name, values in given.items():
        found = list(_problems(stack, str(name), values, given))
        problems += found
        if not found:
            pools.append(_pool(str(name), values, reserve))
    return pools, problems


def _pool(name: str, values: dict[str, Any], reserve: dict[str, Any]) -> Pool:
    kept = Resources(int(reserve.get("memory", 0)), float(reserve.get("cpu", 0)))
    max_pods = values.get("maxPods", GKE_PODS)
    return Pool(
        name=name,
        purpose=values["purpose"],
        machine_type=values["machineType"],
        provisioning=values["provisioning"],
        min_nodes=values["minNodes"],
        max_nodes=values["maxNodes"],
        disk=values["diskGB"],
        taint=Taint.parse(values["taint"]),
        sandbox=values.get("sandbox", False),
        max_pods=max_pods,
        room=allocatable(machine(values["machineType"])) - kept,
        free_pods=max_pods - int(reserve.get("pods", _RESERVED_PODS)),
    )


def _problems(stack: Stack, name: str, values: object, given: dict[str, Any]) -> Iterator[Problem]:
    def problem(message: str, *path: str) -> Problem:
        where = ("custom", "pools", name, *path)
        return Problem(stack.origin(where), dotted(where), message)

    if not isinstance(values, dict):
        yield problem("has to be a map")
        return
    for key in values:
        if key not in _KEYS:
            yield problem(f"unknown key{did_you_mean(key, _KEYS)}", str(key))
    missing = [key for key in _KEYS if key not in values and key not in _OPTIONAL]
    if missing:  # a layer with a slip in a pool's name looks like this, too
        near = did_you_mean(name, [other for other in given if other != name])
        yield problem(f"lacks {', '.join(missing)}{near}")
    for key, kind in _KEYS.items():
        if key not in values:
            continue
        if type(values[key]) is not kind:
            yield problem(f"is {values[key]!r}, has to be {_TYPES[kind]}", key)
        else:
            yield from (problem(said, key) for said in _said(key, values[key]))
    least, most = values.get("minNodes"), values.get("maxNodes")
    if isinstance(least, int) and isinstance(most, int) and not 0 <= least <= most:
        yield problem(f"is {least}, has to be between 0 and maxNodes ({most})", "minNodes")


def _said(key: str, value: Any) -> Iterator[str]:  # noqa: ANN401 -- whatever YAML holds
    """What is wrong with one value of the right type."""
    if key in _CHOICES and value not in _CHOICES[key]:
        near = did_you_mean(value, _CHOICES[key])
        yield f"is '{value}', allowed are {', '.join(_CHOICES[key])}{near}"
    reader = {"taint": Taint.parse, "machineType": machine}.get(key)
    if reader:
        try:
            reader(value)
        except ValueError as error:
            yield str(error)
