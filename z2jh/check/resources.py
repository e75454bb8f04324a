"""Memory and CPU: what pods ask for and what machines have, in bytes and cores."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from .problems import did_you_mean

GIB = 2**30
MIB = 2**20

# GiB of memory for each vCPU, from Google's tables of machine families.
_GIB_EACH = {"standard": 4.0, "highmem": 8.0, "highcpu": 1.0}
_EXCEPTIONS = {
    ("n1", "standard"): 3.75,
    ("n1", "highmem"): 6.5,
    ("n1", "highcpu"): 0.9,
    ("c2", "standard"): 4.0,
    ("c3", "highcpu"): 2.0,
}
# Those that take the disks of cluster/homes.yaml; n4 and c4, for instance, take Hyperdisks alone.
_FAMILIES = ("e2", "n1", "n2", "n2d", "c2", "c2d", "c3", "c3d", "t2d")
_MACHINE = re.compile(r"(?P<family>[a-z]\d[a-z]?)-(?P<kind>[a-z]+)-(?P<cpus>\d+)")
_CUSTOM = re.compile(r"(?:(?P<family>[a-z]\d[a-z]?)-)?custom-(?P<cpus>\d+)-(?P<mib>\d+)(?:-ext)?")

# What GKE keeps of a machine for itself, in slices: "Plan GKE Standard node sizes", allocatable.
_MEMORY_SLICES = ((4 * GIB, 0.25), (4 * GIB, 0.2), (8 * GIB, 0.1), (112 * GIB, 0.06))
_MEMORY_ABOVE = 0.02
_CPU_SLICES = ((1, 0.06), (1, 0.01), (2, 0.005))
_CPU_ABOVE = 0.0025
_EVICTION = 100 * MIB

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
    custom = _CUSTOM.fullmatch(name)
    if custom and (custom["family"] or "n1") in _FAMILIES:
        return Resources(int(custom["mib"]) * MIB, float(custom["cpus"]))
    match = _MACHINE.fullmatch(name)
    if not match or match["family"] not in _FAMILIES or match["kind"] not in _GIB_EACH:
        known = [f"{family}-{kind}-8" for family in _FAMILIES for kind in _GIB_EACH]
        near = did_you_mean(name, known)
        kinds = ", ".join(_FAMILIES)
        raise ValueError(
            f"'{name}' is no machine type that takes pd-balanced disks ({kinds}){near}"
        )
    each = _EXCEPTIONS.get((match["family"], match["kind"]), _GIB_EACH[match["kind"]])
    return Resources(int(int(match["cpus"]) * each * GIB), float(match["cpus"]))


def allocatable(whole: Resources) -> Resources:
    """What GKE leaves of a machine to pods: less its own share, and 100 MiB against eviction."""
    memory = _kept(whole.memory, _MEMORY_SLICES, _MEMORY_ABOVE) + _EVICTION
    return Resources(
        whole.memory - int(memory), whole.cpu - _kept(whole.cpu, _CPU_SLICES, _CPU_ABOVE)
    )


def _kept(whole: float, slices: tuple[tuple[int, float], ...], above: float) -> float:
    kept = 0.0
    for size, share in slices:
        part = min(whole, size)
        kept += part * share
        whole -= part
    return kept + whole * above
