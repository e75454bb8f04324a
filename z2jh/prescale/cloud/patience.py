"""How long is waited, and what is worth another try."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """Seconds; the whole of a run has to end before the next begins.

    Attributes:
        call: that a call may take.
        first: until the first other try; each further one takes twice as long.
        longest: between two tries.
        total: for all tries of a change.
        poll: between two looks at an operation.
    """

    call: float = 20
    first: float = 1
    longest: float = 15
    total: float = 120
    poll: float = 2
