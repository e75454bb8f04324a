"""The result of a verb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from z2jh.prescale.errors import PrescaleError


@dataclass(frozen=True)
class Result:
    """A verb's data for --json, its text for a person, and the error that decides the exit code."""

    data: dict[str, Any]
    text: str
    error: PrescaleError | None = None
