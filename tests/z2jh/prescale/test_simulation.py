"""The simulation: the same logins with different policies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.z2jh.prescale.conftest import SCHEDULE, VALUES
from z2jh.prescale.simulation import report, trial
from z2jh.prescale.simulation.percentile import percentile
from z2jh.prescale.simulation.trial import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from z2jh.prescale.planning.plan import Plan
    from z2jh.prescale.planning.site import Site

PRICES = "budget: {currency: EUR, prices: {students: 0.1, ondemand: 0.4}}\n"
LINES = "baseline: [{at: 06:30, days: weekdays, nodes: 4}, {at: 19:00, nodes: 0}]\n"
Tried = dict[str, Outcome]


@pytest.fixture
def tried(site: Callable[..., Site], planned: Callable[..., Plan]) -> Callable[..., Tried]:
    """Tries every policy on a Monday; returns outcomes by name."""

    def run(schedule: str = SCHEDULE, values: str = VALUES, **more: float) -> Tried:
        plan = planned(site(schedule, values), "2026-11-23", "2026-11-24")
        parameters = replace(trial.parameters_of(plan.site), **more)  # type: ignore[arg-type]
        found = [
            trial.run(plan, policy, parameters, spot=spot) for policy, spot in trial.policies(plan)
        ]
        return {outcome.policy: outcome for outcome in found}

    return run


def test_seats_are_there_before_the_students(tried: Callable[..., Tried]) -> None:
    """With prescale, 200 students in three minutes wait for no machine, and no start fails."""
    ours = tried()["prescale"]
    assert ours.logins == 200
    assert ours.p95 <= 15
    assert ours.failed == 0
    assert ours.peak == 8


def test_the_autoscaler_alone_lets_them_wait(tried: Callable[..., Tried]) -> None:
    """With the autoscaler alone, students wait for machine and image."""
    found = tried()
    assert found["autoscaler alone"].median > 120
    assert found["autoscaler alone"].median > 10 * found["prescale"].median


def test_it_costs_less_than_always_on(tried: Callable[..., Tried]) -> None:
    """Prescale costs at most 45 % of a cluster that is always on."""
    found = tried(SCHEDULE + PRICES, reclaimed=0.0)
    always, ours = found["always on"], found["prescale"]
    assert always.node_hours == pytest.approx(8 * 24)
    assert always.cost == pytest.approx(8 * 24 * 0.1)
    assert ours.cost is not None
    assert ours.cost <= 0.45 * 8 * 24 * 0.1
    assert ours.cost == pytest.approx(ours.node_hours * 0.1)
    on_demand = found["prescale, on demand"]
    assert on_demand.cost == pytest.approx(on_demand.node_hours * 0.4)


def test_a_minimum_alone_starts_no_node(tried: Callable[..., Tried]) -> None:
    """On GKE the two lines start no node; if they did, half of the students had a seat."""
    found = tried(SCHEDULE + LINES)
    alone, lines = found["autoscaler alone"], found["two lines, as GKE takes them"]
    assert lines.median == pytest.approx(alone.median, rel=0.2)
    assert found["two lines, nodes started"].median < 15 < found["two lines, nodes started"].p95


def test_machines_that_are_taken_disturb(tried: Callable[..., Tried]) -> None:
    """Students of a reclaimed machine log in again; no on-demand machine is reclaimed."""
    found = tried(reclaimed=24.0)
    assert found["prescale"].disrupted > 0
    assert found["prescale"].logins == 200 + found["prescale"].disrupted
    assert found["prescale, on demand"].disrupted == 0


@pytest.mark.parametrize(
    ("at_once", "disturbed"), [pytest.param(0, True, id="left"), pytest.param(2, False, id="ours")]
)
def test_machines_of_a_day_are_replaced_before_class(
    site: Callable[..., Site], planned: Callable[..., Plan], at_once: int, *, disturbed: bool
) -> None:
    """Rotation replaces three nodes from Sunday 10:30, which would end in class on Monday."""
    values = VALUES.replace("provisioning: spot", "provisioning: preemptible")
    lines = "[{at: 10:30, days: sun, nodes: 3}, {at: 23:00, days: mon, nodes: 0}]"
    more = f"baseline: {lines}\nrotation: {{at_once: {at_once}}}\n"
    plan = planned(site(SCHEDULE + more, values), "2026-11-22", "2026-11-24")
    parameters = replace(trial.parameters_of(plan.site), reclaimed=0.0)
    (policy,) = [
        policy for policy, spot in trial.policies(plan) if policy.name == "prescale" and spot
    ]
    found = trial.run(plan, policy, parameters, spot=True)
    assert (found.disrupted > 0) == (found.p95 > 15) == disturbed
    assert found.failed == 0


def test_kept_on_they_end_in_class(site: Callable[..., Site], planned: Callable[..., Plan]) -> None:
    """Preemptible machines that started together end together in class, a day later."""
    values = VALUES.replace("provisioning: spot", "provisioning: preemptible")
    plan = planned(site(SCHEDULE.replace("10:15", "23:00"), values), "2026-11-22", "2026-11-25")
    parameters = replace(trial.parameters_of(plan.site), reclaimed=0.0)
    (policy,) = [
        policy for policy, spot in trial.policies(plan) if policy.name == "always on" and spot
    ]
    assert trial.run(plan, policy, parameters, spot=True).disrupted > 0


def test_the_hub_gives_up_after_its_timeout(tried: Callable[..., Tried]) -> None:
    """A start fails if it takes longer than the hub's timeout."""
    assert tried(provisioning=700.0)["autoscaler alone"].failed >= 200
    assert tried(provisioning=700.0, timeout=3600.0)["autoscaler alone"].failed == 0


def test_a_login_is_the_same_for_every_policy(tried: Callable[..., Tried]) -> None:
    """Every policy has the same logins, and a seed gives the same outcome again."""
    found = tried(reclaimed=0.0)
    assert {outcome.logins for outcome in found.values()} == {200}
    assert tried(reclaimed=0.0) == found


def test_a_report_has_every_policy(
    site: Callable[..., Site], planned: Callable[..., Plan], tried: Callable[..., Tried]
) -> None:
    """A report has every policy, as table, JSON and self-contained page."""
    plan = planned(site(SCHEDULE.replace("Databases", "A<b>")), "2026-11-23", "2026-11-24")
    parameters = trial.parameters_of(plan.site)
    outcomes = list(tried().values())
    page = report.page(plan, outcomes, parameters)
    for outcome in outcomes:
        assert outcome.policy in page
        assert outcome.policy in report.text(plan, outcomes)
    assert page.count("<svg") == 2
    assert "src=" not in page
    assert "A<b>" not in page
    data = report.as_json(plan, outcomes, parameters)
    assert [policy["policy"] for policy in data["policies"]] == [
        outcome.policy for outcome in outcomes
    ]


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [([], 0.5, 0), ([1], 0.95, 1), ([1, 2, 3, 4], 0.5, 2), (list(range(1, 101)), 0.95, 95)],
)
def test_a_percentile_is_a_value(values: list[float], share: float, found: float) -> None:
    """A percentile is the least value that the share does not exceed."""
    assert percentile(values, share) == found
