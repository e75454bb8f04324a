"""Rosters: CSV files with the students of a class."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from z2jh import document

from .documents import problem_in, refused

if TYPE_CHECKING:
    from pathlib import Path


def count(file: Path, column: str | None = None) -> int:
    """Counts the students of a roster: the distinct values of a column, ignoring case.

    The first row names the columns. Commas, semicolons or tabs separate them. Without `column`, the
    first one identifies students.

    Raises:
        ScheduleError: the file cannot be read, or lacks the column.
    """
    with refused():
        content = document.text(file)
    header, _, _ = content.partition("\n")
    delimiter = max(",;\t", key=header.count)
    rows = csv.reader(content.splitlines(), delimiter=delimiter, strict=True)
    try:
        return _count(file, [(rows.line_num, row) for row in rows], column)
    except csv.Error as error:
        what = f"no CSV: {error}"
        raise problem_in(file, rows.line_num, what, "look for a lone quote") from error


def _count(file: Path, rows: list[tuple[int, list[str]]], column: str | None) -> int:
    if not rows or not any(map(str.strip, rows[0][1])):
        raise problem_in(file, 1, "has no head", "name the columns in its first row")
    names = [name.strip().lower() for name in rows[0][1]]
    if column is not None and column.strip().lower() not in names:
        hint = f"'roster_column' may be one of {', '.join(names)}"
        raise problem_in(file, 1, f"has no column '{column}'", hint)
    place = names.index(column.strip().lower()) if column else 0
    students = set()
    for line, row in rows[1:]:
        if not any(map(str.strip, row)):
            continue
        if len(row) <= place or not row[place].strip():
            raise problem_in(file, line, f"has no '{names[place]}'", "complete or remove the row")
        students.add(row[place].strip().casefold())
    return len(students)
