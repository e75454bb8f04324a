"""The chart's own schema, applied to the merged values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator

from z2jh.hubvalues.layers import over_defaults
from z2jh.problems import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema import ValidationError

    from z2jh.check.rendering.chart import Chart
    from z2jh.hubvalues.layers import Stack
    from z2jh.problems import KeyPath, Problem

_LONGEST = 160


def check(stack: Stack, chart: Chart) -> list[Problem]:
    """Returns what the chart's schema finds wrong with the values over its defaults.

    Without the defaults, the schema would miss values that it requires.
    """
    values = over_defaults(chart.defaults, stack.values)
    found: set[Problem] = set()
    for error in Draft7Validator(chart.schema).iter_errors(values):
        found.update(_problems(error, stack))
    return sorted(found)


def _problems(error: ValidationError, stack: Stack) -> Iterator[Problem]:
    path: KeyPath = tuple(error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {})
        for key in _unknown(error):
            yield stack.problem((*path, key), f"unknown key{did_you_mean(key, known)}")
    else:
        yield stack.problem(path, _said(error))


def _unknown(error: ValidationError) -> Iterator[str]:
    """Yields the keys that the schema does not allow."""
    known = error.schema.get("properties", {})
    patterns = error.schema.get("patternProperties", {})
    for key in error.instance:
        if key not in known and not any(re.search(pattern, key) for pattern in patterns):
            yield key


def _said(error: ValidationError) -> str:
    """Words the schema's complaint without the whole instance in it."""
    if error.validator == "type":
        return f"is {_short(error.instance)}, has to be of type {_types(error.validator_value)}"
    if error.validator == "enum":
        allowed = ", ".join(str(value) for value in error.validator_value)
        near = did_you_mean(error.instance, error.validator_value)
        return f"is {_short(error.instance)}, allowed are {allowed}{near}"
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return f"lacks {', '.join(missing)}"
    return _short(error.message)


def _types(types: str | list[str]) -> str:
    return types if isinstance(types, str) else " or ".join(types)


def _short(value: Any) -> str:  # noqa: ANN401 -- of whatever YAML holds
    text = value if isinstance(value, str) and " " in value else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
