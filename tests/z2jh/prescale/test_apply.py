"""`apply` and `status` with both real clients, against local servers."""

from __future__ import annotations

import argparse
import copy
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from tests.z2jh.prescale.conftest import VALUES, deployments
from tests.z2jh.prescale.google_server import CLUSTER, Gke, over_grpc
from tests.z2jh.prescale.kubernetes_server import NAMESPACE, Api, client, serving
from tests.z2jh.prescale.test_manifest import granted
from z2jh.prescale.cloud.cluster import Cluster, target_of
from z2jh.prescale.cloud.gke import NodePools
from z2jh.prescale.cloud.kubernetes import Kubernetes
from z2jh.prescale.cloud.patience import Patience
from z2jh.prescale.commands import apply, status
from z2jh.prescale.errors import (
    BusyError,
    ForbiddenError,
    NotReadyError,
    UnreachableError,
    UsageError,
)
from z2jh.prescale.planning.decision import Cordon, decide
from z2jh.prescale.schedule.meetings import instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lightkube import Client as LightkubeClient

    from z2jh.prescale.planning.plan import Plan
    from z2jh.prescale.planning.site import Site

# Long enough for retries to succeed on a slow machine.
PATIENT = Patience(call=30, first=0.01, longest=0.02, total=60, poll=0.01)
IMAGE = "registry.example.org/codeserver-notebook:0.1.0"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime.now(timezone.utc)


@dataclass
class Hub:
    """A cluster of local servers, with a plan for it."""

    gke: Gke
    api: Api
    cluster: Cluster
    plan: Plan
    parts: tuple[NodePools, Kubernetes, LightkubeClient]
    now: float = 0.0

    def at(self, clock: str) -> None:
        """Sets the time on 2026-11-23."""
        hours, minutes = map(int, clock.split(":"))
        zone = self.plan.site.schedule.timezone
        self.now = instant(date(2026, 11, 23), hours * 60 + minutes, zone)

    def apply(self, *, dry_run: bool = False, metrics: Path | None = None) -> Any:
        """Runs `apply` at that time."""
        if dry_run:
            return apply.preview(self.plan, self.cluster, self.now)
        options = argparse.Namespace(metrics=metrics, pushgateway=None)
        return apply.apply_to(self.plan, self.cluster, options, lambda: self.now)

    def node(self, name: str, pool: str = "students", **more: Any) -> None:
        """Adds a node that is ready and has the image."""
        status = {
            "conditions": [{"type": "Ready", "status": "True"}],
            "images": [{"names": [IMAGE], "sizeBytes": 4}],
        }
        labels = {"cloud.google.com/gke-nodepool": pool}
        content = {"metadata": {"labels": labels}, "spec": {}, "status": status}
        self.api.put("nodes", name, {**content, **more})

    def pod(
        self,
        name: str,
        node: str | None,
        component: str = "singleuser-server",
        image: str = IMAGE,
    ) -> None:
        """Adds a pod."""
        labels = {"component": component}
        if component != "singleuser-server":
            labels["prescale/pool"] = "students"
        containers = [{"name": "c", "image": image}]
        spec = {"containers": containers, **({"nodeName": node} if node else {})}
        phase = "Running" if node else "Pending"
        content = {"metadata": {"labels": labels}, "spec": spec, "status": {"phase": phase}}
        self.api.put("pods", name, content)

    def replaced(self, clock: Clock, holder: str = "one") -> Cluster:
        """Returns the same cluster for another holder and clock."""
        pools, kubernetes, kubernetes_client = self.parts
        return Cluster(
            pools, kubernetes, kubernetes_client, NAMESPACE, holder=holder, clock=lambda: clock.now
        )

    @property
    def calls(self) -> list[str]:
        """The calls of both APIs since the last access."""
        found = [*self.gke.calls, *(" ".join(call) for call in self.api.calls)]
        self.gke.calls.clear()
        self.api.calls.clear()
        return found


