"""Each rule: a layer that breaks it is told in one line, in the words that lead to the remedy."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.z2jh.check.test_slips import problems, put
from z2jh.check import chart, layers, manifests, pools, resources, whole
from z2jh.check.__main__ import main
from z2jh.check.invariants import Hub
from z2jh.check.resources import GIB, MIB, Resources

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = "{key: cloud.google.com/gke-nodepool, operator: In, values: [core]}"

BROKEN = [
    pytest.param(
        "singleuser: {nodeSelector: {cloud.google.com/gke-nodepool: student}}",
        "no pool 'student': there are core, students, ondemand; did you mean 'students'?",
        id="unknown pool",
    ),
    pytest.param(
        "singleuser: {extraNodeAffinity: {preferred: [{weight: 1, preference: {matchExpressions: "
        "[{key: cloud.google.com/gke-nodepool, operator: In, values: [spots]}]}}]}}",
        "no pool 'spots'",
        id="unknown pool in an affinity",
    ),
    pytest.param(
        "scheduling: {userPods: {nodeAffinity: {matchNodePurpose: prefer}, tolerations: "
        "[{operator: Exists}]}}",
        "a profile 'course' can land on the core pool 'core'",
        id="student on core",
    ),
    pytest.param(
        # Kubernetes joins the terms by OR, so this lets students in beside the node's purpose.
        "{singleuser: {extraNodeAffinity: {required: [{matchExpressions: [" + NOWHERE + "]}]}}, "
        "scheduling: {userPods: {tolerations: [{operator: Exists}]}}}",
        "a placeholder can land on the core pool 'core'",
        id="a second door",
    ),
    pytest.param(
        "scheduling: {corePods: {nodeAffinity: {matchNodePurpose: ignore}, tolerations: "
        "[{operator: Exists}]}}",
        "a core pod can land on the user pool 'students'",
        id="core on Spot",
    ),
    pytest.param(
        "custom: {pools: {core: {provisioning: spot}}}",
        "a core pod can land on 'core', whose nodes are spot",
        id="core taken away",
    ),
    pytest.param(
        "custom: {pools: {students: {taint: 'a=b:NoSchedule'}, "
        "ondemand: {taint: 'a=b:NoSchedule'}}}",
        "profile 'course': no pool lets it in: it does not tolerate a=b:NoSchedule of 'ondemand'",
        id="taint that nobody tolerates",
    ),
    pytest.param(
        "prePuller: {extraTolerations: [{key: a, operator: Exists}]}",
        "image puller and placeholder tolerate different taints",
        id="puller's own tolerations",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_name: x, slug: x, kubespawner_override: "
        "{tolerations: []}}]}",
        "profile 'x' and placeholder tolerate different taints",
        id="profile's own tolerations",
    ),
    pytest.param(
        "{singleuser: {nodeSelector: {cloud.google.com/gke-nodepool: students}, profileList: "
        "[{display_name: x, slug: x, kubespawner_override: {node_selector: {}}}]}}",
        "profile 'x' can land there and the image puller cannot",
        id="no image",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_name: Exam, slug: exam}]}",
        "profile 'exam' can land on 'students', whose nodes are spot",
        id="exam on Spot",
    ),
    pytest.param(
        "custom: {exam: true}", "placeholder can land on 'students'", id="day of the exam on Spot"
    ),
    pytest.param(
        "singleuser: {memory: {guarantee: 2G}}",
        "singleuser.memory.guarantee: is '2G', has to be a whole number of bytes",
        id="inexact",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_name: x, kubespawner_override: {mem_limit: 8G}}]}",
        "singleuser.profileList[0].kubespawner_override.mem_limit: is '8G'",
        id="inexact profile",
    ),
    pytest.param(
        "scheduling: {userPlaceholder: {resources: {requests: {memory: 2G, cpu: 250m}}}}",
        "a placeholder asks for 2000000000 bytes and 0.25 CPU, profile 'course' for 2147483648",
        id="placeholder of another size",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_name: x, slug: x, default: true, "
        "kubespawner_override: {mem_guarantee: 1073741824}}]}",
        "a placeholder asks for 2147483648 bytes and 0.25 CPU, profile 'x' for 1073741824",
        id="default profile of another size",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_name: x, slug: x, kubespawner_override: "
        "{mem_guarantee: 107374182400, mem_limit: 107374182400}}]}",
        "profile 'x' asks for 100 GiB and 0.25 CPU, and a node of 'students' (n2-highmem-8) has",
        id="profile larger than its node",
    ),
    pytest.param(
        "singleuser: {memory: {limit: 1073741824}}",
        "profile 'course' is guaranteed more memory (2147483648) than its limit (1073741824)",
        id="limit below guarantee",
    ),
    pytest.param(
        "singleuser: {cpu: {limit: null}}", "has no limit of cpu: one student could", id="no limit"
    ),
    pytest.param(
        "custom: {classes: {all: {students: 3000}}}",
        "custom.classes: 3000 students at the same time, and the pools have",
        id="class larger than the pools",
    ),
    pytest.param(
        "custom: {classes: {all: {studnts: 30}}}",
        "custom.classes.all.students: is None, has to be a number of students",
        id="class without a number",
    ),
    pytest.param(
        "hub: {activeServerLimit: 5000}",
        "hub.activeServerLimit: is 5000, and the pools",
        id="limit",
    ),
    pytest.param(
        "{hub: {activeServerLimit: 20}, custom: {classes: {one: {students: 30}}}}",
        "hub.activeServerLimit: is 20, and the classes have 30 students",
        id="limit below class",
    ),
    pytest.param(
        "singleuser: {image: {tag: latest}}",
        "singleuser.image: the image 'europe-west6-docker.pkg.dev/example-project/hub/"
        "codeserver-notebook:latest' is not pinned",
        id="tag that moves",
    ),
    pytest.param(
        "singleuser: {profileList: [{display_name: x, kubespawner_override: {image: a/b}}]}",
        "singleuser.profileList[0].kubespawner_override.image: the image 'a/b' is not pinned",
        id="no tag",
    ),
    pytest.param(
        "hub: {existingSecret: null}", "hub.existingSecret: no Secret is named", id="missing secret"
    ),
    pytest.param(
        "singleuser: {networkPolicy: {enabled: false}}",
        "singleuser.networkPolicy.enabled: is False, has to be True",
        id="open network",
    ),
    pytest.param(
        "singleuser: {networkPolicy: {egressAllowRules: {cloudMetadataServer: true}}}",
        "else students could ask for the machine's identity",
        id="metadata by policy",
    ),
    pytest.param(
        "singleuser: {cloudMetadata: {blockWithIptables: false}}",
        "singleuser.cloudMetadata.blockWithIptables: has to be true",
        id="metadata by address",
    ),
    pytest.param(
        "singleuser: {extraPodConfig: {runtimeClassName: gvisor}}",
        "a privileged container cannot be run in the sandbox",
        id="half a sandbox",
    ),
    pytest.param(
        "scheduling: {podPriority: {userPlaceholderPriority: -20}}",
        "none below -10, for which GKE starts no node",
        id="priority",
    ),
    pytest.param(
        "scheduling: {podPriority: {enabled: false}}",
        "scheduling.podPriority.enabled",
        id="no priority",
    ),
    pytest.param(
        "singleuser: {extraPodConfig: {terminationGracePeriodSeconds: 60}}",
        "is 60, and a Spot node leaves pods 15 s",
        id="grace",
    ),
    pytest.param("cull: {every: 30}", "they have to come in this order", id="culling"),
    pytest.param(
        "hub: {config: {JupyterHub: {last_activity_interval: 60}}}",
        "the hub would take every byte of an open page for activity",
        id="activity",
    ),
    pytest.param("proxy: {https: {enabled: false}}", "proxy.https.enabled", id="no HTTPS"),
    pytest.param("proxy: {https: {hosts: []}}", "no host name for the certificate", id="no host"),
    pytest.param(
        "proxy: {https: {hosts: [other.example.org]}}",
        "has to be https://other.example.org/hub/oauth_callback",
        id="callback",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), BROKEN)
@pytest.mark.parametrize("with_chart", [True, False], ids=["chart", "no chart"])
def test_a_layer_that_breaks_a_rule_is_told(
    text: str, said: str, folder: Path, request: pytest.FixtureRequest, *, with_chart: bool
) -> None:
    """One line each, with and without the chart at hand."""
    put(folder, "prod.yaml", text)
    found = problems(folder, request.getfixturevalue("chart_folder") if with_chart else None)
    assert any(said in line for line in found), found
    assert not any("\n" in line for line in found)


def test_a_class_that_asks_for_what_the_pools_cannot_give_is_told(folder: Path) -> None:
    """In the file that asks."""
    text = "singleuser: {memory: {guarantee: 12884901888, limit: 12884901888}}"
    put(folder, "classes/databases.yaml", text)
    found = problems(folder, None, "classes/databases")
    assert any(
        line.startswith(f"{folder / 'classes/databases.yaml'}:")
        and "custom.classes: 240 students at the same time, and the pools have 104 seats" in line
        for line in found
    ), found


def test_placeholders_fit_to_the_byte_in_what_is_rendered(chart_folder: Path) -> None:
    """Helm writes large numbers as floats, which Kubernetes reads as the same number of bytes."""
    assert resources.quantity("2.147483648e+09") == 2147483648
    assert resources.quantity("2Gi") == 2147483648
    assert resources.quantity("2G") == 2000000000
    assert resources.quantity("250m") * 4 == 1
    stack = layers.stack("prod")
    small = shutil.copytree(chart_folder, chart_folder.parent / "small")
    pods = small / "templates/pods.yaml"
    pods.write_text(pods.read_text().replace("{{ .Values.singleuser.memory.guarantee }}", "2G"))
    (problem,) = whole.check(stack, chart.pin(), chart.read(small))
    assert "asks for 2000000000 bytes and 0.25 CPU, a student for 2147483648" in str(problem)


RENDERED = [
    pytest.param(
        ("containers", [{"name": "a", "image": "a/b:latest"}]),
        "'a/b:latest' is not pinned",
        id="image",
    ),
    pytest.param(("nodeSelector", {"a": "b"}), "no pool lets its pods in", id="selector"),
    pytest.param(("tolerations", [{"operator": "Exists"}]), "the user pool 'students'", id="door"),
    pytest.param(("hostNetwrk", True), "hostNetwrk", id="Kubernetes' schema"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "said"), RENDERED)
def test_what_is_rendered_is_held_against_the_same_rules(
    changed: tuple[str, object], said: str
) -> None:
    """A template could do what the values do not say."""
    stack = layers.stack("prod")
    spec: dict[str, object] = {
        "containers": [{"name": "a", "image": "a/b:1"}],
        "tolerations": [{"key": "components.gke.io/gke-managed-components", "operator": "Exists"}],
    }
    spec[changed[0]] = changed[1]
    labels = {"component": "hub"}
    template = {"metadata": {"labels": labels}, "spec": spec}
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "hub"},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    hub = Hub(stack, stack.values, pools.parse(stack)[0])
    found = manifests.check(hub, [manifest], "1.33")
    assert any(said in str(problem) for problem in found), found
    assert {problem.where for problem in found} == {"Deployment/hub"}


def test_a_secret_in_a_render_is_told() -> None:
    """In plain sight, and in the Secret by which the chart hands the values to the hub."""
    stack = layers.stack("prod")
    hub = Hub(stack, stack.values, pools.parse(stack)[0])
    plain = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x"},
        "data": {"client_secret": "abc"},
    }
    encoded = "aHViOgogIGNvbmZpZzoKICAgIEE6IHtjbGllbnRfc2VjcmV0OiBhYmN9Cg=="
    handed = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "hub"},
        "data": {"values.yaml": encoded, "hub.config.ConfigurableHTTPProxy.auth_token": "YWJj"},
    }
    lines = [str(problem) for problem in manifests.check(hub, [plain, handed], "1.33")]
    assert [line.rsplit(": ", 1)[0] for line in lines] == [
        "ConfigMap/x: data.client_secret: a secret is rendered",
        "Secret/hub: data.values.yaml.hub.config.A.client_secret: a secret is rendered",
    ]
    assert not any("abc" in line for line in lines)


@pytest.mark.parametrize(
    ("name", "whole_machine", "left"),
    [
        # Google's own example of a 16 GiB node, and the rule for CPU applied to four cores.
        pytest.param("n2-standard-4", (16, 4), (16 - 2.6 - 100 / 1024, 3.92), id="n2-standard-4"),
        pytest.param("n2-highmem-8", (64, 8), (64 - 5.48 - 100 / 1024, 7.91), id="n2-highmem-8"),
        pytest.param("n1-standard-1", (3.75, 1), (3.75 * 0.75 - 100 / 1024, 0.94), id="n1"),
    ],
)
def test_gke_keeps_a_part_of_each_machine(
    name: str, whole_machine: tuple[float, float], left: tuple[float, float]
) -> None:
    """By the slices that Google documents."""
    machine = resources.machine(name)
    assert (machine.memory / GIB, machine.cpu) == whole_machine
    found = resources.allocatable(machine)
    assert found.memory / GIB == pytest.approx(left[0], abs=1e-6)
    assert found.cpu == pytest.approx(left[1])


@pytest.mark.parametrize(
    ("each", "count"),
    [
        pytest.param(Resources(1024 * MIB, 0.25), 8, id="by memory"),
        pytest.param(Resources(512 * MIB, 0.5), 6, id="by CPU"),
        pytest.param(Resources(0, 0.1), 30, id="CPU alone, without a rounding error"),
        pytest.param(Resources(9 * GIB, 0.1), 0, id="too large"),
    ],
)
def test_seats_go_by_what_is_scarce(each: Resources, count: int) -> None:
    """Memory or CPU, whichever is used up first."""
    assert Resources(8 * GIB, 3.0).count(each) == count


def test_another_chart_than_the_pinned_one_is_told(chart_folder: Path, tmp_path: Path) -> None:
    """And nothing else, as nothing else would be true."""
    other = shutil.copytree(chart_folder, tmp_path / "jupyterhub")
    about = other / "Chart.yaml"
    about.write_text(about.read_text().replace("4.4.0", "3.3.8"))
    (problem,) = chart.mismatch(chart.pin(), chart.read(other))
    assert "has version 3.3.8, pinned is 4.4.0" in str(problem)
    assert chart.mismatch(chart.pin(), chart.read(chart_folder)) == []


def test_the_command_answers_a_person_and_a_machine(
    chart_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status 0 and what was checked; the same as JSON."""
    monkeypatch.setenv("Z2JH_CHART", str(chart_folder))
    assert main(["prod", "exams"]) == 0
    said = capsys.readouterr().out
    assert said == "1 combination(s) of layers, chart 4.4.0: nothing is wrong\n"
    assert main(["prod", "--json", "--no-render"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == {"layers": ["prod"], "chart": "4.4.0", "problems": []}


def test_the_command_tells_problems_and_a_wrong_use(
    folder: Path,
    chart_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Status 1 for values, 2 for what cannot be checked; nothing but lines."""
    put(folder, "prod.yaml", "hub: {existingSecret: null}")
    monkeypatch.setenv("Z2JH_CHART", str(chart_folder))
    assert main(["prod", "--values", str(folder)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"{folder / 'prod.yaml'}:")
    assert said[1] == "1 combination(s) of layers, chart 4.4.0: 1 problem(s)"
    monkeypatch.setenv("Z2JH_CHART", str(chart_folder.parent))
    assert main(["prod"]) == 2
    assert "no chart: a folder with a Chart.yaml in it" in capsys.readouterr().err
    assert main(["prodd"]) == 2
    assert capsys.readouterr().err == (
        "hub-check: no environment 'prodd': staging or prod; did you mean 'prod'?\n"
    )


def test_a_chart_that_does_not_fit_is_told_by_the_command(
    chart_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Status 1 and one line."""
    other = shutil.copytree(chart_folder, tmp_path / "jupyterhub")
    about = yaml.safe_load(other.joinpath("Chart.yaml").read_text())
    other.joinpath("Chart.yaml").write_text(yaml.safe_dump({**about, "version": "3.3.8"}))
    monkeypatch.setenv("Z2JH_CHART", str(other))
    assert main([]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "has version 3.3.8, pinned is 4.4.0" in lines[0]
    assert lines[-1].endswith("chart 3.3.8: 1 problem(s)")


def test_without_a_chart_that_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The rules are checked, and what is not is named; --need-chart makes it a failure."""
    monkeypatch.delenv("Z2JH_CHART", raising=False)
    monkeypatch.setattr(chart, "CACHE", tmp_path)
    monkeypatch.setattr(chart.find, "__defaults__", ("", tmp_path))
    assert main([]) == 0
    said = capsys.readouterr().out
    assert "not checked: the chart's schema and what it renders" in said
    assert "no chart: nothing is wrong" in said
    assert main(["--need-chart"]) == 2
