"""The errors, one class for each thing that a caller can act on.

PrescaleError              1  any other failure
├── UsageError             2  a wrong argument
├── ScheduleError          3  a schedule, roster or values file that cannot be used
├── UnreachableError       4  an API does not answer, or only with errors that may pass
├── ForbiddenError         5  an API refuses: rights are missing
├── BusyError              6  another prescale is at work, or an operation on the cluster
├── NotReadyError          7  the seats of a class are not ready in time
└── BudgetError            8  more than the budget's cap is planned (`plan --check`)

The number is the exit code of the command line; 0 is success and 130 an interrupt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from z2jh.problems import FileError, UnusableError

if TYPE_CHECKING:
    from collections.abc import Sequence


class PrescaleError(UnusableError):
    """Prescale cannot go on. The message is for a person."""

    exit_code = 1


class UsageError(PrescaleError):
    """An argument is wrong."""

    exit_code = 2


@dataclass(frozen=True)
class Problem:
    """A mistake in a file, and a hint on what to do.

    The path is as the operator gave it. The line counts from 1, or is None for the whole file.
    """

    file: str
    line: int | None
    what: str
    hint: str = ""

    def __str__(self) -> str:
        """Formats one line: `schedule.yaml:12: what; hint`."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.what}{f'; {self.hint}' if self.hint else ''}"


class ScheduleError(PrescaleError, FileError):
    """A schedule, roster or values file cannot be used; names every problem."""

    exit_code = 3

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class UnreachableError(PrescaleError):
    """An API does not answer, or only with errors that may pass; a later run may succeed."""

    exit_code = 4


class ForbiddenError(PrescaleError):
    """An API refuses until somebody grants the right."""

    exit_code = 5


class BusyError(PrescaleError):
    """Another process is changing the cluster; the next run goes on."""

    exit_code = 6


class NotReadyError(PrescaleError):
    """The seats of a class are not ready in time."""

    exit_code = 7


class BudgetError(PrescaleError):
    """More is planned than the budget allows."""

    exit_code = 8
