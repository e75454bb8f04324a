"""Machine types of Google's cloud, and what GKE leaves of each for pods."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass

from z2jh.problems import did_you_mean
from z2jh.resources import GIB, MIB, Resources

# GB of memory for each vCPU, of predefined types. Source: the tables of
# https://cloud.google.com/compute/docs/general-purpose-machines and /compute-optimized-machines.
_MEMORY_PER_CPU = {
    ("e2", "standard"): 4.0, ("e2", "highmem"): 8.0, ("e2", "highcpu"): 1.0,
    ("n1", "standard"): 3.75, ("n1", "highmem"): 6.5, ("n1", "highcpu"): 0.9,
    ("n2", "standard"): 4.0, ("n2", "highmem"): 8.0, ("n2", "highcpu"): 1.0,
    ("n2d", "standard"): 4.0, ("n2d", "highmem"): 8.0, ("n2d", "highcpu"): 1.0,
    ("n4", "standard"): 4.0, ("n4", "highmem"): 8.0, ("n4", "highcpu"): 2.0,
    ("c2", "standard"): 4.0,
    ("c2d", "standard"): 4.0, ("c2d", "highmem"): 8.0, ("c2d", "highcpu"): 2.0,
    ("c3", "standard"): 4.0, ("c3", "highmem"): 8.0, ("c3", "highcpu"): 2.0,
    ("c3d", "standard"): 4.0, ("c3d", "highmem"): 8.0, ("c3d", "highcpu"): 2.0,
    ("c4", "standard"): 3.75, ("c4", "highmem"): 7.75, ("c4", "highcpu"): 2.0,
    ("t2d", "standard"): 4.0, ("t2a", "standard"): 4.0,
}  # fmt: skip
_LARGEST = {"n2-highmem-128": 864.0, "n2d-highmem-96": 768.0}  # less than their kind has
_PREDEFINED = re.compile(r"([a-z]\d[a-z]?)-([a-z]+)-(\d+)")
_CUSTOM = re.compile(r"(?:([a-z]\d[a-z]?)-)?custom-(\d+)-(\d+)(-ext)?")
_SHARED = {"e2-micro": (2, 1.0), "e2-small": (2, 2.0), "e2-medium": (2, 4.0)}
# Those that take the disks of cluster/homes.yaml; n4 and c4, for instance, take Hyperdisks alone.
_BALANCED_DISKS = ("e2", "n1", "n2", "n2d", "c2", "c2d", "c3", "c3d", "t2d")

# https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes: shares of the memory
# and the cores up to each bound that GKE keeps. From 1.37 on GKE may keep less memory, never more.
_MEMORY_KEPT = ((0, 4, 0.25), (4, 8, 0.20), (8, 16, 0.10), (16, 128, 0.06), (128, math.inf, 0.02))
_CPU_KEPT = ((0, 1, 0.06), (1, 2, 0.01), (2, 4, 0.005), (4, math.inf, 0.0025))
_SMALL_MACHINE_KEPT = 255 * MIB  # of less than 1 GiB
_SHARED_CORE_KEPT = 1.060  # CPUs
_EVICTION_THRESHOLD = 100 * MIB

# Persistent disks that a machine can have, less the one it boots from:
# https://cloud.google.com/compute/docs/disks#pdnumberlimits
_DISKS, _DISKS_OF_SHARED_CORE = 127, 15


@dataclass(frozen=True)
class Machine:
    """A machine type of Google's."""

    name: str
    capacity: Resources  # all that it has
    shared: bool = False  # whether its cores are shared with other machines

    @property
    def reserved(self) -> Resources:
        """What GKE keeps for the system, with the eviction threshold."""
        gib = self.capacity.memory / GIB
        memory = _SMALL_MACHINE_KEPT if gib < 1 else _tiered(gib, _MEMORY_KEPT) * GIB
        cpu = _SHARED_CORE_KEPT if self.shared else _tiered(self.capacity.cpu, _CPU_KEPT)
        return Resources(math.ceil(memory) + _EVICTION_THRESHOLD, cpu)

    @property
    def allocatable(self) -> Resources:
        """What pods can have, GKE's own among them."""
        return self.capacity - self.reserved

    @property
    def disks(self) -> int:
        """How many volumes can be attached."""
        return _DISKS_OF_SHARED_CORE if self.shared else _DISKS


def machine(name: str) -> Machine:
    """Returns a machine type by its name.

    Raises:
        ValueError: its memory is not known here.
    """
    if name in _SHARED:
        cpus, gib = _SHARED[name]
        return Machine(name, Resources(int(gib * GIB), cpus), shared=True)
    if custom := _CUSTOM.fullmatch(name):
        return Machine(name, Resources(int(custom.group(3)) * MIB, int(custom.group(2))))
    match = _PREDEFINED.fullmatch(name)
    ratio = _MEMORY_PER_CPU.get((match.group(1), match.group(2))) if match else None
    if match is None or ratio is None:
        raise ValueError(f"is '{name}', whose size is not known here{_near(name)}")
    cpus = int(match.group(3))
    return Machine(name, Resources(int(_LARGEST.get(name, cpus * ratio) * GIB), cpus))


def machine_for_homes(name: str) -> Machine:
    """Returns a machine type that the students' homes can be attached to.

    Raises:
        ValueError: it is not known, or takes other disks.
    """
    family = name.partition("-")[0].replace("custom", "n1")
    if family in _BALANCED_DISKS and name not in _SHARED:
        with suppress(ValueError):
            return machine(name)
    raise ValueError(
        f"'{name}' is no machine type that takes pd-balanced disks "
        f"({', '.join(_BALANCED_DISKS)}){_near(name)}"
    )


def _near(name: str) -> str:
    known = (key for key in _MEMORY_PER_CPU if key[0] in _BALANCED_DISKS)
    return did_you_mean(name, [f"{family}-{kind}-8" for family, kind in known])


def _tiered(amount: float, tiers: tuple[tuple[float, float, float], ...]) -> float:
    return sum(max(0, min(amount, upper) - lower) * share for lower, upper, share in tiers)
