"""A schedule file in, a checked schedule out; or every problem with file, line and hint."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from z2jh import document
from z2jh.prescale.errors import Problem, ScheduleError
from z2jh.prescale.inputs.documents import refused

from .model import Class, Enrolled, Schedule
from .roster import count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from z2jh.document import Document
    from z2jh.problems import KeyPath

_HINTS = {
    "missing": "add it",
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "float_parsing": "write a number",
    "bool_parsing": "write true or false",
    "greater_than_equal": "write one in that range",
    "greater_than": "write one in that range",
    "less_than_equal": "write one in that range",
    "too_short": "add one",
    "string_too_short": "write a name",
    "list_type": "write a list: lines that begin with '- '",
    "model_type": "write keys and values below it, indented",
    "model_attributes_type": "write keys and values below it, indented",
    "dict_type": "write keys and values below it, indented",
    "literal_error": "this prescale reads version 1",
}
_WHAT = {
    "model_type": "has no keys",
    "model_attributes_type": "has no keys",
    "dict_type": "has no keys",
    "list_type": "is no list",
}
_DATE_HINT = "write a date as in 2026-11-23, with a time of day as in 2026-11-23 10:15"


@dataclass(frozen=True)
class Loaded:
    """A schedule, and where each of its parts stands.

    Attributes:
        schedule: a complete one.
        document: that it was read from.
    """

    schedule: Schedule
    document: Document

    def problem(self, path: KeyPath, what: str, hint: str) -> Problem:
        """What is wrong with a part of it."""
        return _at(self.document, path, what, hint)


def load(file: Path) -> Loaded:
    """Read, check and complete a schedule: rosters are counted, paths are beside the schedule.

    Raises:
        ScheduleError: anything in it cannot be used; all problems at once.
    """
    with refused():
        found = document.read(file)
    if not isinstance(found.content, dict):
        hint = "begin with `timezone: Europe/Zurich` and go on with `classes:`"
        raise ScheduleError([Problem(str(file), 1, "is no schedule: it has no keys", hint)])
    try:
        schedule = Schedule.model_validate(found.content)
    except ValidationError as error:
        problems = [_problem(found, each) for each in error.errors()]
        raise ScheduleError(sorted(problems, key=lambda it: it.line or 0)) from error
    if problems := [*_cross_checks(found, schedule)]:
        raise ScheduleError(sorted(problems, key=lambda it: it.line or 0))
    return Loaded(_complete(found, schedule), found)


def _problem(found: Document, error: ErrorDetails) -> Problem:
    path = tuple(it for it in error["loc"] if not str(it).startswith(("function-", "tag-")))
    key = str(path[-1]) if path else "the schedule"
    kind = error["type"]
    if kind == "extra_forbidden":
        return _at(found, path, f"there is no key '{key}' here", _near(key, path[:-1]))
    if kind == "missing":
        return _at(found, path, f"'{key}' is missing", _HINTS[kind])
    if kind == "value_error":
        what, _, hint = str(error["ctx"]["error"]).partition(": ")
        return _at(found, path, what, hint or "change one of them")
    hint = _DATE_HINT if kind.startswith(("date", "time")) else _HINTS.get(kind, "see the README")
    said = _WHAT.get(kind) or error["msg"][0].lower() + error["msg"][1:]
    shown = error["input"]
    value = f" '{shown}'" if isinstance(shown, str | int | float) else ""
    if path and isinstance(path[-1], int):
        key = f"{path[-2]}' number '{path[-1] + 1}"
    return _at(found, path, f"'{key}'{value}: {said}", hint)


def _at(found: Document, path: KeyPath, what: str, hint: str) -> Problem:
    return Problem(str(found.file), found.line(path), what, hint)


def _near(key: str, path: KeyPath) -> str:
    known = sorted(_keys_at(path))
    near = difflib.get_close_matches(key, known, 1)
    return f"did you mean '{near[0]}'?" if near else f"known are: {', '.join(known)}"


def _keys_at(path: KeyPath) -> set[str]:
    model: type[BaseModel] | None = Schedule
    for part in path:
        if isinstance(part, int) or model is None:
            continue
        field = next(
            (it for name, it in model.model_fields.items() if part in (name, it.alias)), None
        )
        model = next(_models(field.annotation), None) if field else model
    fields = model.model_fields if model else {}
    return {field.alias or name for name, field in fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 -- any type there is
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _cross_checks(found: Document, schedule: Schedule) -> Iterator[Problem]:
    for number, each in enumerate(schedule.classes):
        path: KeyPath = ("classes", number, "term")
        if isinstance(each.term, str) and each.term not in schedule.terms:
            known = ", ".join(schedule.terms) or "none"
            yield _at(
                found,
                path,
                f"there is no term '{each.term}'",
                f"name it under 'terms', or use one that is there: {known}",
            )
        elif not _meets(schedule, each):
            what = f"'{each.name}' never meets: its term has none of its days"
            yield _at(found, path, what, "change 'days', or the term's 'first' or 'last'")
    yield from _double_names(found, schedule)
    last = None
    for number, line in enumerate(schedule.baseline):
        for other in schedule.baseline[:number]:
            if line.at == other.at and line.days & other.days:
                last = number
        if last == number:
            what = "two lines of the baseline are for the same time"
            yield _at(found, ("baseline", number), what, "keep one of them")


def _meets(schedule: Schedule, each: Class) -> bool:
    first, last = term_of(schedule, each)
    if first is None:
        return True
    days = frozenset[int]().union(*(it.days for it in each.meets))
    a_week = (first + timedelta(days=it) for it in range(min(7, (last - first).days + 1)))
    return any(it.weekday() in days for it in a_week)


def _double_names(found: Document, schedule: Schedule) -> Iterator[Problem]:
    names: set[str] = set()
    for kind in ("classes", "events", "calendars"):
        for number, each in enumerate(getattr(schedule, kind)):
            if each.name in names:
                what = f"the name '{each.name}' is taken"
                yield _at(found, (kind, number, "name"), what, "reasons are told by it: change one")
            names.add(each.name)


def _complete(found: Document, schedule: Schedule) -> Schedule:
    """Count the rosters, and make the calendars' files absolute."""
    folder = found.file.parent
    problems: list[Problem] = []

    def counted(kind: str, number: int, each: Enrolled) -> Enrolled:
        if each.roster is None:
            return each
        path = (kind, number, "roster")
        try:
            students = count(folder / each.roster, each.roster_column)
        except ScheduleError as error:
            problems.extend(
                it if it.line else _at(found, path, f"the roster {each.roster} {it.what}", it.hint)
                for it in error.problems
            )
            return each
        if not students:
            what = f"the roster {each.roster} has no students"
            problems.append(_at(found, path, what, "give 'students' until it has"))
        return each.model_copy(update={"students": students})

    classes = [counted("classes", number, it) for number, it in enumerate(schedule.classes)]
    events = [counted("events", number, it) for number, it in enumerate(schedule.events)]
    calendars = [
        it.model_copy(update={"file": str(folder / it.file)}) if it.file else it
        for it in schedule.calendars
    ]
    if problems:
        raise ScheduleError(problems)
    update: dict[str, list[Any]] = {"classes": classes, "events": events, "calendars": calendars}
    return schedule.model_copy(update=update)


def term_of(schedule: Schedule, each: Class) -> tuple[Any, Any]:
    """The first and the last day of a class; None where it is not limited."""
    term = schedule.terms[each.term] if isinstance(each.term, str) else each.term
    return (term.first, term.last) if term else (None, None)
