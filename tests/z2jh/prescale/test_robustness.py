"""Arbitrary content in an operator's files causes no traceback."""

from __future__ import annotations

import contextlib
from datetime import date
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.z2jh.prescale.conftest import VALUES
from z2jh.prescale.commands.files import read_site
from z2jh.prescale.errors import ScheduleError
from z2jh.prescale.planning import plan
from z2jh.prescale.schedule.meetings import instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from z2jh.prescale.commands.files import Files

FULL = """\
timezone: Europe/Zurich
pool: students
fallback: ondemand
baseline: [{at: 06:30, days: weekdays, nodes: 2}, {at: 19:00, nodes: 0}]
terms: {autumn: {first: 2026-09-14, last: 2026-12-18}}
holidays: [2026-11-26, {first: 2026-12-24, last: 2027-01-03}]
classes:
- name: A
  students: 200
  share: 0.9
  logins: 3m
  profile: large
  term: autumn
  meets: [{days: [mon, wed], from: 10:15, to: 12:00}]
events: [{name: E, students: 20, start: 2026-11-24 09:00, end: 2026-11-24 12:00, exam: true}]
node_start: {provisioning: 2m, image: 4, pull: 25}
budget: {currency: EUR, money: 150, prices: {students: 0.12, ondemand: 0.50}}
rotation: {at_once: 1, margin: 30m}
"""
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.dates(),
    st.text(max_size=8),
    st.sampled_from(["", "-1", "1e999", "nan", "24:00", "99999999h", "0001-01-01", "9999-12-31"]),
    st.just([]),
    st.just({}),
    st.just([[]]),
    st.just({"a": {"b": "c"}}),
)


def paths(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Returns the path of every part, beginning with the whole."""
    found = [path]
    parts = content.items() if isinstance(content, dict) else ()
    for key, value in enumerate(content) if isinstance(content, list) else parts:
        found += paths(value, (*path, key))
    return found


def replaced(content: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """Returns the content with another value at a path."""
    if not path:
        return junk
    first, *rest = path
    below = replaced(content[first], tuple(rest), junk)
    if isinstance(content, dict):
        return {**content, first: below}
    return [below if number == first else part for number, part in enumerate(content)]


def read_and_plan(files: Files) -> None:
    """Does what `plan` does, and accepts ScheduleError."""
    with contextlib.suppress(ScheduleError):
        site = read_site(files)
        zone = site.schedule.timezone
        first, last = (instant(date(2026, 11, day), 0, zone) for day in (23, 30))
        plan.make(site, first, last)


def test_the_files_as_they_are_are_used(files: Callable[..., Files]) -> None:
    """What the tests below change is accepted as long as nothing is changed."""
    site = read_site(files(FULL, VALUES))
    first, last = (instant(date(2026, 11, day), 0, site.schedule.timezone) for day in (23, 30))
    plan.make(site, first, last)


TRIED = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)


@TRIED
@given(st.data())
def test_a_schedule_with_anything_anywhere(
    files: Callable[..., Files], data: st.DataObject
) -> None:
    """A schedule with junk anywhere is used or refused."""
    content = yaml.load(FULL, yaml.BaseLoader)  # noqa: S506 -- it makes strings alone
    path = data.draw(st.sampled_from(paths(content)))
    junk = replaced(content, path, data.draw(JUNK))
    read_and_plan(files(yaml.dump(junk), VALUES))


@TRIED
@given(st.data())
def test_values_with_anything_anywhere(files: Callable[..., Files], data: st.DataObject) -> None:
    """Values with junk anywhere are used or refused."""
    content = yaml.safe_load(VALUES)
    path = data.draw(st.sampled_from(paths(content)))
    junk = replaced(content, path, data.draw(JUNK))
    read_and_plan(files(FULL, yaml.dump(junk)))


@TRIED
@given(st.data())
def test_a_schedule_that_was_cut_or_stained(
    files: Callable[..., Files], data: st.DataObject
) -> None:
    """A schedule with a typing error is used or refused."""
    place = data.draw(st.integers(0, len(FULL)))
    stain = data.draw(st.text(alphabet="{}[]:,-&*#!|>'\"%@` \t\na1", max_size=4))
    read_and_plan(files(FULL[:place] + stain + FULL[place + data.draw(st.integers(0, 3)) :]))
