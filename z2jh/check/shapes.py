"""A layer that puts a single value where a map stands below it, or the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .layers import Stack
from .problems import Problem, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .layers import Values
    from .problems import KeyPath


def check(stack: Stack) -> list[Problem]:
    """The places where layers do not agree whether there is a map, a list or a single value.

    Helm would take the upper one, or the lower, and say nothing that stops a deployment.
    """
    found = []
    for number in range(1, len(stack.layers)):
        below, upto = Stack(stack.layers[:number]), Stack(stack.layers[: number + 1])
        for path, shape, expected in _clashes(below.values, stack.layers[number].values, ()):
            message = f"is {shape}, and {below.origin(path)} has {expected} there"
            found.append(Problem(upto.origin(path), dotted(path), message))
    return sorted(found)


def _clashes(under: Values, over: Values, path: KeyPath) -> Iterator[tuple[KeyPath, str, str]]:
    for key, value in over.items():
        below, where = under.get(key), (*path, key)
        if below is None or value is None:  # null takes away what is below it
            continue
        if _shape(value) != _shape(below):
            yield where, _shape(value), _shape(below)
        elif isinstance(value, dict):
            yield from _clashes(below, value, where)


def _shape(value: object) -> str:
    if isinstance(value, dict):
        return "a map"
    return "a list" if isinstance(value, list) else "a single value"
