"""The cluster's node pools, as `custom.pools` gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from z2jh.gke import nodes
from z2jh.gke.machines import machine, machine_for_homes
from z2jh.gke.nodes import PROVISIONING, STANDARD
from z2jh.problems import did_you_mean
from z2jh.resources import Resources

from .layers import get
from .taints import Taint

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from z2jh.gke.machines import Machine
    from z2jh.problems import Problem

    from .layers import Stack, Values

PURPOSE_LABEL = "hub.jupyter.org/node-purpose"
CORE, USER = "core", "user"
SANDBOX_TAINT = Taint(nodes.SANDBOX_LABEL, "gvisor", "NoSchedule")

PATH = ("custom", "pools")
_REQUIRED = ("purpose", "machineType", "provisioning", "minNodes", "maxNodes", "diskGB", "taint")
_CHOICES = {"purpose": (CORE, USER), "provisioning": PROVISIONING}


@dataclass(frozen=True)
class Pool:
    """Nodes of one kind."""

    name: str
    purpose: str  # `core` or `user`
    machine: Machine
    provisioning: str  # spot, preemptible or standard
    min_nodes: int  # of the whole pool
    max_nodes: int  # of the whole pool
    disk: int  # of each node, in GB; 0 where it is not given
    taint: Taint | None  # that the values give its nodes; None where they give none
    sandbox: bool  # whether its pods run in gVisor
    max_pods: int  # that a node takes
    reserve: Resources  # what GKE's own pods on a node ask for
    reserved_pods: int  # how many GKE's own pods are

    @property
    def room(self) -> Resources:
        """What one node has for the hub's pods."""
        return self.machine.allocatable - self.reserve

    @property
    def is_preemptible(self) -> bool:
        """Whether its nodes are taken away at short notice."""
        return self.provisioning != STANDARD

    @property
    def taints(self) -> tuple[Taint, ...]:
        """The taints of a node in it; GKE adds the sandbox's."""
        own = (self.taint,) if self.taint else ()
        return (*own, SANDBOX_TAINT) if self.sandbox else own

    @property
    def labels(self) -> dict[str, str]:
        """The labels of a node in it that pods of the hub may ask for."""
        labels = {nodes.POOL_LABEL: self.name, PURPOSE_LABEL: self.purpose}
        if self.is_preemptible:
            labels[f"cloud.google.com/gke-{self.provisioning}"] = "true"
        if self.sandbox:
            labels[SANDBOX_TAINT.key] = SANDBOX_TAINT.value
        return labels


def read(stack: Stack) -> tuple[list[Pool], list[Problem]]:
    """Read all pools; returns those that are right, and the problems of the others."""
    return _read(stack, get(stack.values, *PATH), _REQUIRED, machine_for_homes)


def read_students(stack: Stack) -> tuple[list[Pool], list[Problem]]:
    """Read the students' pools, with no more required than their seats need."""
    given = get(stack.values, *PATH)
    if isinstance(given, dict):
        given = {
            name: pool for name, pool in given.items() if _given(pool).get("purpose", USER) == USER
        }
    return _read(stack, given, ("machineType", "maxNodes"), machine)


def _read(
    stack: Stack,
    given: object,
    required: Collection[str],
    read_machine: Callable[[str], Machine],
) -> tuple[list[Pool], list[Problem]]:
    if not isinstance(given, dict) or not given:
        message = "names no pool: give each its machineType, minNodes and maxNodes"
        return [], [stack.problem(PATH, message)]
    pools, problems = [], []
    reserve = _given(get(stack.values, "custom", "nodeReserve"))
    for name, content in given.items():
        values = _given(content)
        found = [
            stack.problem((*PATH, str(name), *path), message)
            for path, message in _problems(str(name), values, given, required, read_machine)
        ]
        problems += found
        if not found:
            pools.append(_pool(str(name), values, reserve, read_machine))
    return pools, problems


def _given(content: object) -> Values:
    """Returns the values of a map that are not null."""
    given = content.items() if isinstance(content, dict) else ()
    return {key: value for key, value in given if value is not None}


def _pool(
    name: str, values: Values, reserve: Values, read_machine: Callable[[str], Machine]
) -> Pool:
    own = nodes.OWN_PODS
    return Pool(
        name=name,
        purpose=values.get("purpose", USER),
        machine=read_machine(values["machineType"]),
        provisioning=values.get("provisioning", STANDARD),
        min_nodes=values.get("minNodes", 0),
        max_nodes=values["maxNodes"],
        disk=values.get("diskGB", 0),
        taint=Taint.parse(values["taint"]) if values.get("taint") else None,
        sandbox=values.get("sandbox", False),
        max_pods=values.get("maxPods", nodes.MAX_PODS),
        reserve=Resources(
            int(reserve.get("memory", own.memory)), float(reserve.get("cpu", own.cpu))
        ),
        reserved_pods=int(reserve.get("pods", nodes.OWN_PODS_COUNT)),
    )


def _problems(
    name: str,
    values: Values,
    given: Values,
    required: Collection[str],
    read_machine: Callable[[str], Machine],
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yields what is wrong with one pool: the key at fault, if it is one, and the message."""
    if missing := [key for key in required if key not in values]:
        # A layer with a slip in a pool's name looks like this, too.
        near = did_you_mean(name, [other for other in given if other != name])
        yield (), f"lacks {', '.join(missing)}{near}"
    for key, choices in _CHOICES.items():
        if (value := values.get(key, choices[0])) not in choices:
            near = did_you_mean(value, choices)
            yield (key,), f"is '{value}', allowed are {', '.join(choices)}{near}"
    readers: dict[str, Callable[[str], object]] = {
        "taint": Taint.parse, "machineType": read_machine
    }  # fmt: skip
    for key, reader in readers.items():
        if values.get(key):
            try:
                reader(values[key])
            except ValueError as error:
                yield (key,), str(error)
    least, most = values.get("minNodes", 0), values.get("maxNodes", 1)
    if not 0 < most <= nodes.MAX_NODES:
        yield ("maxNodes",), f"is {most}, has to be between 1 and {nodes.MAX_NODES}"
    elif least > most:
        yield ("minNodes",), f"is {least}, has to be between 0 and maxNodes ({most})"
