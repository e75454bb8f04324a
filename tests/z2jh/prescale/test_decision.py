"""The decision of a run, from plan and cluster state."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.z2jh.prescale.conftest import SCHEDULE, VALUES
from z2jh.prescale.planning.cluster_state import Node, PoolState
from z2jh.prescale.planning.decision import Cordon, SetMinimum, SetPlaceholders, decide
from z2jh.prescale.planning.readiness import readiness
from z2jh.prescale.schedule.meetings import instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from z2jh.prescale.planning.decision import Action
    from z2jh.prescale.planning.plan import Plan
    from z2jh.prescale.planning.site import Site

DAY = date(2026, 11, 23)
PREEMPTIBLE = VALUES.replace("provisioning: spot", "provisioning: preemptible")


@pytest.fixture
def plan(site: Callable[..., Site], planned: Callable[..., Plan]) -> Plan:
    """Plans 200 students on Monday from 10:15 to 12:00, who need 8 nodes."""
    return planned(site(), "2026-11-23", "2026-11-24")


def at(plan: Plan, clock: str) -> int:
    """Returns the POSIX seconds of a time on that Monday."""
    hours, minutes = map(int, clock.split(":"))
    return instant(DAY, hours * 60 + minutes, plan.site.schedule.timezone)


def nodes(number: int, **more: object) -> tuple[Node, ...]:
    """Returns a number of equal nodes."""
    kind = Node("", 0.0, **more)  # type: ignore[arg-type]
    return tuple(replace(kind, name=f"n{place}{sorted(more)}") for place in range(number))


def changed(actions: tuple[Action, ...]) -> list[tuple[str, str, int]]:
    """Returns the changes without their reasons."""
    return [
        (type(action).__name__, action.pool, action.after)
        for action in actions
        if isinstance(action, SetMinimum | SetPlaceholders)
    ]


@pytest.mark.parametrize(
    ("clock", "state", "actions"),
    [
        pytest.param("08:00", PoolState(0, 16, 0), [], id="nothing to do"),
        pytest.param(
            "09:56",
            PoolState(0, 16, 0),
            [("SetPlaceholders", "students", 8), ("SetMinimum", "students", 8)],
            id="raise",
        ),
        pytest.param("10:00", PoolState(8, 16, 8, nodes(5, has_image=False)), [], id="starting"),
        pytest.param(
            "10:00",
            PoolState(8, 16, 8, nodes(8)),
            [("SetPlaceholders", "students", 0)],
            id="all ready: the minimum keeps them",
        ),
        pytest.param(
            "10:00",
            PoolState(0, 16, 8, nodes(8)),
            [("SetMinimum", "students", 8)],
            id="all ready, and the minimum was lost",
        ),
        pytest.param("10:10", PoolState(8, 16, 0, nodes(8, students=20)), [], id="class"),
        pytest.param(
            "09:58",
            PoolState(8, 16, 0, (*nodes(3, students=20), *nodes(4))),
            [("SetPlaceholders", "students", 5)],
            id="a node is lost: empty ones are held, too",
        ),
        pytest.param(
            "12:00",
            PoolState(8, 16, 0, nodes(8, students=20)),
            [("SetMinimum", "students", 0)],
            id="evening",
        ),
        pytest.param(
            "12:00",
            PoolState(8, 16, 3, nodes(5)),
            [("SetPlaceholders", "students", 0), ("SetMinimum", "students", 0)],
            id="given back",
        ),
        pytest.param(
            "09:56",
            PoolState(0, 18, 0, (), step=3),
            [("SetPlaceholders", "students", 8), ("SetMinimum", "students", 9)],
            id="a minimum for each of three zones",
        ),
        pytest.param("10:00", PoolState(9, 18, 0, nodes(8), step=3), [], id="zones: steady"),
        pytest.param(
            "11:00",
            PoolState(8, 16, 0, (*nodes(7, students=20), *nodes(1, students=20, ready=False))),
            [("SetPlaceholders", "students", 1)],
            id="a node with students does not answer",
        ),
    ],
)
def test_a_run_does_what_is_missing(
    plan: Plan, clock: str, state: PoolState, actions: list[tuple[str, str, int]]
) -> None:
    """A run makes the missing changes, and repeated runs come to rest."""
    decision = decide(plan, {"students": state}, at(plan, clock))
    assert changed(decision.actions) == actions
    # Carrying out the actions leads to rest.
    for _ in range(3):
        decision = decide(plan, {"students": state}, at(plan, clock))
        for action in decision.actions:
            if isinstance(action, SetMinimum):
                state = replace(state, minimum=action.after)
            elif isinstance(action, SetPlaceholders):
                state = replace(state, placeholders=action.after)
    assert decision.actions == ()


def test_at_the_deadline_on_demand_nodes_are_asked_for(plan: Plan) -> None:
    """Nodes missing at the deadline are requested on demand, with an alert."""
    cluster = {"students": PoolState(8, 16, 8, nodes(5)), "ondemand": PoolState(0, 10, 0)}
    assert decide(plan, cluster, at(plan, "10:04")).alerts == ()
    late = decide(plan, cluster, at(plan, "10:05"))
    assert late.wanted == {"students": 8, "ondemand": 3}
    assert ("SetPlaceholders", "ondemand", 3) in changed(late.actions)
    assert "3 of 8 nodes are not ready for Databases at Mon 10:15" in late.alerts[0]
    assert decide(plan, cluster, at(plan, "12:00")).wanted["ondemand"] == 0


def test_what_a_later_class_is_prepared_is_not_missing_yet(
    site: Callable[..., Site], planned: Callable[..., Plan]
) -> None:
    """Nodes that start for a later class do not make the present one late."""
    second = "  - {name: Next, students: 100, meets: [{days: mon, from: 11:15, to: 13:00}]}\n"
    plan = planned(site(SCHEDULE + second), "2026-11-23", "2026-11-24")
    first = PoolState(8, 16, 0, nodes(8, students=25))
    cluster = {"students": first, "ondemand": PoolState(0, 10, 0)}
    begun = decide(plan, cluster, at(plan, "10:55"))
    assert changed(begun.actions) == [
        ("SetPlaceholders", "students", 3),
        ("SetMinimum", "students", 11),
    ]
    assert (begun.alerts, begun.wanted["ondemand"]) == ((), 0)
    assert [row.state for row in readiness(plan, cluster, at(plan, "10:56"))] == [
        "ready",
        "starting",
    ]
    late = decide(plan, cluster, at(plan, "11:05"))
    assert (
        "3 of 11 nodes are not ready for Databases at Mon 10:15, Next at Mon 11:15"
        in late.alerts[0]
    )
    assert late.wanted["ondemand"] == 3


def test_once_the_fallback_stands_there_nobody_has_to_look(plan: Plan) -> None:
    """There is no alert once the fallback nodes are ready."""
    fallback = PoolState(3, 10, 0, nodes(3))
    cluster = {"students": PoolState(8, 16, 8, nodes(5)), "ondemand": fallback}
    decision = decide(plan, cluster, at(plan, "10:10"))
    assert (decision.alerts, decision.wanted["ondemand"]) == ((), 3)


def test_what_the_pool_may_not_have_is_asked_of_the_fallback(
    site: Callable[..., Site], planned: Callable[..., Plan]
) -> None:
    """The fallback gets 2 nodes: 500 students need 18, and the pool's maximum is 16."""
    plan = planned(site(SCHEDULE.replace("200", "500")), "2026-11-23", "2026-11-24")
    cluster = {"students": PoolState(16, 16, 0, nodes(16)), "ondemand": PoolState(0, 10, 0)}
    assert decide(plan, cluster, at(plan, "10:05")).wanted == {"students": 16, "ondemand": 2}


