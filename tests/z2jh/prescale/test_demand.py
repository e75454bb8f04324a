"""Demand over time: overlaps, ends, daylight saving and midnight."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from z2jh.prescale.planning.demand import baseline, expected
from z2jh.prescale.planning.step_function import StepFunction, combined, total, without_gaps
from z2jh.prescale.schedule.meetings import Meeting, instant, meetings_between
from z2jh.prescale.schedule.model import Schedule

MINUTE = 60
ZONES = ["Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
spans = st.lists(
    st.tuples(st.integers(0, 300), st.integers(1, 120), st.integers(0, 500)), max_size=25
)


def schedule_of(zone: str, days: str, start: str, end: str, **more: object) -> Schedule:
    """Returns a schedule with one class of ten students."""
    meets = [{"days": days, "from": start, "to": end}]
    classes = [{"name": "A", "students": 10, "meets": meets}]
    return Schedule.model_validate({"timezone": zone, "classes": classes, **more})


def utc(text: str) -> int:
    """Returns POSIX seconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


@settings(deadline=None)
@given(spans)
def test_overlaps_add_up_and_ends_are_exclusive(
    meetings: list[tuple[int, int, int]],
) -> None:
    """At each minute the number of students equals the count over all meetings."""
    held = [
        Meeting(str(n), start * MINUTE, (start + length) * MINUTE, students)
        for n, (start, length, students) in enumerate(meetings)
    ]
    steps = expected(held)
    for minute in range(-1, 425):
        counted = sum(n for start, length, n in meetings if start <= minute < start + length)
        assert steps.at(minute * MINUTE) == counted
    assert list(steps.times) == sorted(set(steps.times))
    assert all(a != b for a, b in zip((0, *steps.values), steps.values, strict=False))


@settings(deadline=None)
@given(spans, st.integers(0, 400), st.integers(1, 60))
def test_the_integral_is_the_sum_of_its_minutes(
    meetings: list[tuple[int, int, int]], start: int, length: int
) -> None:
    """Integral and maximum equal the sum and the maximum of all minutes."""
    steps = total((a, a + b, n) for a, b, n in meetings)
    inside = [steps.at(number) for number in range(start, start + length)]
    assert steps.integral(start, start + length) == sum(inside)
    assert steps.maximum(start, start + length) == max(inside)


@settings(deadline=None)
@given(spans, spans)
def test_two_are_combined_at_every_instant(
    first: list[tuple[int, int, int]], second: list[tuple[int, int, int]]
) -> None:
    """Functions are combined at every instant, whenever their steps are."""
    parts = [total((a, a + b, n) for a, b, n in spans) for spans in (first, second)]
    both = combined(parts, max)
    for time in range(425):
        assert both.at(time) == max(part.at(time) for part in parts)


@settings(deadline=None)
@given(spans, st.integers(1, 50))
def test_short_gaps_are_filled_and_nothing_is_lowered(
    meetings: list[tuple[int, int, int]], shortest: int
) -> None:
    """Short dips are filled, no value is lowered, and the remaining dips last."""
    steps = total((a, a + b, n) for a, b, n in meetings)
    filled = without_gaps(steps, shortest)
    assert all(filled.at(number) >= steps.at(number) for number in range(425))
    assert max(filled.values, default=0) == max(steps.values, default=0)
    for place in range(1, len(filled.times) - 1):
        low = filled.values[place] < min(filled.values[place - 1], filled.values[place + 1])
        assert not low or filled.times[place + 1] - filled.times[place] >= shortest


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    st.integers(0, 1439),
    st.integers(1, 1439),
)
def test_a_meeting_is_there_for_every_instant_that_its_clock_shows(
    zone: str, day: date, begin: int, length: int
) -> None:
    """A meeting covers every instant at which a clock shows its time, on any day of the year."""
    info = ZoneInfo(zone)
    end = (begin + length) % 1440
    if end == begin:
        return
    said = (f"{edge // 60:02}:{edge % 60:02}" for edge in (begin, end))
    weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day.weekday()]
    made = schedule_of(zone, weekday, *said)
    noon = instant(day, 720, info)
    held = meetings_between(made, noon - 2 * 86400, noon + 2 * 86400)
    (found,) = [meeting for meeting in held if _begins_on(meeting, day, info)]
    first = datetime(day.year, day.month, day.day, tzinfo=info) + timedelta(minutes=begin)
    last = first + timedelta(minutes=length)
    # Each instant at which the clock shows a time of the meeting is inside the meeting.
    for minute in range(noon - 2 * 86400, noon + 2 * 86400, 15 * MINUTE):
        shown = datetime.fromtimestamp(minute, info).replace(tzinfo=None, fold=0)
        if first.replace(tzinfo=None) <= shown < last.replace(tzinfo=None):
            assert found.start <= minute < found.end
    assert abs((found.end - found.start) - length * MINUTE) <= 3600


