"""What can go wrong, one class for each thing that a caller can act on.

PrescaleError              1  anything else that stopped the work
├── UsageError             2  a wrong argument
├── ScheduleError          3  a schedule, roster or values file that cannot be used
├── UnreachableError       4  an API that does not answer, or only with errors that may pass
├── ForbiddenError         5  an API that refuses: rights are missing
├── HeldError              6  another prescale is at work, or an operation on the cluster
├── NotReadyError          7  a class whose seats are not ready in time
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
    """Prescale cannot go on; the message is for a person."""

    exit_code = 1


class UsageError(PrescaleError):
    """An argument is wrong."""

    exit_code = 2


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a file.

    Attributes:
        file: as the operator named it.
        line: counted from 1; None where no line is to blame.
        what: is wrong.
        hint: what to do.
    """

    file: str
    line: int | None
    what: str
    hint: str = ""

    def __str__(self) -> str:
        """One line: `schedule.yaml:12: what; hint`."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.what}{f'; {self.hint}' if self.hint else ''}"


class ScheduleError(PrescaleError, FileError):
    """A file that a person wrote cannot be used; names every problem found."""

    exit_code = 3

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class UnreachableError(PrescaleError):
    """An API does not answer, or not with what was asked for; a later run may do better."""

    exit_code = 4


class ForbiddenError(PrescaleError):
    """An API refuses, and will until somebody grants the right."""

    exit_code = 5


class HeldError(PrescaleError):
    """Somebody else is changing the cluster; the next run goes on."""

    exit_code = 6


class NotReadyError(PrescaleError):
    """The seats of a class are not ready in time."""

    exit_code = 7


class BudgetError(PrescaleError):
    """More is planned than the budget allows."""

    exit_code = 8