def test_a_pool_that_is_not_there_is_told_of_a_day_before(plan: Plan) -> None:
    """A pool that the cluster lacks causes an alert a day before class."""
    (alert,) = decide(plan, {"ondemand": PoolState(0, 10, 0)}, at(plan, "08:00")).alerts
    assert "pool 'students' is wanted" in alert
    assert not decide(plan, {"ondemand": PoolState(0, 10, 0)}, at(plan, "12:00")).alerts


def test_a_clock_that_is_set_back_raises_again(plan: Plan) -> None:
    """A run has no memory: after the clock is set back, it raises again."""
    given_back = {"students": PoolState(0, 16, 0, nodes(2, students=3))}
    assert changed(decide(plan, given_back, at(plan, "12:05")).actions) == []
    assert changed(decide(plan, given_back, at(plan, "11:55")).actions) == [
        ("SetPlaceholders", "students", 6),
        ("SetMinimum", "students", 8),
    ]


def test_without_a_fallback_somebody_is_told(plan: Plan) -> None:
    """Without a fallback pool, missing nodes cause an alert."""
    cluster = {"students": PoolState(8, 16, 8, nodes(5))}
    (alert,) = decide(plan, cluster, at(plan, "10:05")).alerts
    assert "no fallback pool" in alert


def test_a_maximum_that_was_lowered_is_told_of(plan: Plan) -> None:
    """A run stays within a lowered maximum, which GKE would enforce, and causes an alert."""
    decision = decide(plan, {"students": PoolState(0, 4, 0)}, at(plan, "09:56"))
    assert ("SetMinimum", "students", 4) in changed(decision.actions)
    assert "maximum is 4" in decision.alerts[0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.integers(0, 24 * 60 - 1),
    st.integers(0, 16),
    st.integers(0, 16),
    st.lists(
        st.tuples(st.booleans(), st.booleans(), st.integers(0, 28), st.booleans()), max_size=16
    ),
)
def test_what_is_not_known_takes_nothing_away(
    plan: Plan,
    minute: int,
    minimum: int,
    placeholders: int,
    kinds: list[tuple[bool, bool, int, bool]],
) -> None:
    """With an unknown calendar, no minimum and no number of placeholders goes down."""
    some = tuple(
        Node(str(n), 0.0, ready=r, has_image=i, students=s, cordoned=c)
        for n, (r, i, s, c) in enumerate(kinds)
    )
    cluster = {"students": PoolState(minimum, 16, placeholders, some)}
    now = at(plan, f"{minute // 60}:{minute % 60}")
    for action in decide(replace(plan, calendars_known=False), cluster, now).actions:
        assert isinstance(action, SetMinimum | SetPlaceholders)
        assert action.after > action.before


