"""Google's real client against a local server, over gRPC and REST."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.z2jh.prescale.google_server import CLUSTER, Gke, over_grpc, over_rest
from z2jh.prescale.cloud.gke import Limits, NodePools
from z2jh.prescale.cloud.patience import Patience
from z2jh.prescale.errors import BusyError, ForbiddenError, PrescaleError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.cloud.container_v1 import ClusterManagerClient

# Long enough for retries to succeed on a slow machine.
PATIENT = Patience(call=30, first=0.01, longest=0.02, total=60, poll=0.01)
# Short, for errors that do not pass.
QUICK = Patience(call=30, first=0.01, longest=0.02, total=0.2, poll=0.01)


@pytest.fixture
def gke() -> Gke:
    """A cluster with one pool."""
    gke = Gke()
    gke.pool("students")
    return gke


@pytest.fixture(params=[over_grpc, over_rest], ids=["gRPC", "REST"])
def client(gke: Gke, request: pytest.FixtureRequest) -> Iterator[ClusterManagerClient]:
    """Google's client, over either protocol."""
    with request.param(gke) as made:
        yield made


@pytest.fixture
def pools(client: ClusterManagerClient) -> NodePools:
    """Node pools with enough patience for every retry."""
    return NodePools(client, CLUSTER, PATIENT)


@pytest.fixture
def hasty(client: ClusterManagerClient) -> NodePools:
    """Node pools with little patience."""
    return NodePools(client, CLUSTER, QUICK)


def test_limits_are_read_in_one_call(gke: Gke, pools: NodePools) -> None:
    """Limits count for the whole pool, even if GKE counts per zone."""
    gke.pool("zonal", zones=3, total=False, most=4)
    gke.pool("off")
    gke.pools["off"].autoscaling.enabled = False
    assert pools.limits() == {"students": Limits(0, 16, 1), "zonal": Limits(0, 12, 3)}
    assert gke.calls == ["GetCluster"]


@pytest.mark.parametrize("total", [True, False])
def test_all_else_stays_as_it_is(gke: Gke, pools: NodePools, *, total: bool) -> None:
    """Setting the minimum keeps maximum and location policy."""
    gke.pool("students", zones=2, total=total)
    pools.set_minimum("students", 8)
    found = gke.pools["students"].autoscaling
    if total:
        assert (found.total_min_node_count, found.total_max_node_count) == (8, 16)
        assert found.min_node_count == 0
    else:
        assert (found.min_node_count, found.max_node_count) == (4, 16)
        assert found.total_min_node_count == 0
    assert found.location_policy.name == ("ANY" if total else "BALANCED")
    assert found.enabled


def test_what_is_so_already_is_not_done_again(gke: Gke, pools: NodePools) -> None:
    """A minimum that is set already causes no operation."""
    pools.set_minimum("students", 8)
    gke.calls.clear()
    pools.set_minimum("students", 8)
    assert gke.calls == ["GetNodePool"]


@pytest.mark.parametrize("fate", ["slow", "lost", "fails"])
def test_an_operation_is_followed_to_its_end(gke: Gke, pools: NodePools, fate: str) -> None:
    """A slow operation is awaited; a failed or lost one is begun again."""
    gke.operations.append(fate)
    pools.set_minimum("students", 8)
    assert gke.pools["students"].autoscaling.total_min_node_count == 8
    assert gke.calls.count("SetNodePoolAutoscaling") == (2 if fate == "fails" else 1)


def test_an_operation_that_fails_always_is_told(gke: Gke, hasty: NodePools) -> None:
    """An operation that always fails is reported with the API's message."""
    gke.operations.extend(["broken"] * 1000)
    with pytest.raises(UnreachableError, match="failed at once"):
        hasty.set_minimum("students", 8)


def test_an_operation_that_does_not_end_is_left_to_the_next_run(gke: Gke, hasty: NodePools) -> None:
    """An operation that does not end in time is left to the next run."""
    gke.operations.append("stuck")
    with pytest.raises(BusyError, match="still running"):
        hasty.set_minimum("students", 8)


@pytest.mark.parametrize("method", ["GetNodePool", "SetNodePoolAutoscaling"])
@pytest.mark.parametrize(
    "fault", ["FAILED_PRECONDITION", "ABORTED", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "INTERNAL"]
)
def test_what_may_pass_is_tried_again(gke: Gke, pools: NodePools, method: str, fault: str) -> None:
    """Concurrent operations, quotas and outages are retried."""
    gke.faults[method].extend([fault, fault])
    pools.set_minimum("students", 8)
    assert gke.pools["students"].autoscaling.total_min_node_count == 8
    assert gke.calls.count(method) == 3


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("FAILED_PRECONDITION", BusyError),
        ("RESOURCE_EXHAUSTED", UnreachableError),
        ("UNAVAILABLE", UnreachableError),
    ],
)
def test_what_does_not_pass_is_told(
    gke: Gke, hasty: NodePools, fault: str, error: type[PrescaleError]
) -> None:
    """Errors that outlast the patience are reported."""
    gke.faults["SetNodePoolAutoscaling"].extend([fault] * 1000)
    with pytest.raises(error, match="minimum of pool 'students'"):
        hasty.set_minimum("students", 8)


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ("PERMISSION_DENIED", ForbiddenError, "lists the rights"),
        ("UNAUTHENTICATED", ForbiddenError, "may not"),
        ("NOT_FOUND", PrescaleError, "compare project"),
        ("INVALID_ARGUMENT", PrescaleError, "cannot read the cluster"),
    ],
)
def test_what_will_not_pass_is_not_tried_again(
    gke: Gke, pools: NodePools, fault: str, error: type[PrescaleError], said: str
) -> None:
    """Permanent errors are reported at once, with what to do."""
    gke.faults["GetCluster"].append(fault)
    with pytest.raises(error, match=said) as caught:
        pools.limits()
    assert type(caught.value) is error
    assert gke.calls == ["GetCluster"]


def test_a_pool_without_autoscaling_is_told(gke: Gke, pools: NodePools) -> None:
    """Setting the minimum of a pool without autoscaling is an error."""
    gke.pools["students"].autoscaling.enabled = False
    with pytest.raises(PrescaleError, match="switch autoscaling on"):
        pools.set_minimum("students", 8)


def test_a_server_that_is_not_there_is_told(gke: Gke) -> None:
    """A server that cannot be reached is reported."""
    with over_rest(gke) as gone:
        pools = NodePools(gone, CLUSTER, QUICK)
    with pytest.raises(UnreachableError, match="cannot read the cluster"):
        pools.limits()
