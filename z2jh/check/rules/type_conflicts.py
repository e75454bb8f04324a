"""Type conflicts: a layer gives a single value where another has a map, or the like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from z2jh.hubvalues.layers import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from z2jh.hubvalues.layers import Values
    from z2jh.problems import KeyPath, Problem


def check(stack: Stack) -> list[Problem]:
    """Returns the places where layers disagree on a map, a list or a single value.

    Helm would take one of them, and only warn.
    """
    found = []
    for number in range(1, len(stack.layers)):
        below, upto = Stack(stack.layers[:number]), Stack(stack.layers[: number + 1])
        for path, given, expected in _conflicts(below.values, stack.layers[number].values, ()):
            message = f"is {given}, and {below.problem(path, '').where} has {expected} there"
            found.append(upto.problem(path, message))
    return sorted(found)


def _conflicts(under: Values, over: Values, path: KeyPath) -> Iterator[tuple[KeyPath, str, str]]:
    for key, value in over.items():
        below, where = under.get(key), (*path, key)
        if below is None or value is None:  # null takes the lower value away
            continue
        if _type(value) != _type(below):
            yield where, _type(value), _type(below)
        elif isinstance(value, dict):
            yield from _conflicts(below, value, where)


def _type(value: object) -> str:
    if isinstance(value, dict):
        return "a map"
    return "a list" if isinstance(value, list) else "a single value"
