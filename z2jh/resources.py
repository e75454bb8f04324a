"""Amounts of memory and CPU, and the notations of Kubernetes and KubeSpawner for them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal

GIB = 2**30
MIB = 2**20

_SUFFIXES = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{suffix: Decimal(1000**power) for power, suffix in enumerate("kMGT", 1)},
    **{f"{suffix}i": Decimal(1024**power) for power, suffix in enumerate("KMGT", 1)},
}
_QUANTITY = re.compile(r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?P<suffix>[a-zA-Z]*)")
SPAWNER_MEMORY = re.compile(r"(\d+(?:\.\d+)?)([KMGT])")
_UNLIMITED = 10**6  # pods that ask for nothing


@dataclass(frozen=True)
class Resources:
    """An amount of memory and CPU."""

    memory: int  # in bytes
    cpu: float  # in cores

    def __sub__(self, other: Resources) -> Resources:
        """Returns what is left."""
        return Resources(self.memory - other.memory, self.cpu - other.cpu)

    def __str__(self) -> str:
        """For a person."""
        return f"{self.memory / GIB:.3g} GiB and {self.cpu:.3g} CPU"

    def count(self, each: Resources) -> dict[str, int]:
        """Counts the pods of one size that fit, by memory and by CPU.

        Kubernetes counts whole bytes and whole thousandths of a core; a pod's are rounded up.
        """
        free, asked = (round(amount.cpu * 1000, 6) for amount in (self, each))
        return {
            "memory": self.memory // each.memory if each.memory else _UNLIMITED,
            "CPU": math.floor(free) // math.ceil(asked) if asked else _UNLIMITED,
        }


NOTHING = Resources(0, 0)


def is_quantity(text: str) -> bool:
    """Returns whether Kubernetes reads a text as a quantity."""
    match = _QUANTITY.fullmatch(text)
    return bool(match and match["suffix"] in _SUFFIXES)


def quantity(text: str | float) -> Decimal:
    """Reads a quantity as Kubernetes does: `250m`, `2Gi`, `1G`, `2.147483648e+09`.

    Raises:
        ValueError: it is not a quantity.
    """
    match = _QUANTITY.fullmatch(str(text))
    if not match or match["suffix"] not in _SUFFIXES:
        raise ValueError(f"'{text}' is no quantity of Kubernetes")
    return Decimal(match["number"]) * _SUFFIXES[match["suffix"]]


def spawner_memory(value: str | float) -> int:
    """Reads bytes as KubeSpawner does, to which `2G` is 2 x 2^30.

    Raises:
        ValueError: KubeSpawner would refuse it.
    """
    if not isinstance(value, str):
        return int(value)
    match = SPAWNER_MEMORY.fullmatch(value)
    if not match:
        raise ValueError(f"'{value}' is no amount of memory")
    return int(float(match[1]) * 1024 ** (1 + "KMGT".index(match[2])))
