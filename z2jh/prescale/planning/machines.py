"""What a machine type has, and what GKE leaves of it for pods."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

GIB = 2**30
MIB = 2**20

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

# https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes: shares of the memory
# and the cores up to each bound that GKE keeps. From 1.37 on GKE may keep less memory, never more.
_MEMORY_KEPT = ((0, 4, 0.25), (4, 8, 0.20), (8, 16, 0.10), (16, 128, 0.06), (128, math.inf, 0.02))
_CPU_KEPT = ((0, 1, 0.06), (1, 2, 0.01), (2, 4, 0.005), (4, math.inf, 0.0025))
_SMALL_MACHINE_KEPT = 255 * MIB  # of less than 1 GiB
_SHARED_CORE_KEPT = 1.060  # CPUs
_EVICTION_THRESHOLD = 100 * MIB

# Persistent disks a machine can have, less the one it boots from:
# https://cloud.google.com/compute/docs/disks#pdnumberlimits
_DISKS, _DISKS_OF_SHARED_CORE = 127, 15


@dataclass(frozen=True)
class Room:
    """What a machine has, or what is left of it.

    Attributes:
        cpu: cores.
        memory: bytes.
    """

    cpu: float
    memory: int

    def less(self, other: Room) -> Room:
        """What is left when something is taken."""
        return Room(self.cpu - other.cpu, self.memory - other.memory)


@dataclass(frozen=True)
class Machine:
    """A machine type.

    Attributes:
        name: Google's.
        room: all that it has.
        shared: its cores are shared with other machines.
    """

    name: str
    room: Room
    shared: bool = False

    @property
    def kept(self) -> Room:
        """What GKE keeps for the system, with the eviction threshold."""
        gib = self.room.memory / GIB
        memory = _SMALL_MACHINE_KEPT if gib < 1 else _tiered(gib, _MEMORY_KEPT) * GIB
        cpu = _SHARED_CORE_KEPT if self.shared else _tiered(self.room.cpu, _CPU_KEPT)
        return Room(cpu, math.ceil(memory) + _EVICTION_THRESHOLD)

    @property
    def allocatable(self) -> Room:
        """What pods can have, GKE's own among them."""
        return self.room.less(self.kept)

    @property
    def disks(self) -> int:
        """Volumes that can be attached."""
        return _DISKS_OF_SHARED_CORE if self.shared else _DISKS


def machine(name: str) -> Machine | None:
    """A machine type by its name; None if its memory is not known."""
    if name in _SHARED:
        cpus, gib = _SHARED[name]
        return Machine(name, Room(cpus, int(gib * GIB)), shared=True)
    if custom := _CUSTOM.fullmatch(name):
        return Machine(name, Room(int(custom.group(2)), int(custom.group(3)) * MIB))
    match = _PREDEFINED.fullmatch(name)
    ratio = _MEMORY_PER_CPU.get((match.group(1), match.group(2))) if match else None
    if match is None or ratio is None:
        return None
    cpus = int(match.group(3))
    return Machine(name, Room(cpus, int(_LARGEST.get(name, cpus * ratio) * GIB)))


def _tiered(amount: float, tiers: tuple[tuple[float, float, float], ...]) -> float:
    return sum(max(0, min(amount, upper) - lower) * share for lower, upper, share in tiers)
