"""A person counts as use, a job counts for a while, and an open page does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_codeserver_proxy.activity.judgement import Activity, Observation, judge
from jupyter_codeserver_proxy.activity.reports import Report

NOW = datetime(2026, 11, 23, 10, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def ago(**of_time: float) -> datetime:
    """Returns a time before now."""
    return NOW - timedelta(**of_time)


def window(person: datetime | None = None, *jobs: str, beat: datetime = NOW) -> Report:
    """Returns a window's report."""
    return Report(person, beat, frozenset(jobs))


OPEN = Observation(visited=ago(hours=3), windows_since=ago(hours=3), traffic=ago(seconds=1))

CASES = [
    pytest.param(Observation(), None, "nobody yet", id="nothing has happened"),
    pytest.param(
        replace(OPEN, reports=(window(),)), ago(hours=3), "a person", id="a page is merely open"
    ),
    pytest.param(
        replace(OPEN, reports=(window(ago(minutes=2)),)), ago(minutes=2), "a person", id="a person"
    ),
    pytest.param(
        replace(OPEN, reports=(window(ago(minutes=2)), window(ago(minutes=1)))),
        ago(minutes=1),
        "a person",
        id="the later of two windows",
    ),
    pytest.param(
        replace(OPEN, reports=(window(ago(minutes=50), "task", "debugger"),)),
        NOW,
        "debugger, task: running job",
        id="a job while somebody was there",
    ),
    pytest.param(
        replace(OPEN, reports=(window(ago(minutes=61), "task"),)),
        ago(minutes=61),
        "a person",
        id="a job beyond its limit",
    ),
    pytest.param(
        Observation(visited=ago(minutes=50), has_terminal_job=True),
        NOW,
        "terminal: running job",
        id="a job in a terminal whose window is closed",
    ),
    pytest.param(
        Observation(has_terminal_job=True), None, "nobody yet", id="a job that nobody started"
    ),
    pytest.param(
        replace(OPEN, reports=(window(ago(minutes=9), "task", beat=ago(minutes=9)),)),
        ago(seconds=1),
        "traffic, as no window reports",
        id="a window that has fallen silent",
    ),
    pytest.param(OPEN, ago(seconds=1), "traffic, as no window reports", id="no reporter"),
    pytest.param(
        replace(OPEN, windows_since=ago(seconds=30)),
        ago(hours=3),
        "a person",
        id="a window that has only just come",
    ),
    pytest.param(
        Observation(visited=ago(hours=3), traffic=ago(seconds=1)),
        ago(hours=3),
        "a person",
        id="an application's traffic without a window",
    ),
    pytest.param(
        Observation(reports=(window(NOW + HOUR),)), NOW, "a person", id="the clock was set back"
    ),
]


@pytest.mark.parametrize(("seen", "last", "why"), CASES)
def test_what_counts_as_use(seen: Observation, last: datetime | None, why: str) -> None:
    """Each signal has the meaning that the documentation gives it."""
    found = judge(seen, Activity(), HOUR, NOW)
    assert (found.last, found.why) == (last, why)


def test_a_limit_of_zero_ignores_jobs() -> None:
    """An operator may decide that a job keeps no server."""
    seen = Observation(visited=NOW, has_terminal_job=True)
    assert judge(seen, Activity(), timedelta(0), NOW).why == "a person"


def test_what_counted_is_not_forgotten() -> None:
    """Reports end with code-server, and the last of them stays valid."""
    first = judge(Observation(visited=ago(minutes=9), has_terminal_job=True), Activity(), HOUR, NOW)
    later = judge(Observation(), first, HOUR, NOW + HOUR)
    assert (later.last, later.why) == (NOW, "terminal: running job")
    assert later.person == ago(minutes=9)


moments = st.none() | st.timedeltas(-24 * HOUR, 24 * HOUR).map(lambda offset: NOW + offset)
reports = st.builds(
    Report,
    moments,
    moments.filter(bool),
    st.frozensets(st.sampled_from(["terminal", "task", "notebook"])),
)
observations = st.builds(
    Observation, moments, st.tuples(reports, reports), st.booleans(), moments, moments
)


@given(st.lists(observations, max_size=5), st.timedeltas(timedelta(0), 2 * HOUR))
def test_time_never_goes_back_nor_beyond_now(seen: list[Observation], limit: timedelta) -> None:
    """This holds for any reports in any order."""
    activity = Activity()
    for step, observation in enumerate(seen):
        now = NOW + step * HOUR
        before, activity = activity, judge(observation, activity, limit, now)
        if before.last:
            assert activity.last
            assert activity.last >= before.last
        assert activity.person is None or activity.person <= now
