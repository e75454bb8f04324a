"""What stands below `custom`, which the chart passes on unread: names and types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .layers import get
from .problems import Problem, did_you_mean, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .layers import Stack
    from .problems import KeyPath

# `pools` has a module of its own.
_SECTIONS = ("classes", "cluster", "exam", "nodeReserve", "pools", "sharedHost")
_NUMBER, _COUNT, _TEXT = "a number", "a whole number above 0", "text"
_CLUSTER = {
    **dict.fromkeys(("project", "region", "zone", "name", "namespace"), _TEXT),
    "budget": _NUMBER,
}
_RESERVE = {"cpu": _NUMBER, "memory": _NUMBER, "pods": _NUMBER}
_CLASS = {"students": _COUNT}


def check(stack: Stack) -> list[Problem]:
    """Slips in what is ours below `custom`; other names there are the operator's own."""
    given = get(stack.values, "custom")
    if not isinstance(given, dict):
        return [Problem(stack.origin(("custom",)), "custom", "has to be a map")]
    found = [*_sections(stack, given)]
    for name, known in (("cluster", _CLUSTER), ("nodeReserve", _RESERVE)):
        if given.get(name) is not None:
            found += _values(stack, ("custom", name), given[name], known)
    classes = given.get("classes") or {}
    if not isinstance(classes, dict):
        found.append(_problem(stack, ("custom", "classes"), "has to be a map of classes"))
    else:
        for name, values in classes.items():
            found += _class(stack, ("custom", "classes", name), values)
    return sorted(found)


def _problem(stack: Stack, path: KeyPath, message: str) -> Problem:
    return Problem(stack.origin(path), dotted(path), message)


def _sections(stack: Stack, given: dict[str, Any]) -> Iterator[Problem]:
    for name in given:
        near = did_you_mean(name, _SECTIONS)
        if name not in _SECTIONS and near:
            yield _problem(stack, ("custom", name), f"unknown key{near}")
    if not isinstance(given.get("exam", False), bool):
        yield _problem(stack, ("custom", "exam"), f"is {given['exam']!r}, has to be true or false")
    reason = given.get("sharedHost")
    if reason is not None and not _is(_TEXT, reason):
        message = f"is {reason!r}, has to be the reason in words"
        yield _problem(stack, ("custom", "sharedHost"), message)


def _class(stack: Stack, path: KeyPath, values: object) -> Iterator[Problem]:
    yield from _values(stack, path, values, _CLASS)
    if isinstance(values, dict) and "students" not in values:
        message = "is not given: how many come at the same time?"
        yield _problem(stack, (*path, "students"), message)


def _values(
    stack: Stack, path: KeyPath, values: object, known: Mapping[str, str]
) -> Iterator[Problem]:
    if not isinstance(values, dict):
        yield _problem(stack, path, "has to be a map")
        return
    for key, value in values.items():
        if key not in known:
            yield _problem(stack, (*path, key), f"unknown key{did_you_mean(key, known)}")
        elif not _is(known[key], value):
            yield _problem(stack, (*path, key), f"is {value!r}, has to be {known[key]}")


def _is(kind: str, value: object) -> bool:
    if isinstance(value, bool):
        return False
    if kind == _TEXT:
        return isinstance(value, str) and bool(value)
    if kind == _COUNT:
        return isinstance(value, int) and value > 0
    return isinstance(value, int | float) and value >= 0
