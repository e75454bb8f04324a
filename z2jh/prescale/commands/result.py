"""The result of a verb."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from z2jh.prescale.errors import PrescaleError


@dataclass(frozen=True)
class Result:
    """Output of a verb, and its error if there is one as well.

    Attributes:
        data: for --json.
        text: for a person.
        error: decides the exit code; None means 0.
    """

    data: dict[str, Any]
    text: str
    error: PrescaleError | None = None


Verb = Callable[["argparse.Namespace"], Result]