@pytest.fixture
def hub(site: Callable[..., Site], planned: Callable[..., Plan]) -> Iterator[Hub]:
    """Serves a cluster for 200 students on Monday at 10:15, who need 8 nodes."""
    gke, api = Gke(), Api()
    gke.pool("students")
    gke.pool("ondemand", most=10)
    plan = planned(site(), "2026-11-23", "2026-11-24")
    api.apply(deployments(plan.site))
    with (
        over_grpc(gke) as google,
        serving(api) as address,
        client(address) as kubernetes_client,
    ):
        kubernetes = Kubernetes(kubernetes_client, NAMESPACE, plan.site, PATIENT)
        pools = NodePools(google, CLUSTER, PATIENT)
        cluster = Cluster(pools, kubernetes, kubernetes_client, NAMESPACE)
        yield Hub(gke, api, cluster, plan, (pools, kubernetes, kubernetes_client))


def minimum(hub: Hub, pool: str = "students") -> int:
    """Returns the autoscaler's minimum of a pool."""
    return int(hub.gke.pools[pool].autoscaling.total_min_node_count)


def deployment(hub: Hub, pool: str = "students") -> dict[str, Any]:
    """Returns the Deployment of a pool's placeholders."""
    return hub.api.objects["deployments", NAMESPACE, f"prescale-placeholder-{pool}"]


# One call of Google's API, two of Kubernetes', and one for each pool.
LOOK = ["GetCluster", "LIST nodes", "LIST pods", *2 * ["GET deployments"]]


def test_nothing_to_do_takes_five_calls(hub: Hub) -> None:
    """A run without changes makes five read calls."""
    hub.at("08:00")
    answer = hub.apply()
    assert answer.text == "Nothing to do"
    assert answer.error is None
    assert hub.calls == LOOK


def test_before_class_minimum_and_placeholders_are_raised(hub: Hub) -> None:
    """A run before class raises both, and writes an event for each."""
    hub.at("09:56")
    answer = hub.apply()
    assert minimum(hub) == 8
    spec = deployment(hub)["spec"]
    assert spec["replicas"] == 8
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == IMAGE
    # All seats of a node: 28, each with 2 GiB and a quarter of a CPU.
    assert container["resources"]["requests"] == {"cpu": "7000m", "memory": str(28 * 2**31)}
    assert pod["nodeSelector"] == {"cloud.google.com/gke-nodepool": "students"}
    assert pod["priorityClassName"] == "prescale-placeholder"
    assert "students minimum" not in answer.text
    assert "minimum 0 -> 8 (Databases at Mon 10:15: 200 students): done" in answer.text
    reasons = [event["reason"] for event in hub.api.all("events")]
    assert sorted(reasons) == ["Minimum", "Placeholders"]
    assert hub.api.objects["leases", NAMESPACE, "prescale"]["spec"]["holderIdentity"] == ""


def test_a_second_run_changes_nothing(hub: Hub) -> None:
    """A second run changes nothing once the placeholder pods exist."""
    hub.at("09:56")
    hub.apply()
    for number in range(8):
        hub.pod(f"p{number}", None, "prescale-placeholder")
    assert hub.calls
    assert hub.apply().text == "Nothing to do"
    assert hub.calls == LOOK


def test_a_dry_run_only_reads(hub: Hub) -> None:
    """A dry run prints the changes, and makes only read calls."""
    hub.at("09:56")
    answer = hub.apply(dry_run=True)
    assert "minimum 0 -> 8" in answer.text
    assert "would be done" in answer.text
    assert hub.calls == LOOK
    assert minimum(hub) == 0


def test_when_all_are_ready_the_placeholders_go(hub: Hub) -> None:
    """Placeholders are removed once all nodes are ready, and the minimum stays."""
    hub.at("09:56")
    hub.apply()
    for number in range(8):
        hub.node(f"n{number}")
        hub.pod(f"p{number}", f"n{number}", "prescale-placeholder")
    hub.at("10:04")
    assert hub.apply().error is None
    assert deployment(hub)["spec"]["replicas"] == 0
    assert minimum(hub) == 8


def test_in_the_evening_no_student_is_touched(hub: Hub) -> None:
    """After class only the minimum is lowered."""
    hub.gke.pools["students"].autoscaling.total_min_node_count = 8
    for number in range(8):
        hub.node(f"n{number}")
        hub.pod(f"jupyter-{number}", f"n{number}")
    hub.at("12:00")
    hub.apply()
    assert minimum(hub) == 0
    assert hub.gke.pools["students"].autoscaling.total_max_node_count == 16
    written = {call for call in hub.calls if call.split()[0] in {"DELETE", "PATCH", "PUT", "POST"}}
    assert written == {"POST leases", "PUT leases", "POST events"}


