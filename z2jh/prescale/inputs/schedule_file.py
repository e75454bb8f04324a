"""The schedule file: reads and checks it, and reports every problem with line and hint."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from z2jh import document
from z2jh.prescale.errors import Problem, ScheduleError
from z2jh.prescale.schedule.model import Class, Enrolled, Schedule

from .documents import refused
from .roster import count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from z2jh.document import Document
    from z2jh.problems import KeyPath

_MAPS = ("model_type", "model_attributes_type", "dict_type")
_BOUNDS = ("greater_than_equal", "greater_than", "less_than_equal")
_WHAT = {**dict.fromkeys(_MAPS, "has no keys"), "list_type": "is no list"}
_HINTS = {
    **dict.fromkeys(_MAPS, "write keys and values below it, indented"),
    **dict.fromkeys(_BOUNDS, "write one in that range"),
    **dict.fromkeys(("int_parsing", "int_type"), "write a whole number"),
    "missing": "add it",
    "float_parsing": "write a number",
    "bool_parsing": "write true or false",
    "too_short": "add one",
    "string_too_short": "write a name",
    "list_type": "write a list: lines that begin with '- '",
    "literal_error": "this prescale reads version 1",
}
_DATE_HINT = "write a date as in 2026-11-23, with a time of day as in 2026-11-23 10:15"


@dataclass(frozen=True)
class Loaded:
    """A checked schedule with counted rosters, and its file, for line numbers."""

    schedule: Schedule
    document: Document

    def problem(self, path: KeyPath, what: str, hint: str) -> Problem:
        """Returns a problem at the line of a part."""
        return _problem_at(self.document, path, what, hint)


def load(file: Path) -> Loaded:
    """Reads and checks a schedule, counts its rosters, and makes its paths absolute.

    Rosters and calendars are found relative to the schedule.

    Raises:
        ScheduleError: the schedule cannot be used; names every problem.
    """
    with refused():
        source = document.read(file)
    if not isinstance(source.content, dict):
        hint = "begin with `timezone: Europe/Zurich` and go on with `classes:`"
        raise ScheduleError([Problem(str(file), 1, "is no schedule: it has no keys", hint)])
    try:
        schedule = Schedule.model_validate(source.content)
    except ValidationError as error:
        raise _sorted(_problem(source, details) for details in error.errors()) from error
    if problems := [*_cross_checks(source, schedule)]:
        raise _sorted(problems)
    return Loaded(_complete(source, schedule), source)


def _sorted(problems: Iterator[Problem] | list[Problem]) -> ScheduleError:
    return ScheduleError(sorted(problems, key=lambda problem: problem.line or 0))


def _problem(source: Document, error: ErrorDetails) -> Problem:
    path = tuple(key for key in error["loc"] if not str(key).startswith(("function-", "tag-")))
    key = str(path[-1]) if path else "the schedule"
    kind = error["type"]
    if kind == "extra_forbidden":
        return _problem_at(source, path, f"there is no key '{key}' here", _near(key, path[:-1]))
    if kind == "missing":
        return _problem_at(source, path, f"'{key}' is missing", _HINTS[kind])
    if kind == "value_error":
        what, _, hint = str(error["ctx"]["error"]).partition(": ")
        return _problem_at(source, path, what, hint or "change one of them")
    hint = _DATE_HINT if kind.startswith(("date", "time")) else _HINTS.get(kind, "see the README")
    message = _WHAT.get(kind) or error["msg"][0].lower() + error["msg"][1:]
    shown = error["input"]
    value = f" '{shown}'" if isinstance(shown, str | int | float) else ""
    if path and isinstance(path[-1], int):
        key = f"{path[-2]}' number '{path[-1] + 1}"
    return _problem_at(source, path, f"'{key}'{value}: {message}", hint)


def _problem_at(source: Document, path: KeyPath, what: str, hint: str) -> Problem:
    return Problem(str(source.file), source.line(path), what, hint)


def _near(key: str, path: KeyPath) -> str:
    known = sorted(_keys_at(path))
    near = difflib.get_close_matches(key, known, 1)
    return f"did you mean '{near[0]}'?" if near else f"known are: {', '.join(known)}"


def _keys_at(path: KeyPath) -> set[str]:
    model: type[BaseModel] | None = Schedule
    for part in path:
        if isinstance(part, int) or model is None:
            continue
        fields = model.model_fields.items()
        field = next((field for name, field in fields if part in (name, field.alias)), None)
        model = next(_models(field.annotation), None) if field else model
    return {field.alias or name for name, field in model.model_fields.items()} if model else set()


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 -- any type there is
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _cross_checks(source: Document, schedule: Schedule) -> Iterator[Problem]:
    for number, course in enumerate(schedule.classes):
        path: KeyPath = ("classes", number, "term")
        if isinstance(course.term, str) and course.term not in schedule.terms:
            what = f"there is no term '{course.term}'"
            known = ", ".join(schedule.terms) or "none"
            hint = f"name it under 'terms', or use a known one: {known}"
            yield _problem_at(source, path, what, hint)
        elif not _meets(schedule, course):
            what = f"'{course.name}' never meets: its term has none of its days"
            yield _problem_at(source, path, what, "change 'days', or the term's 'first' or 'last'")
    names: set[str] = set()
    for kind, number, crowd in schedule.crowds():
        if crowd.name in names:
            what, hint = f"the name '{crowd.name}' is taken", "reasons refer to names: change one"
            yield _problem_at(source, (kind, number, "name"), what, hint)
        names.add(crowd.name)
    for number, line in enumerate(schedule.baseline):
        earlier = schedule.baseline[:number]
        if any(line.at == other.at and line.days & other.days for other in earlier):
            what = "two lines of the baseline are for the same time"
            yield _problem_at(source, ("baseline", number), what, "keep one of them")


def _meets(schedule: Schedule, course: Class) -> bool:
    term = schedule.term_of(course)
    if term is None:
        return True
    days = frozenset[int]().union(*(slot.days for slot in course.meets))
    one_week = (term.first + timedelta(days=number) for number in range(7))
    return any(day in term and day.weekday() in days for day in one_week)


def _complete(source: Document, schedule: Schedule) -> Schedule:
    """Counts the rosters, and makes the paths of calendars absolute."""
    folder = source.file.parent
    problems: list[Problem] = []

    def counted(kind: str, number: int, crowd: Enrolled) -> Enrolled:
        if crowd.roster is None:
            return crowd
        path, roster = (kind, number, "roster"), f"the roster {crowd.roster}"
        try:
            students = count(folder / crowd.roster, crowd.roster_column)
        except ScheduleError as error:
            problems.extend(
                problem
                if problem.line
                else _problem_at(source, path, f"{roster} {problem.what}", problem.hint)
                for problem in error.problems
            )
            return crowd
        if not students:
            what, hint = f"{roster} has no students", "give 'students' until it has"
            problems.append(_problem_at(source, path, what, hint))
        return crowd.model_copy(update={"students": students})

    classes = [counted("classes", *numbered) for numbered in enumerate(schedule.classes)]
    events = [counted("events", *numbered) for numbered in enumerate(schedule.events)]
    calendars = [
        calendar.model_copy(update={"file": str(folder / calendar.file)})
        if calendar.file
        else calendar
        for calendar in schedule.calendars
    ]
    if problems:
        raise ScheduleError(problems)
    update: dict[str, list[Any]] = {"classes": classes, "events": events, "calendars": calendars}
    return schedule.model_copy(update=update)
