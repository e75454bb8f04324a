"""The rule that an operator has replaced the examples, before anything is deployed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from z2jh.hubvalues.layers import parts

if TYPE_CHECKING:
    from z2jh.hubvalues.layers import Stack
    from z2jh.problems import Problem

# Names that cannot be anybody's: RFC 2606 keeps example.org free, and the project is our own.
_EXAMPLE = re.compile(r"\bexample-project\b|\bexample\.org\b")


def check(stack: Stack) -> list[Problem]:
    """Returns the places that still have the example's project, registry, host or address."""
    return sorted(
        stack.problem(path, f"'{text}' is the example's: put in your own")
        for path, text in parts(stack.values)
        if isinstance(text, str) and _EXAMPLE.search(text)
    )
