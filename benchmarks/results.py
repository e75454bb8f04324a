"""The results: samples by row and contender, and their medians."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from .measurements import ROWS, Contender

if TYPE_CHECKING:
    from collections.abc import Mapping

Sample = float | str  # a string is the reason why there is no figure


@dataclass(frozen=True)
class Results:
    """The results of a run: properties of the machine, and samples in their order in time."""

    machine: dict[str, str]
    samples: dict[str, dict[Contender, list[Sample]]] = field(default_factory=dict)

    def add(self, row: str, contender: Contender, sample: Sample) -> None:
        """Adds a sample."""
        self.samples.setdefault(row, {}).setdefault(contender, []).append(sample)

    def of(self, row: str, contender: Contender) -> list[Sample]:
        """Returns the samples; none if the contender was not measured."""
        return self.samples.get(row, {}).get(contender, [])

    def median(self, row: str, contender: Contender) -> Sample | None:
        """Returns the median, or a reason if most attempts failed, or None if there were none."""
        samples = self.of(row, contender)
        figures = numbers(samples)
        reasons = [sample for sample in samples if isinstance(sample, str)]
        if len(reasons) > len(figures):
            return reasons[-1]
        return statistics.median(figures) if figures else None

    def as_json(self) -> dict[str, Any]:
        """Returns a value for `json.dump`. Its medians are for readers, and are not read back."""
        medians = {
            row: {contender.value: self.median(row, contender) for contender in taken}
            for row, taken in self.samples.items()
        }
        return {"units": "s, bytes, bytes/s, 1/s", **asdict(self), "medians": medians}


def from_json(content: Mapping[str, Any]) -> Results:
    """Returns results from what `as_json` returned, without rows that no longer exist.

    Raises:
        KeyError, ValueError: the content is something else.
    """
    known = {row.key for row in ROWS}
    samples = {
        row: {Contender(name): list(taken) for name, taken in by_contender.items()}
        for row, by_contender in content["samples"].items()
        if row in known
    }
    return Results(dict(content["machine"]), samples)


def numbers(samples: list[Sample]) -> list[float]:
    """Returns the samples that are figures."""
    return [sample for sample in samples if not isinstance(sample, str)]
