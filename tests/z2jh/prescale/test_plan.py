"""The plan for classes: when, how many nodes, and why."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.z2jh.prescale.conftest import SCHEDULE, VALUES
from z2jh.prescale.planning.plan import CalendarMeetings
from z2jh.prescale.schedule.meetings import Meeting

if TYPE_CHECKING:
    from collections.abc import Callable

    from z2jh.prescale.planning.plan import Plan
    from z2jh.prescale.planning.site import Site

MONDAY, TUESDAY = "2026-11-23", "2026-11-24"
BUDGET = "budget: {{currency: EUR, hours: {hours}, prices: {{students: 0.5}}}}\n"


def shown(plan: Plan) -> list[tuple[str, str, int, int]]:
    """Returns time, pool, and nodes before and after of each change."""
    zone = plan.site.schedule.timezone
    return [
        (
            f"{datetime.fromtimestamp(change.at, zone):%H:%M:%S}",
            change.pool,
            change.before,
            change.nodes,
        )
        for change in plan.changes
    ]


def test_nodes_are_asked_for_before_class_and_given_back_after_it(
    site: Callable[..., Site], planned: Callable[..., Plan]
) -> None:
    """Nodes are requested 10 min + 280 s to start + 120 s margin + 300 s interval before 10:15."""
    plan = planned(site(SCHEDULE), MONDAY, TUESDAY)
    assert shown(plan) == [("09:53:20", "students", 0, 8), ("12:00:00", "students", 8, 0)]
    raised, lowered = plan.changes
    assert (raised.students, raised.seats, raised.placeholders) == (200, 224, 8)
    assert raised.reason == "Databases at Mon 10:15: 200 students"
    assert lowered.reason == "Databases is over"
    assert plan.calendars_known
    assert plan.notices == ()


def test_those_who_stay_after_a_class_are_reckoned_with(
    site: Callable[..., Site], planned: Callable[..., Plan]
) -> None:
    """Servers of an earlier class take seats until they are culled."""
    second = "  - {name: Next, students: 100, meets: [{days: mon, from: 12:00, to: 13:00}]}\n"
    plan = planned(site(SCHEDULE + second), MONDAY, TUESDAY)
    assert plan.demands["students"].students.at(plan.meetings[1].start) == 100
    # 200 students stay and 100 come: 300 / 28 nodes.
    assert [change.nodes for change in plan.changes] == [8, 11, 0]
    more = planned(site(SCHEDULE + second + "linger: 0m\n"), MONDAY, TUESDAY)
    assert [change.nodes for change in more.changes] == [8, 11, 4, 0]


def test_servers_that_are_not_culled_stay_for_a_day(
    site: Callable[..., Site], planned: Callable[..., Plan]
) -> None:
    """Without culling, servers are assumed to stay for a day, with a notice."""
    second = "  - {name: Next, students: 100, meets: [{days: mon, from: 20:00, to: 21:00}]}\n"
    values = VALUES.replace("cull: {", "cull: {enabled: false, ")
    plan = planned(site(SCHEDULE + second, values), MONDAY, TUESDAY)
    assert [change.nodes for change in plan.changes] == [8, 0, 11, 0]
    assert "stay for a day" in plan.notices[0]


def test_a_short_gap_is_not_given_back(
    site: Callable[..., Site], planned: Callable[..., Plan]
) -> None:
    """Nodes stay during a gap shorter than `keep`."""
    second = "  - {name: Next, students: 28, meets: [{days: mon, from: 12:30, to: 13:00}]}\n"
    kept = planned(site(SCHEDULE + second + "linger: 0m\n"), MONDAY, TUESDAY)
    assert [change.nodes for change in kept.changes] == [8, 1, 0]
    given_back = planned(site(SCHEDULE + second + "linger: 0m\nkeep: 5m\n"), MONDAY, TUESDAY)
    assert [change.nodes for change in given_back.changes] == [8, 0, 1, 0]


def test_a_pool_that_may_not_grow_enough_is_told_of(
    site: Callable[..., Site], planned: Callable[..., Plan]
) -> None:
    """A plan stays within the pool's maximum, and says how many nodes are missing."""
    plan = planned(site(SCHEDULE.replace("200", "500")), MONDAY, TUESDAY)
    assert plan.changes[0].nodes == 16
    (notice,) = plan.notices
    assert "'students' has at most 16 nodes, and 2 more are needed" in notice


def test_an_exam_is_on_demand(site: Callable[..., Site], planned: Callable[..., Plan]) -> None:
    """An exam uses the on-demand pool."""
    times = "start: 2026-11-23 14:00, end: 2026-11-23 15:00"
    event = f"events: [{{name: E, students: 28, exam: true, {times}}}]\n"
    plan = planned(site("timezone: UTC\n" + event), MONDAY, TUESDAY)
    assert {change.pool for change in plan.changes} == {"ondemand"}