def test_a_node_without_the_image_is_not_ready(hub: Hub) -> None:
    """Nodes that lack the image, are cordoned or about to be removed do not count as ready."""
    hub.node("image", status={"conditions": [{"type": "Ready", "status": "True"}]})
    hub.node("young", status={"conditions": [{"type": "Ready", "status": "False"}]})
    hub.node("cordoned", spec={"unschedulable": True})
    taint = {"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule", "value": "1"}
    hub.node("going", spec={"taints": [taint]})
    hub.node("good")
    hub.node("other", pool="elsewhere")
    state = hub.cluster.observe()["students"]
    assert len(state.nodes) == 5
    assert state.usable == 1
    hub.pod("p", "image", "prescale-placeholder", image="registry.example.org/an-older:1")
    assert hub.cluster.observe()["students"].usable == 1
    hub.pod("p", "image", "prescale-placeholder")
    assert hub.cluster.observe()["students"].usable == 2


def test_students_are_counted_by_node(hub: Hub) -> None:
    """Students' pods are counted by node; pods that ended are not."""
    hub.node("a")
    hub.node("b")
    hub.pod("jupyter-1", "a")
    hub.pod("jupyter-2", "a")
    hub.pod("jupyter-3", "b")
    hub.api.objects["pods", NAMESPACE, "jupyter-3"]["status"]["phase"] = "Succeeded"
    found = hub.cluster.observe()["students"].nodes
    assert {node.name: node.students for node in found} == {"a": 2, "b": 0}


def test_a_lease_of_another_holds_the_run_back(hub: Hub) -> None:
    """A fresh lease stops the run; one that is old, or from the future, does not."""
    hub.at("09:56")
    spec = {"holderIdentity": "other", "leaseDurationSeconds": 240}
    now = datetime.now(timezone.utc)
    for age, free in ((10, False), (239, False), (300, True), (-300, True)):
        moment = (now - timedelta(seconds=age)).isoformat()
        hub.api.put("leases", "prescale", {"spec": {**spec, "renewTime": moment}})
        hub.gke.pools["students"].autoscaling.total_min_node_count = 0
        if free:
            hub.apply()
        else:
            with pytest.raises(BusyError, match="other is at work"):
                hub.apply()
        assert minimum(hub) == (8 if free else 0)


def test_of_two_who_take_the_lease_one_does(hub: Hub) -> None:
    """The API lets one of two runs take the lease."""
    hub.at("09:56")
    hub.api.faults["POST", "leases"].append(409)
    with pytest.raises(BusyError, match="another prescale was faster"):
        hub.apply()
    assert minimum(hub) == 0


@pytest.mark.parametrize("code", [429, 500, 503])
@pytest.mark.parametrize(
    "call",
    [("LIST", "nodes"), ("LIST", "pods"), ("PATCH", "deployments/scale"), ("POST", "leases")],
)
def test_what_may_pass_is_tried_again(hub: Hub, code: int, call: tuple[str, str]) -> None:
    """Errors that may pass are retried in every call."""
    hub.at("09:56")
    hub.api.faults[call].extend([code, code])
    assert hub.apply().error is None
    assert minimum(hub) == deployment(hub)["spec"]["replicas"] == 8


def test_what_is_refused_does_not_hinder_the_rest(hub: Hub) -> None:
    """A refused minimum does not stop the placeholders, nor the other way round."""
    hub.at("09:56")
    hub.gke.faults["SetNodePoolAutoscaling"].append("PERMISSION_DENIED")
    answer = hub.apply()
    assert isinstance(answer.error, ForbiddenError)
    assert answer.error.exit_code == 5
    assert deployment(hub)["spec"]["replicas"] == 8
    assert "minimum 0 -> 8 (Databases at Mon 10:15: 200 students): failed" in answer.text
    assert [action["failure"] is None for action in answer.data["actions"]] == [True, False]
    hub.api.faults["PATCH", "deployments/scale"].append(403)
    answer = hub.apply()
    assert isinstance(answer.error, ForbiddenError)
    assert minimum(hub) == 8