def test_an_old_node_is_replaced_before_its_class(
    site: Callable[..., Site], planned: Callable[..., Plan]
) -> None:
    """Old empty nodes are replaced before class, one at a time."""
    plan = planned(
        site(SCHEDULE + "baseline: [{at: 00:00, nodes: 3}]\n", PREEMPTIBLE),
        "2026-11-23",
        "2026-11-24",
    )
    born = at(plan, "11:00") - 86400
    old = tuple(replace(node, created=born) for node in nodes(3))
    state = PoolState(3, 16, 0, old)
    cordons = [
        action
        for action in decide(plan, {"students": state}, at(plan, "07:00")).actions
        if isinstance(action, Cordon)
    ]
    assert len(cordons) == 1
    assert "would reach 24 hours during Databases at Mon 10:15" in cordons[0].reason
    # The next node waits until the first is gone, whose replacement is requested.
    first = replace(old[0], cordoned=True)
    after = decide(plan, {"students": replace(state, nodes=(first, *old[1:]))}, at(plan, "07:05"))
    assert changed(after.actions) == [("SetPlaceholders", "students", 3)]
    assert not [action for action in after.actions if isinstance(action, Cordon)]


@pytest.mark.parametrize(
    ("clock", "change"),
    [
        pytest.param("07:00", {"students": 1}, id="students on it"),
        pytest.param("09:40", {}, id="too late to replace it"),
        pytest.param("07:00", {"created": 0.0}, id="dies before class"),
    ],
)
def test_a_node_is_left_alone(
    site: Callable[..., Site], planned: Callable[..., Plan], clock: str, change: dict[str, float]
) -> None:
    """A node is not replaced if that would harm or not help."""
    plan = planned(site(values=PREEMPTIBLE), "2026-11-23", "2026-11-24")
    node = replace(Node("a", at(plan, "11:00") - 86400), **change)  # type: ignore[arg-type]
    cluster = {"students": PoolState(0, 16, 0, (node,))}
    assert not [
        action
        for action in decide(plan, cluster, at(plan, clock)).actions
        if isinstance(action, Cordon)
    ]


def test_no_node_is_cordoned_while_a_placeholder_may_sit_on_it(
    site: Callable[..., Site], planned: Callable[..., Plan]
) -> None:
    """No node is cordoned while there are placeholders, which would keep it from removal."""
    plan = planned(site(values=PREEMPTIBLE), "2026-11-23", "2026-11-24")
    state = PoolState(0, 16, 1, (Node("a", at(plan, "11:00") - 86400),))
    actions = decide(plan, {"students": state}, at(plan, "07:00")).actions
    assert changed(actions) == [("SetPlaceholders", "students", 0)]
    assert len(actions) == 1


def test_a_node_is_not_replaced_by_one_that_ends_in_class_as_well(
    site: Callable[..., Site], planned: Callable[..., Plan]
) -> None:
    """A replacement must outlive the class, so it starts within 24 hours of its end."""
    plan = planned(site(values=PREEMPTIBLE), "2026-11-23", "2026-11-24")
    cluster = {"students": PoolState(0, 16, 0, (Node("a", at(plan, "11:00") - 86400),))}
    for clock, replaced in (("11:59", False), ("12:00", True)):
        decision = decide(plan, cluster, at(plan, clock) - 86400)
        assert [type(action) for action in decision.actions] == ([Cordon] if replaced else [])


def test_spot_nodes_have_no_such_age(plan: Plan) -> None:
    """Spot nodes are never replaced for their age."""
    cluster = {"students": PoolState(0, 16, 0, (Node("a", at(plan, "11:00") - 86400),))}
    assert decide(plan, cluster, at(plan, "07:00")).actions == ()
