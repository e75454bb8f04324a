"""Prescale's own error for the operator's files."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from z2jh.document import DocumentError
from z2jh.prescale.errors import Problem, ScheduleError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def refused() -> Iterator[None]:
    """Raises ScheduleError where a file cannot be used."""
    try:
        yield
    except DocumentError as error:
        problem = Problem(error.file, error.line, error.what, error.hint)
        raise ScheduleError([problem]) from error


def problem_in(file: Path, line: int | None, what: str, hint: str = "") -> ScheduleError:
    """Returns the error for a single problem in a file."""
    return ScheduleError([Problem(str(file), line, what, hint)])
