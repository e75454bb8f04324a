"""Schedules and rosters, and the line of every mistake in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from z2jh.prescale.errors import ScheduleError
from z2jh.prescale.inputs import schedule_file
from z2jh.prescale.inputs.roster import count as counted
from z2jh.prescale.schedule.notation import clock, days, duration

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from z2jh.prescale.commands.files import Files
    from z2jh.prescale.planning.site import Site

HEAD = "timezone: Europe/Zurich\n"
CLASS = "classes:\n- name: A\n  students: 30\n  meets:\n  - {days: mon, from: 10:15, to: 12:00}\n"


@pytest.mark.parametrize(
    ("text", "line", "what", "hint"),
    [
        pytest.param("a: [1\n", 2, "not YAML", "indentation", id="no YAML"),
        pytest.param("", 1, "no schedule", "timezone:", id="empty"),
        pytest.param("- a\n", 1, "no schedule", "timezone:", id="list"),
        pytest.param(CLASS, 1, "'timezone' is missing", "add it", id="no zone"),
        pytest.param("timezone: Europe/Zürich\n", 1, "is no time zone", "IANA", id="zone"),
        pytest.param(f"{HEAD}clases: []\n", 2, "no key 'clases'", "'classes'", id="unknown key"),
        pytest.param(f"{HEAD}{HEAD}", 2, "a second time", "join", id="double key"),
        pytest.param(
            HEAD + CLASS.replace("students", "student"),
            4,
            "no key 'student'",
            "'students'",
            id="key of a class",
        ),
        pytest.param(
            HEAD + CLASS.replace("30", "many"),
            4,
            "'students' 'many'",
            "whole number",
            id="number",
        ),
        pytest.param(
            HEAD + CLASS.replace("30", "-3"), 4, "'students' '-3'", "range", id="negative"
        ),
        pytest.param(
            HEAD + CLASS.replace("10:15", "25:15"),
            6,
            "'25:15' is no time of day",
            "09:15",
            id="time",
        ),
        pytest.param(
            HEAD + CLASS.replace("12:00", "10:15"),
            6,
            "it ends when it begins",
            "differ",
            id="no duration",
        ),
        pytest.param(HEAD + CLASS.replace("mon", "mo"), 6, "'mo' is no day", "weekdays", id="day"),
        pytest.param(
            HEAD + CLASS.replace("  students: 30\n", ""),
            3,
            "students are needed once",
            "'students' or 'roster'",
            id="no students",
        ),
        pytest.param(
            HEAD + CLASS + "  term: autumn\n", 7, "no term 'autumn'", "under 'terms'", id="term"
        ),
        pytest.param(
            HEAD + CLASS + "  term: {first: 2026-12-01, last: 2026-09-01}\n",
            7,
            "last day 2026-09-01 is before",
            "change",
            id="term backwards",
        ),
        pytest.param(
            HEAD + CLASS + "  roster: none.csv\n",
            3,
            "students are needed once",
            "roster",
            id="counted twice",
        ),
        pytest.param(
            HEAD + CLASS.replace("students: 30", "roster: none.csv"),
            4,
            "roster none.csv cannot be read",
            "name and rights",
            id="roster missing",
        ),
        pytest.param(
            HEAD + CLASS + "  - {days: weekdays, from: 11:00, to: 13:00}\n",
            3,
            "overlap on mon",
            "can only sit in one",
            id="a class overlaps itself",
        ),
        pytest.param(
            HEAD + CLASS + "  - {days: sun, from: 22:00, to: 10:16}\n",
            3,
            "overlap on mon",
            "can only sit in one",
            id="a class overlaps itself over midnight",
        ),
        pytest.param(
            HEAD + CLASS + "  term: {first: 2026-09-01, last: 2026-09-06}\n",
            7,
            "'A' never meets",
            "change 'days'",
            id="a term without its day",
        ),
        pytest.param(
            HEAD + CLASS + "  term: {first: 0206-09-01, last: 2026-12-01}\n",
            7,
            "0206-09-01 is in no year of this century",
            "2026-11-23",
            id="year",
        ),
        pytest.param(
            HEAD + "events:\n- {name: X, students: 3, start: 20261218, end: 2026-12-17 10:00}\n",
            3,
            "is in no year of this century",
            "2026-11-23",
            id="a date that is a number",
        ),
        pytest.param(HEAD + "early: 9999h\n", 2, "9999h is too long", "336h", id="too long"),
        pytest.param(HEAD + "interval: 0m\n", 2, "'interval'", "range", id="no interval"),
        pytest.param(HEAD + "x: &x [*x]\n", 2, "an alias", "write out", id="endless"),
        pytest.param(HEAD + "pool: a\x01b\n", 2, "control character", "remove", id="control"),
        pytest.param(HEAD + CLASS + "  share: 1.5\n", 7, "'share' '1.5'", "range", id="share"),
        pytest.param(HEAD + CLASS + "  logins: 3\n", 7, "'3' is no duration", "10m", id="duration"),
        pytest.param(
            HEAD + CLASS + CLASS.split("\n", 1)[1],
            7,
            "name 'A' is taken",
            "change one",
            id="double name",
        ),
        pytest.param(
            HEAD + "events:\n- {name: X, students: 3, start: 2026-12-18, end: 2026-12-17}\n",
            3,
            "is not after the start",
            "change",
            id="event backwards",
        ),
        pytest.param(
            HEAD + "events:\n- {name: X, students: 3, start: soon, end: 2026-12-17 10:00}\n",
            3,
            "'start' 'soon'",
            "2026-11-23 10:15",
            id="event's date",
        ),
        pytest.param(HEAD + "holidays: [2026-13-01]\n", 2, "'2026-13-01'", "date", id="holiday"),
        pytest.param(
            HEAD + "calendars:\n- {name: C, students: 3}\n",
            3,
            "it is in one place",
            "'url'",
            id="calendar without source",
        ),
        pytest.param(
            HEAD + "calendars:\n- {name: C, students: 3, url: 'ftp://x'}\n",
            3,
            "is no address",
            "https",
            id="calendar's address",
        ),
        pytest.param(
            HEAD + "baseline:\n- {at: 6:30, nodes: 3}\n- {at: 06:30, nodes: 4}\n",
            4,
            "same time",
            "keep one",
            id="double line",
        ),
        pytest.param(
            HEAD + "budget: {money: 10}\n", 2, "needs 'prices'", "costs an hour", id="no prices"
        ),
        pytest.param(HEAD + "pool: [a]\n", 2, "'pool'", "README", id="type"),
        pytest.param(HEAD + "classes: {}\n", 2, "'classes'", "'- '", id="map for a list"),
        pytest.param(HEAD + "version: 2\n", 2, "'version' '2'", "version 1", id="version"),
        pytest.param(
            HEAD + "pool: nowhere\n", 2, "no pool 'nowhere'", "students", id="unknown pool"
        ),
        pytest.param(
            HEAD + CLASS + "  profile: huge\n",
            7,
            "no profile 'huge'",
            "course, large",
            id="unknown profile",
        ),
        pytest.param(
            HEAD + CLASS + "  pool: core\n", 7, "no pool 'core'", "students", id="core pool"
        ),
    ],
)
def test_a_bad_schedule_gives_file_line_what_and_hint(
    site: Callable[..., Site], text: str, line: int | None, what: str, hint: str
) -> None:
    """Every mistake is reported with file, line, description and hint."""
    with pytest.raises(ScheduleError) as caught:
        site(text)
    found = [problem for problem in caught.value.problems if what in problem.what]
    assert found, caught.value
    assert found[0].line == line, caught.value
    assert hint in found[0].hint, caught.value
    assert found[0].file.endswith("schedule.yaml")


def test_all_problems_are_told_at_once(site: Callable[..., Site]) -> None:
    """All problems are reported together."""
    with pytest.raises(ScheduleError) as caught:
        site("timezone: Nowhere\nspare: x\nfoo: 1\n")
    assert [problem.line for problem in caught.value.problems] == [1, 2, 3]
    assert len(str(caught.value).splitlines()) == 3


def test_a_time_of_day_needs_no_quotes(files: Callable[..., Files]) -> None:
    """A time of day needs no quotes, although YAML reads 10:15 as a number of base sixty."""
    schedule = schedule_file.load(files(HEAD + CLASS).schedule).schedule
    assert schedule.classes[0].meets[0].start == 10 * 60 + 15


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("3m", 180), ("1h", 3600), ("1h30m", 5400), ("0m", 0)],
)
def test_durations_name_their_unit(text: str, seconds: int) -> None:
    """Durations are written in hours, minutes and seconds."""
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "3", "m", "-3m", "3 m", "1m1h", "1.5h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Malformed durations are refused."""
    with pytest.raises(ValueError, match="no duration"):
        duration(text)


