"""How many students a roster has."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from z2jh import document
from z2jh.prescale.errors import Problem, ScheduleError
from z2jh.prescale.inputs.documents import refused

if TYPE_CHECKING:
    from pathlib import Path


def count(file: Path, column: str | None = None) -> int:
    """Count the students of a CSV file: different values in a column, whatever their case.

    The first row names the columns; they are parted by commas, semicolons or tabs.

    Args:
        file: the roster.
        column: that tells students apart; the first one if None.

    Raises:
        ScheduleError: it cannot be read, or has no such column.
    """
    with refused():
        said = document.text(file)
    head, _, _ = said.partition("\n")
    delimiter = max(",;\t", key=head.count)
    rows = csv.reader(said.splitlines(), delimiter=delimiter, strict=True)
    try:
        return _count(file, [(rows.line_num, row) for row in rows], column)
    except csv.Error as error:
        raise _bad(file, rows.line_num, f"no CSV: {error}", "look for a lone quote") from error


def _count(file: Path, rows: list[tuple[int, list[str]]], column: str | None) -> int:
    if not rows or not any(map(str.strip, rows[0][1])):
        raise _bad(file, 1, "has no head", "name the columns in its first row")
    names = [name.strip().lower() for name in rows[0][1]]
    if column is not None and column.strip().lower() not in names:
        known = ", ".join(names)
        raise _bad(file, 1, f"has no column '{column}'", f"'roster_column' may be one of {known}")
    place = names.index(column.strip().lower()) if column else 0
    students = set()
    for line, row in rows[1:]:
        if not any(map(str.strip, row)):
            continue
        if len(row) <= place or not row[place].strip():
            raise _bad(file, line, f"has no '{names[place]}'", "complete or remove the row")
        students.add(row[place].strip().casefold())
    return len(students)


def _bad(file: Path, line: int | None, what: str, hint: str = "") -> ScheduleError:
    return ScheduleError([Problem(str(file), line, what, hint)])
