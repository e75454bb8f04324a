"""What an operator has to put in before anything is deployed: the values still show examples."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .problems import Problem, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .layers import Stack
    from .problems import KeyPath

# Names that cannot be anybody's: RFC 2606 keeps example.org free, and the project is our own.
_EXAMPLE = re.compile(r"\bexample-project\b|\bexample\.org\b")


def check(stack: Stack) -> list[Problem]:
    """The places that still have the example's project, registry, host name or address."""
    found = []
    for path, text in _texts(stack.values, ()):
        if _EXAMPLE.search(text):
            message = f"'{text}' is the example's: put in your own"
            found.append(Problem(stack.origin(path), dotted(path), message))
    return sorted(found)


def _texts(values: object, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(values, dict):
        for key, value in values.items():
            yield from _texts(value, (*path, key))
    elif isinstance(values, list):
        for number, value in enumerate(values):
            yield from _texts(value, (*path, number))
    elif isinstance(values, str):
        yield path, values
