"""The values that are deployed: every combination of layers is right, and says what we promise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.z2jh.conftest import CHECKOUT
from z2jh.check.rendering import chart, template
from z2jh.check.run import check
from z2jh.hubvalues import layers, pods, pools
from z2jh.hubvalues.layers import get
from z2jh.hubvalues.seats import seats
from z2jh.resources import GIB

if TYPE_CHECKING:
    from pathlib import Path

    from z2jh.check.rendering.chart import Chart
    from z2jh.hubvalues.layers import Stack

STACKS = list(layers.combinations())
GUIDE = (CHECKOUT / "z2jh/README.md").read_text()
SNIPPETS = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
LOGINS = [text for text in SNIPPETS if "authenticator_class" in text]


@pytest.mark.parametrize("stack", STACKS, ids=[stack.name for stack in STACKS])
def test_every_combination_of_layers_is_right(stack: Stack, known_chart: Chart) -> None:
    """Schema, names, rules, and what a real helm renders of it."""
    assert check(stack, chart.pin(), known_chart) == []


@pytest.mark.parametrize("stack", STACKS, ids=[stack.name for stack in STACKS])
def test_the_rules_hold_without_a_chart_at_hand(stack: Stack) -> None:
    """What the rules need is said in our own layers and not left to the chart's defaults."""
    assert check(stack, chart.pin(), None) == []


def test_both_environments_each_class_and_exams_are_among_the_combinations() -> None:
    """Nothing that can be deployed is left out."""
    names = {stack.name for stack in STACKS}
    assert {"staging", "prod", "prod + exams", "prod + classes/databases + exams"} <= names
    assert len(names) == len(STACKS) == 2 * 2 * 2 * (1 + len(layers.classes()))


def test_layers_come_in_their_order_whatever_order_they_are_named_in() -> None:
    """An exam has the last word."""
    stack = layers.stack("prod", ["exams", "classes/databases", "sandbox"])
    names = [layer.file.stem for layer in stack.layers]
    assert names == ["common", "culling", "prod", "sandbox", "databases", "exams"]


def test_helm_merges_the_layers_as_we_do(known_chart: Chart) -> None:
    """What is checked is what is deployed, defaults and layers and all."""
    stack = layers.stack("prod", ["classes/databases", "exams"])
    rendered = template.manifests(template.text(known_chart.path, stack, chart.pin()))
    (merged,) = (each for each in rendered if each["metadata"]["name"] == "values")
    ours = layers.over_defaults(known_chart.defaults, stack.values)
    assert yaml.safe_load(merged["data"]["values.yaml"]) == ours


def test_null_takes_a_default_away_as_in_helm(known_chart: Chart, folder: Path) -> None:
    """`null` means: not even the chart's default."""
    with folder.joinpath("prod.yaml").open("a") as file:
        file.write("debug: null\nprePuller:\n  hook: {podSchedulingWaitDuration: null}\n")
    stack = layers.stack("prod", folder=folder)
    copy = folder.parent / "chart"
    copy.joinpath("templates").mkdir(parents=True)
    for name in ("Chart.yaml", "values.yaml", "templates/values.yaml"):
        copy.joinpath(name).write_text(known_chart.path.joinpath(name).read_text())
    (merged,) = template.manifests(template.text(copy, stack, chart.pin()))
    found = yaml.safe_load(merged["data"]["values.yaml"])
    ours = layers.over_defaults(known_chart.defaults, stack.values)
    assert "debug" not in found
    assert found == ours


def test_the_course_prefers_spot_and_may_fall_back() -> None:
    """A student of the course lands on both pools, of an exam on one, of the core on none."""
    stack = layers.stack("prod")
    found, _ = pools.read(stack)
    landed = {
        pod.name: [pool.name for pool in pods.landing(pod, found)] for pod in pods.of(stack.values)
    }
    assert landed == {
        "profile 'course'": ["students", "ondemand"],
        "profile 'exam'": ["ondemand"],
        "profile 'large'": ["students", "ondemand"],
        "placeholder": ["students", "ondemand"],
        "image puller": ["students", "ondemand"],
        "core pod": ["core"],
    }
    (preferred,) = get(stack.values, "singleuser", "extraNodeAffinity", "preferred")
    assert preferred["preference"]["matchExpressions"][0]["values"] == ["students"]


def test_a_node_has_the_seats_that_the_documentation_tells() -> None:
    """z2jh/README.md says how many students share a node."""
    found, _ = pools.read(layers.stack("prod"))
    students = next(pool for pool in found if pool.name == "students")
    (course, _, large) = pods.students(layers.stack("prod").values)
    each = f"{seats(students, course)} students of the course"
    assert f"{each} or {seats(students, large)} of the large profile" in GUIDE


def test_the_students_resources_stand_once() -> None:
    """Guarantees are whole bytes, and no layer or profile repeats what common.yaml says."""
    common = layers.read(layers.FOLDER / "common.yaml").values["singleuser"]
    assert common["memory"]["guarantee"] == 2 * GIB
    for stack in STACKS:
        for profile in get(stack.values, "singleuser", "profileList"):
            override = profile.get("kubespawner_override", {})
            assert override.get("mem_guarantee") != get(
                stack.values, "singleuser", "memory", "guarantee"
            )


@pytest.mark.parametrize("text", LOGINS, ids=[text.splitlines()[0] for text in LOGINS])
def test_the_guides_logins_can_be_used_as_they_stand(
    text: str, folder: Path, known_chart: Chart
) -> None:
    """Every option is the authenticator's, and no secret is among them."""
    file = folder / "prod.yaml"
    values = yaml.safe_load(file.read_text())
    del values["hub"]
    file.write_text(yaml.safe_dump({**values, **yaml.safe_load(text)}))
    stack = layers.stack("prod", folder=folder)
    assert check(stack, chart.pin(), known_chart) == []


def test_the_guide_has_logins() -> None:
    """The test above has something to test."""
    assert len(LOGINS) == 2