def test_an_api_that_stays_away_is_told(hub: Hub) -> None:
    """A run fails without changes if the API does not answer."""
    hub.at("09:56")
    hub.api.faults["LIST", "nodes"].extend([503] * 1000)
    quick = replace(PATIENT, total=0.1)
    kubernetes = Kubernetes(hub.parts[2], NAMESPACE, hub.plan.site, quick)
    hub.cluster = Cluster(hub.parts[0], kubernetes, hub.parts[2], NAMESPACE)
    with pytest.raises(UnreachableError, match="cannot list nodes: 503"):
        hub.apply()
    assert "SetNodePoolAutoscaling" not in hub.calls


def test_an_event_that_cannot_be_written_is_no_failure(hub: Hub) -> None:
    """A run succeeds even if its event cannot be written."""
    hub.at("09:56")
    hub.api.faults["POST", "events"].extend([403] * 10)
    assert hub.apply().error is None
    assert minimum(hub) == 8


def test_at_the_deadline_the_fallback_is_asked_and_the_run_fails(hub: Hub) -> None:
    """At the deadline the fallback pool grows, and the run fails so that the CronJob does."""
    hub.at("10:05")
    answer = hub.apply()
    assert isinstance(answer.error, NotReadyError)
    assert answer.error.exit_code == 7
    assert minimum(hub, "ondemand") == 8
    assert deployment(hub, "ondemand")["spec"]["replicas"] == 8
    (warning,) = [event for event in hub.api.all("events") if event["type"] == "Warning"]
    assert "8 of 8 nodes are not ready for Databases at Mon 10:15" in warning["message"]


def test_metrics_are_written(hub: Hub, tmp_path: Path) -> None:
    """Metrics are written as a text file for node-exporter."""
    file = tmp_path / "prescale.prom"
    hub.at("09:56")
    hub.apply(metrics=file)
    text = file.read_text()
    assert 'prescale_nodes_wanted{pool="students"} 8.0' in text
    assert 'prescale_nodes_missing{pool="students"} 8.0' in text
    assert "prescale_exit_code 0.0" in text
    (line,) = [line for line in text.splitlines() if line.startswith("prescale_last_run")]
    assert float(line.split()[1]) == hub.now


@pytest.mark.parametrize(
    ("clock", "ready", "state"),
    [
        pytest.param("08:00", 0, "in time", id="long before"),
        pytest.param("09:57", 0, "starting", id="asked for"),
        pytest.param("09:57", 8, "ready", id="ready"),
        pytest.param("10:06", 5, "late", id="late"),
        pytest.param("11:00", 8, "ready", id="in class"),
    ],
)
def test_status_says_whether_a_class_will_be_ready(
    hub: Hub, clock: str, ready: int, state: str
) -> None:
    """`status` reports each class with wanted and ready nodes."""
    for number in range(ready):
        hub.node(f"n{number}")
    hub.at(clock)
    answer = status.status_of(hub.plan, hub.cluster, hub.now)
    (meeting,) = answer.data["meetings"]
    assert (meeting["state"], meeting["nodes"], meeting["ready"]) == (state, 8, ready)
    assert (answer.error is not None) == (state == "late")
    assert "Databases  Mon 10:15       200" in answer.text
    assert not {call.split()[0] for call in hub.calls} & {"POST", "PUT", "PATCH", "DELETE"}


def test_the_lease_is_renewed_between_long_changes(hub: Hub) -> None:
    """The lease is renewed between changes, so that no other run begins meanwhile."""
    hub.at("09:56")
    clock = Clock()
    cluster = hub.replaced(clock)
    with cluster.lease as lease:
        actions = decide(hub.plan, cluster.observe(), hub.now).actions
        hub.api.calls.clear()
        cluster.carry_out(actions, lease)
        assert ("PUT", "leases") not in hub.api.calls
        clock.now += timedelta(seconds=100)
        cluster.carry_out(actions, lease)
        assert hub.api.calls.count(("PUT", "leases")) == 1
        with pytest.raises(BusyError), hub.replaced(clock, "other").lease:
            pass


