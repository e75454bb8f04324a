"""What is ours below `custom`, which the chart passes on unread: known names, complete classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from z2jh.problems import did_you_mean

from .value_types import ANY, CUSTOM, wrong_types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from z2jh.problems import KeyPath, Problem

    from .layers import Stack


def check(stack: Stack) -> list[Problem]:
    """Returns the slips in our own values below `custom`, and the wrong types of all values."""
    given = stack.values.get("custom")
    if not isinstance(given, dict):
        return [stack.problem(("custom",), "has to be a map")]
    found = [
        # Other names at the top are the operator's own: only a slip is told.
        *((path, said) for path, said in _unknown(given, CUSTOM, ()) if path[1:] or "mean" in said),
        *_classes(given.get("classes")),
    ]
    return sorted({
        *(stack.problem(("custom", *path), message) for path, message in found),
        *wrong_types(stack),
    })  # fmt: skip


def _unknown(given: Any, known: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:  # noqa: ANN401 -- any YAML, and any part of the table
    if not (isinstance(given, dict) and isinstance(known, dict)):
        return
    for key, value in given.items():
        expected = known.get(key, known.get(ANY))
        if expected is None:
            yield (*path, str(key)), f"unknown key{did_you_mean(key, known)}"
        yield from _unknown(value, expected, (*path, str(key)))


def _classes(given: object) -> Iterator[tuple[KeyPath, str]]:
    for name, values in given.items() if isinstance(given, dict) else ():
        if not isinstance(values, dict) or values.get("students") is None:
            message = "is not given: how many come at the same time?"
            yield ("classes", name, "students"), message