def test_days_are_named_in_several_ways() -> None:
    """Days are words, ranges or lists; a range may pass over the weekend."""
    assert days("weekdays") == {0, 1, 2, 3, 4}
    assert days("daily") == set(range(7))
    assert days("fri-mon") == {4, 5, 6, 0}
    assert days(["mon", "Wednesday"]) == days("mon, wed") == {0, 2}


def test_the_day_ends_at_24() -> None:
    """24:00 is valid, and 24:01 is not."""
    assert clock("24:00") == 1440
    with pytest.raises(ValueError, match="24:01"):
        clock("24:01")


@pytest.mark.parametrize(
    ("text", "column", "count"),
    [
        pytest.param("id,name\n1,A\n2,B\n", None, 2, id="commas"),
        pytest.param("\ufeffid;name\r\n1;A\r\n2;B\r\n\r\n", None, 2, id="as Excel writes it"),
        pytest.param("name\temail\nA\ta@x\nA\tb@x\nA\tB@X\n", "email", 2, id="same person twice"),
        pytest.param('id,name\n1,"A, B"\n', None, 1, id="quoted comma"),
    ],
)
def test_a_roster_counts_its_students(
    tmp_path: Path, text: str, column: str | None, count: int
) -> None:
    """A roster has as many students as its column has distinct values, ignoring case."""
    file = tmp_path / "roster.csv"
    file.write_text(text, newline="")
    assert counted(file, column) == count


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        pytest.param(b"", 1, "no head", id="empty"),
        pytest.param(b"id,mail\n1,a\n", 1, "no column 'email'", id="column"),
        pytest.param(b"id,email\n1,a\n2\n", 3, "has no 'email'", id="short row"),
        pytest.param(b'id,email\n1,"a\n', None, "no CSV", id="lone quote"),
        pytest.param("id,email\n1,ü\n".encode("latin-1"), 2, "not UTF-8", id="encoding"),
    ],
)
def test_a_bad_roster_gives_file_and_line(
    tmp_path: Path, content: bytes, line: int | None, what: str
) -> None:
    """Mistakes in a roster are reported with file and line."""
    file = tmp_path / "roster.csv"
    file.write_bytes(content)
    with pytest.raises(ScheduleError) as caught:
        counted(file, "email")
    (problem,) = caught.value.problems
    assert what in problem.what
    assert problem.file == str(file)
    assert line is None or problem.line == line