def test_a_profile_takes_its_own_room(
    site: Callable[..., Site], planned: Callable[..., Plan]
) -> None:
    """28 students of the large profile need four nodes with seven seats each."""
    text = SCHEDULE.replace("200", "28").replace("logins", "profile: large\n    logins")
    assert planned(site(text), MONDAY, TUESDAY).changes[0].nodes == 4


def test_a_profile_s_node_selector_is_followed(
    site: Callable[..., Site], planned: Callable[..., Plan]
) -> None:
    """Nodes start in the pool that the profile's node selector names."""
    selector = "node_selector: {cloud.google.com/gke-nodepool: ondemand}"
    values = VALUES.replace("kubespawner_override: {", f"kubespawner_override: {{{selector}, ")
    text = SCHEDULE.replace("200", "28").replace("logins", "profile: large\n    logins")
    assert {change.pool for change in planned(site(text, values), MONDAY, TUESDAY).changes} == {
        "ondemand"
    }
    everybody = VALUES.replace("singleuser:\n", f"singleuser:\n  {selector}\n").replace(
        "node_selector", "nodeSelector"
    )
    plan = planned(site(SCHEDULE, everybody), MONDAY, TUESDAY)
    assert {change.pool for change in plan.changes} == {"ondemand"}


@pytest.mark.parametrize(
    ("hours", "word"),
    [
        pytest.param(1000, None, id="far below"),
        pytest.param(30, "near the cap of 30", id="near"),
        pytest.param(20, "more than the cap of 20", id="above"),
    ],
)
def test_a_budget_is_warned_about_and_takes_nothing_away(
    site: Callable[..., Site], planned: Callable[..., Plan], hours: int, word: str | None
) -> None:
    """The week has 8 nodes from 09:53:20 to 13:05; caps cause notices, and keep all nodes."""
    plan = planned(site(SCHEDULE + BUDGET.format(hours=hours)), MONDAY, TUESDAY)
    (week,) = plan.weeks
    assert week.hours == pytest.approx(8 * (3 + 11 / 60 + 40 / 3600))
    assert week.money == pytest.approx(week.hours / 2)
    assert [change.nodes for change in plan.changes] == [8, 0]
    assert (word is None) == (not plan.notices)
    assert word is None or word in plan.notices[0]


def test_a_calendar_that_is_not_known_is_said(
    site: Callable[..., Site], planned: Callable[..., Plan]
) -> None:
    """An unknown calendar, or an unknown pool in one, causes a notice."""
    held = Meeting("E", 1795431600, 1795435200, 28, pool="nowhere")
    extra = CalendarMeetings((held,), ("calendar 'C': out of reach",), known=False)
    plan = planned(site("timezone: UTC\n"), MONDAY, TUESDAY, extra)
    assert not plan.calendars_known
    assert plan.notices[0] == "calendar 'C': out of reach"
    assert "no pool or profile of that name" in plan.notices[1]
    assert {change.pool for change in plan.changes} == {"students"}


meetings = st.lists(
    st.builds(
        lambda start, length, students: Meeting(
            f"{start} {length} {students}", start * 60, (start + length) * 60, students
        ),
        st.integers(29908800, 29908800 + 1440),
        st.integers(5, 240),
        st.integers(0, 150),
    ),
    max_size=8,
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(meetings)
def test_every_class_has_its_seats(
    site: Callable[..., Site], planned: Callable[..., Plan], held: list[Meeting]
) -> None:
    """Seats are ready from ten minutes before class, including those of students who stay."""
    found = site("timezone: UTC\nlinger: 1h\n")
    day = datetime.fromtimestamp(29908800 * 60, found.schedule.timezone).date()
    plan = planned(
        found,
        day.isoformat(),
        (day.replace(day=day.day + 1)).isoformat(),
        CalendarMeetings(tuple(held)),
    )
    room = found.capacities["students", ""].seats
    most = found.values.pools["students"].max_nodes
    for own in held:
        for time in range(own.start - 600, own.end, 300):
            present = sum(
                meeting.students
                for meeting in held
                if meeting.start - 600 <= time < meeting.end + 3600
            )
            seats = plan.wanted("students", time) * room
            assert not own.students or seats >= min(present, most * room)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None
)
@given(meetings)
def test_a_plan_does_not_depend_on_the_order(
    site: Callable[..., Site], planned: Callable[..., Plan], held: list[Meeting]
) -> None:
    """A plan does not depend on the order of the calendars' meetings."""
    found = site("timezone: UTC\n")
    days = ("2026-11-12", "2026-11-14")
    one, other = (
        planned(found, *days, CalendarMeetings(tuple(order))) for order in (held, held[::-1])
    )
    assert one.changes == other.changes
