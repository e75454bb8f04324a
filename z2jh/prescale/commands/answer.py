"""What a verb gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from z2jh.prescale.errors import PrescaleError


@dataclass(frozen=True)
class Answer:
    """What is printed, and what is wrong all the same.

    Attributes:
        data: what --json prints.
        text: for a person.
        error: the reason of an exit code that is not 0, or None.
    """

    data: dict[str, Any]
    text: str
    error: PrescaleError | None = None


Verb = Callable[["argparse.Namespace"], Answer]