def _begins_on(held: Meeting, day: date, zone: ZoneInfo) -> bool:
    shown = datetime.fromtimestamp(held.start, zone)
    # A start in the skipped hour may show the hour before.
    return (shown + timedelta(hours=1)).date() == day or shown.date() == day


@pytest.mark.parametrize(
    ("day", "start", "end", "hours"),
    [
        pytest.param("sun", "01:00", "04:00", 2, id="spring: an hour is left out"),
        pytest.param("sun", "02:15", "02:45", 1.5, id="spring: within the hour left out"),
        pytest.param("sat", "22:00", "06:00", 7, id="spring: overnight"),
    ],
)
def test_an_hour_left_out_in_spring_takes_no_seat(
    day: str, start: str, end: str, hours: float
) -> None:
    """On 2026-03-29, a clock in Zurich goes from 02:00 to 03:00."""
    made = schedule_of("Europe/Zurich", day, start, end)
    held = meetings_between(made, utc("2026-03-28T12:00"), utc("2026-03-30T00:00"))
    (found,) = held
    assert (found.end - found.start) / 3600 == hours


def test_an_hour_that_comes_twice_in_autumn_is_all_of_the_class() -> None:
    """On 2026-10-25, a clock in Zurich shows 02:00 to 03:00 twice."""
    made = schedule_of("Europe/Zurich", "sun", "02:00", "03:00")
    (found,) = meetings_between(made, utc("2026-10-24T12:00"), utc("2026-10-26T00:00"))
    assert (found.start, found.end) == (utc("2026-10-25T00:00"), utc("2026-10-25T02:00"))


def test_a_class_passes_midnight() -> None:
    """An end before the start is on the next day; the first day decides on holidays."""
    made = schedule_of("UTC", "fri", "22:00", "02:00", holidays=["2026-11-28"])
    (found,) = meetings_between(made, utc("2026-11-27T00:00"), utc("2026-11-29T00:00"))
    assert (found.start, found.end) == (utc("2026-11-27T22:00"), utc("2026-11-28T02:00"))


def test_24_is_midnight() -> None:
    """A class until 24:00 ends at midnight."""
    made = schedule_of("UTC", "fri", "22:00", "24:00")
    (found,) = meetings_between(made, utc("2026-11-27T00:00"), utc("2026-11-29T00:00"))
    assert found.end == utc("2026-11-28T00:00")


def test_no_class_meets_on_a_holiday_or_outside_its_term() -> None:
    """First and last day belong to a term and to holidays."""
    more = {"holidays": [{"first": "2026-09-14", "last": "2026-09-20"}, "2026-10-05"]}
    made = schedule_of("UTC", "mon", "10:00", "12:00", **more)
    term = {"first": "2026-09-07", "last": "2026-10-12"}
    classes = [made.classes[0].model_copy(update={"term": "autumn"})]
    made = made.model_copy(
        update={"classes": classes, "terms": {"autumn": _span(term)}},
    )
    held = meetings_between(made, utc("2026-08-01T00:00"), utc("2026-12-31T00:00"))
    shown = [
        datetime.fromtimestamp(meeting.start, timezone.utc).date().isoformat() for meeting in held
    ]
    assert shown == ["2026-09-07", "2026-09-21", "2026-09-28", "2026-10-12"]


def _span(term: dict[str, str]) -> object:
    return Schedule.model_validate({"timezone": "UTC", "terms": {"t": term}}).terms["t"]


def test_the_share_that_comes_is_rounded_up() -> None:
    """The share is rounded up, except for rounding errors."""
    assert Meeting("A", 0, 60, 101, share=0.5).students == 51
    assert Meeting("A", 0, 60, 100, share=0.07).students == 7


def test_the_two_lines_raise_and_lower() -> None:
    """The baseline rises on weekdays at 06:30, falls at 19:00, and does not rise on a holiday."""
    lines = [{"at": "06:30", "days": "weekdays", "nodes": 5}, {"at": "19:00", "nodes": 1}]
    made = Schedule.model_validate(
        {"timezone": "UTC", "baseline": lines, "holidays": ["2026-11-25"]}
    )
    floor = baseline(made, utc("2026-11-23T00:00"), utc("2026-11-30T00:00"))
    assert [floor.at(utc(f"2026-11-{day}T12:00")) for day in range(23, 30)] == [
        5, 5, 1, 5, 5, 1, 1,
    ]  # fmt: skip
    assert floor.at(utc("2026-11-23T06:29")) == 1
    assert floor.at(utc("2026-11-23T06:30")) == 5
    assert floor.at(utc("2026-11-23T19:00")) == 1


def test_without_steps_there_is_nothing() -> None:
    """A function without steps is 0."""
    nothing = StepFunction()
    assert nothing.at(0) == nothing.maximum(0, 10) == nothing.integral(0, 10) == 0
