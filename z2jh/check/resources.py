"""Memory and CPU: what pods ask for and what machines have, in bytes and cores."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from z2jh.prescale.planning import machines

from .problems import did_you_mean

GIB = 2**30
MIB = 2**20

# Those that take the disks of cluster/homes.yaml; n4 and c4, for instance, take Hyperdisks alone.
_FAMILIES = ("e2", "n1", "n2", "n2d", "c2", "c2d", "c3", "c3d", "t2d")
_KINDS = ("standard", "highmem", "highcpu")

_SUFFIXES = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{suffix: Decimal(1000**power) for power, suffix in enumerate("kMGT", 1)},
    **{f"{suffix}i": Decimal(1024**power) for power, suffix in enumerate("KMGT", 1)},
}
_QUANTITY = re.compile(r"(?P<number>[0-9.]+(?:[eE][+-]?[0-9]+)?)(?P<suffix>[a-zA-Z]*)")


@dataclass(frozen=True)
class Resources:
    """An amount of both.

    Attributes:
        memory: in bytes.
        cpu: in cores.
    """

    memory: int
    cpu: float

    def __sub__(self, other: Resources) -> Resources:
        """What is left."""
        return Resources(self.memory - other.memory, self.cpu - other.cpu)

    def __str__(self) -> str:
        """For a person."""
        return f"{self.memory / GIB:.3g} GiB and {self.cpu:.3g} CPU"

    def count(self, other: Resources) -> int:
        """How many of the other fit into this."""
        by_memory = self.memory // other.memory if other.memory else self.memory
        by_cpu = int(round(self.cpu / other.cpu, 6)) if other.cpu else by_memory
        return max(0, min(by_memory, by_cpu))


NOTHING = Resources(0, 0)


def quantity(text: str | float) -> Decimal:
    """A quantity as Kubernetes writes it: `250m`, `2Gi`, `1G`, `2.147483648e+09`.

    Raises:
        ValueError: it is none.
    """
    match = _QUANTITY.fullmatch(str(text))
    if not match or match["suffix"] not in _SUFFIXES:
        raise ValueError(f"'{text}' is no quantity of Kubernetes")
    return Decimal(match["number"]) * _SUFFIXES[match["suffix"]]


def machine(name: str) -> Resources:
    """What a GCE machine type has, a predefined or a custom one.

    Raises:
        ValueError: the type is not known, or cannot be used here.
    """
    found = machines.machine(name)
    family = name.partition("-")[0].replace("custom", "n1")
    if found is None or family not in _FAMILIES or found.shared:
        known = [f"{family}-{kind}-8" for family in _FAMILIES for kind in _KINDS]
        near = did_you_mean(name, [each for each in known if machines.machine(each)])
        kinds = ", ".join(_FAMILIES)
        raise ValueError(
            f"'{name}' is no machine type that takes pd-balanced disks ({kinds}){near}"
        )
    return Resources(found.room.memory, float(found.room.cpu))


def allocatable(whole: Resources) -> Resources:
    """What GKE leaves of a machine to pods: less its own share, and 100 MiB against eviction."""
    left = machines.Machine("", machines.Room(whole.cpu, whole.memory)).allocatable
    return Resources(left.memory, left.cpu)