def test_who_has_lost_the_lease_stops(hub: Hub) -> None:
    """A run that lost its lease makes no more changes."""
    hub.at("09:56")
    clock = Clock()
    sleeper = hub.replaced(clock)
    actions = decide(hub.plan, sleeper.observe(), hub.now).actions
    with sleeper.lease as lease:
        clock.now += timedelta(seconds=300)
        with hub.replaced(clock, "other").lease:
            pass
        with pytest.raises(BusyError, match="another prescale has taken the lease"):
            sleeper.carry_out(actions, lease)
    assert minimum(hub) == 0


def test_only_the_number_of_placeholders_is_changed(hub: Hub) -> None:
    """A run changes the replicas of a Deployment, and nothing else."""
    before = copy.deepcopy(deployment(hub))
    hub.at("09:56")
    hub.apply()
    after = deployment(hub)
    assert after["spec"].pop("replicas") == 8
    assert before["spec"].pop("replicas") == 0
    assert after["spec"] == before["spec"]


@pytest.mark.parametrize("pool", ["students", "ondemand"])
def test_a_deployment_that_is_missing_is_told_long_before_class(hub: Hub, pool: str) -> None:
    """A missing Deployment, also of the fallback, causes an alert; other changes are made."""
    hub.at("08:00")
    hub.api.remove("deployments", f"prescale-placeholder-{pool}")
    answer = hub.apply()
    assert isinstance(answer.error, NotReadyError)
    said = f"pool '{pool}': there is no Deployment prescale-placeholder-{pool}: run `prescale place"
    assert said in str(answer.error)
    hub.at("09:56")
    hub.apply()
    assert minimum(hub) == 8
    hub.api.apply(deployments(hub.plan.site))
    answer = hub.apply()
    assert answer.error is None
    assert deployment(hub)["spec"]["replicas"] == 8


def test_a_deployment_of_other_values_is_told_and_scaled(
    hub: Hub, site: Callable[..., Site]
) -> None:
    """A Deployment made by other values causes an alert, and is scaled all the same."""
    hub.at("09:56")
    hub.api.apply(deployments(site(values=VALUES.replace("0.1.0", "0.0.9"))))
    answer = hub.apply()
    assert isinstance(answer.error, NotReadyError)
    assert "prescale-placeholder-students is not what the values say now: run" in str(answer.error)
    assert deployment(hub)["spec"]["replicas"] == 8
    assert minimum(hub) == 8


def test_without_a_class_nobody_is_told_of_a_deployment(hub: Hub) -> None:
    """A missing Deployment is no error while no class needs it."""
    hub.at("13:00")
    hub.api.remove("deployments", "prescale-placeholder-students")
    assert hub.apply().error is None


def test_the_manifest_grants_what_is_called_and_no_more(hub: Hub) -> None:
    """The manifest grants exactly the calls of a run."""
    hub.at("09:56")
    hub.apply()
    with hub.cluster.lease:
        pass
    assert granted() == called(hub)


def test_who_has_a_preemptible_pool_grants_one_call_more(hub: Hub) -> None:
    """Cordoning needs one more right, which only preemptible pools need."""
    hub.node("old")
    with hub.cluster.lease as lease:
        hub.api.calls.clear()
        assert hub.cluster.carry_out([Cordon("students", "old", "is old")], lease) == [None]
    assert hub.api.objects["nodes", "", "old"]["spec"]["unschedulable"]
    assert called(hub) - granted() == {("patch", "nodes")}


def called(hub: Hub) -> set[tuple[str, str]]:
    """Returns verb and resource of every call, as in a role."""
    names = {"POST": "create", "PUT": "update", "GET": "get", "LIST": "list", "PATCH": "patch"}
    return {(names[verb], plural) for verb, plural in hub.api.calls}


def test_where_the_cluster_is_stands_in_the_values(hub: Hub) -> None:
    """The cluster's name comes from the option, else from the values, else is an error."""
    found = target_of(hub.plan.site, None, None)
    assert (found.cluster, found.namespace) == (CLUSTER, NAMESPACE)
    assert target_of(hub.plan.site, "projects/p/locations/l/clusters/c", "n").namespace == "n"
    hub.plan.site.values.cluster.clear()
    with pytest.raises(UsageError, match="--cluster"):
        target_of(hub.plan.site, None, None)
