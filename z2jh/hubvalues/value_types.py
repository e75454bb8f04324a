"""The types of the values that are read here; the chart's schema is checked where it is at hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from z2jh.resources import SPAWNER_MEMORY, is_quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from z2jh.problems import KeyPath, Problem

    from .layers import Stack

ANY = "*"  # stands for any key of a map


@dataclass(frozen=True)
class Kind:
    """A type of single values."""

    name: str  # follows `has to be` in a message
    accepts: Callable[[Any], bool]


def _is_number(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value >= 0  # type: ignore[arg-type, operator]


def _is_memory(value: object) -> bool:
    return bool(SPAWNER_MEMORY.fullmatch(str(value))) or _is_number(value)


NUMBER = Kind("a number", _is_number)
WHOLE = Kind("a whole number", lambda value: isinstance(value, int) and _is_number(value))
COUNT = Kind("a whole number above 0", lambda value: WHOLE.accepts(value) and value > 0)
MEMORY = Kind("a number of bytes, or a text such as 2G", _is_memory)
QUANTITY = Kind("a quantity of Kubernetes", lambda value: is_quantity(str(value)))
TEXT = Kind("text", lambda value: isinstance(value, str) and bool(value))
REASON = Kind("the reason in words", TEXT.accepts)
SWITCH = Kind("true or false", lambda value: isinstance(value, bool))
SCALAR = Kind("a single value", lambda value: not isinstance(value, dict | list))

# Of a map: the types of the keys that are read. Of a list: the type of each item.
_TOLERATIONS = [{"key": SCALAR, "operator": SCALAR, "value": SCALAR, "effect": SCALAR}]
_TERMS = [{"matchExpressions": [{"key": TEXT, "operator": TEXT, "values": [SCALAR]}]}]
_OVERRIDE = {
    "mem_guarantee": MEMORY,
    "mem_limit": MEMORY,
    "cpu_guarantee": NUMBER,
    "cpu_limit": NUMBER,
    "node_selector": {},
    "node_affinity_required": _TERMS,
    "tolerations": _TOLERATIONS,
}
_CHOICES = {ANY: {"kubespawner_override": _OVERRIDE}}
_SCHEDULING = {
    "nodeAffinity": {"matchNodePurpose": SCALAR},
    "tolerations": _TOLERATIONS,
}
CUSTOM: dict[str, Any] = {
    "classes": {ANY: {"students": COUNT}},
    "cluster": {
        **dict.fromkeys(("project", "region", "zone", "name", "namespace"), TEXT),
        "budget": NUMBER,
    },
    "exam": SWITCH,
    "nodeReserve": {"cpu": NUMBER, "memory": NUMBER, "pods": NUMBER},
    "pools": {
        ANY: {
            **dict.fromkeys(("purpose", "machineType", "provisioning", "taint"), TEXT),
            **dict.fromkeys(("minNodes", "maxNodes", "diskGB", "maxPods"), WHOLE),
            "sandbox": SWITCH,
        }
    },
    "sharedHost": REASON,
}
_READ: dict[str, Any] = {
    "cull": {"enabled": SCALAR, "every": NUMBER, "timeout": NUMBER},
    "custom": CUSTOM,
    "hub": {
        "concurrentSpawnLimit": WHOLE,
        "config": {},
    },
    "prePuller": {"extraTolerations": _TOLERATIONS},
    "proxy": {"chp": {"extraCommandLineFlags": [SCALAR]}, "https": {"hosts": [TEXT]}},
    "scheduling": {
        "corePods": _SCHEDULING,
        "userPods": _SCHEDULING,
        "userPlaceholder": {"resources": {"requests": {ANY: QUANTITY}}},
    },
    "singleuser": {
        "cpu": {"guarantee": NUMBER, "limit": NUMBER},
        "extraNodeAffinity": {"required": _TERMS},
        "extraTolerations": _TOLERATIONS,
        "image": {"name": SCALAR, "tag": SCALAR},
        "memory": {"guarantee": MEMORY, "limit": MEMORY},
        "nodeSelector": {},
        "profileList": [
            {
                "slug": SCALAR,
                "display_name": SCALAR,
                "kubespawner_override": _OVERRIDE,
                "profile_options": {ANY: {"choices": _CHOICES}},
            }
        ],
        "startTimeout": NUMBER,
        "storage": {"type": SCALAR, "extraVolumes": [{}]},
    },
}


def wrong_types(stack: Stack) -> list[Problem]:
    """Returns the values that are not of the type that this package's readers take for granted."""
    return sorted(stack.problem(*found) for found in _wrong(stack.values, _READ, ()))


def _wrong(value: Any, expected: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:  # noqa: ANN401 -- any YAML, and any part of the table
    if value is None:  # read as if nothing were given
        return
    if isinstance(expected, Kind):
        if not expected.accepts(value):
            yield path, f"is {value!r}, has to be {expected.name}"
    elif not isinstance(value, type(expected)):
        yield path, f"is {value!r}, has to be a {'map' if isinstance(expected, dict) else 'list'}"
    elif isinstance(expected, list):
        for number, item in enumerate(value):
            if item is None:
                yield (*path, number), "is empty: take it out"
            yield from _wrong(item, expected[0], (*path, number))
    else:
        for key, below in value.items():
            inner = expected.get(key, expected.get(ANY))
            if inner is not None:
                yield from _wrong(below, inner, (*path, str(key)))
