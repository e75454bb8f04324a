"""What came out: samples by row and contender, and their medians."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from .measurements import ROWS, Contender

if TYPE_CHECKING:
    from collections.abc import Mapping

Sample = float | str  # a string says why there is no figure


@dataclass(frozen=True)
class Results:
    """A run.

    Attributes:
        machine: what it ran on, by name.
        samples: by row and contender, in the order in which they were taken.
    """

    machine: dict[str, str]
    samples: dict[str, dict[Contender, list[Sample]]] = field(default_factory=dict)

    def add(self, row: str, contender: Contender, sample: Sample) -> None:
        """Take in one more."""
        self.samples.setdefault(row, {}).setdefault(contender, []).append(sample)

    def of(self, row: str, contender: Contender) -> list[Sample]:
        """The samples; none where it was not measured."""
        return self.samples.get(row, {}).get(contender, [])

    def median(self, row: str, contender: Contender) -> Sample | None:
        """The median; why there is none, if most attempts failed; None if there was no attempt."""
        samples = self.of(row, contender)
        figures = numbers(samples)
        reasons = [sample for sample in samples if isinstance(sample, str)]
        if len(reasons) > len(figures):
            return reasons[-1]
        return statistics.median(figures) if figures else None

    def as_json(self) -> dict[str, Any]:
        """For `json.dump`; the medians are there for who reads it, and not read back."""
        medians = {
            row: {contender.value: self.median(row, contender) for contender in taken}
            for row, taken in self.samples.items()
        }
        return {"units": "s, bytes, bytes/s, 1/s", **asdict(self), "medians": medians}


def from_json(content: Mapping[str, Any]) -> Results:
    """The results that `as_json` gave; rows that no longer exist are left out.

    Raises:
        KeyError, ValueError: they are something else.
    """
    known = {row.key for row in ROWS}
    samples = {
        row: {Contender(name): list(taken) for name, taken in by_contender.items()}
        for row, by_contender in content["samples"].items()
        if row in known
    }
    return Results(dict(content["machine"]), samples)


def numbers(samples: list[Sample]) -> list[float]:
    """The samples that are figures."""
    return [sample for sample in samples if not isinstance(sample, str)]
