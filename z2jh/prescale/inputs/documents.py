"""The operator's YAML files, read with prescale's own error."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from z2jh.document import DocumentError
from z2jh.prescale.errors import Problem, ScheduleError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def refused() -> Iterator[None]:
    """Raise ScheduleError where a file cannot be used."""
    try:
        yield
    except DocumentError as error:
        problem = Problem(error.file, error.line, error.what, error.hint)
        raise ScheduleError([problem]) from error
