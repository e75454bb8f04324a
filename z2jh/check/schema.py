"""Holds merged values against the chart's own schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator

from .layers import over_defaults
from .problems import Problem, did_you_mean, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema import ValidationError

    from .chart import Chart
    from .layers import Stack
    from .problems import KeyPath

_LONGEST = 160


def check(stack: Stack, chart: Chart) -> list[Problem]:
    """What the chart's schema says of the values, which are laid over its defaults first.

    Without the defaults the schema would miss what it requires.
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
            where = (*path, key)
            message = f"unknown key{did_you_mean(key, known)}"
            yield Problem(stack.origin(where), dotted(where), message)
    else:
        yield Problem(stack.origin(path), dotted(path), _said(error))


def _unknown(error: ValidationError) -> Iterator[str]:
    """The keys that the schema does not allow."""
    known = error.schema.get("properties", {})
    patterns = error.schema.get("patternProperties", {})
    for key in error.instance:
        if key not in known and not any(re.search(pattern, key) for pattern in patterns):
            yield key


def _said(error: ValidationError) -> str:
    """The schema's complaint without the whole instance in it."""
    if error.validator == "type":
        return f"is {_short(error.instance)}, has to be of type {_types(error.validator_value)}"
    if error.validator == "enum":
        allowed = ", ".join(str(each) for each in error.validator_value)
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
