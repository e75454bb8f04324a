"""The limits of waiting and retrying."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """Limits in seconds; a whole run must end before the next one begins.

    Attributes:
        call: for one call.
        first: until the first retry; doubles with each further one.
        longest: until a retry.
        total: for all tries of a change.
        poll: between two reads of an operation.
    """

    call: float = 20
    first: float = 1
    longest: float = 15
    total: float = 120
    poll: float = 2
