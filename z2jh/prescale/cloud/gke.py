"""The autoscaling limits of node pools, through Google's client."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.api_core import exceptions
from google.auth import exceptions as auth_exceptions
from google.cloud import container_v1

from z2jh.prescale.errors import BusyError, ForbiddenError, PrescaleError, UnreachableError

from .patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable

    from .patience import T

# gRPC and REST raise different classes for the same fault, and share only its status.
_BUSY = ("FAILED_PRECONDITION", "ABORTED")


@dataclass(frozen=True)
class Limits:
    """The autoscaling limits of a pool, in nodes of all its zones.

    The step is the number of zones if GKE counts nodes per zone, else 1.
    """

    minimum: int
    maximum: int
    step: int


class OperationError(Exception):
    """GKE no longer knows an operation, or it failed after it had begun: another try checks."""


# These may pass.
_PASSING = (
    OperationError,
    exceptions.TooManyRequests,
    exceptions.ServerError,
    exceptions.RetryError,
    auth_exceptions.TransportError,
    OSError,
)


class NodePools:
    """The node pools of a cluster.

    Methods raise UnreachableError if the API does not answer, and ForbiddenError if it refuses.
    The client is Google's, over gRPC or REST; a cluster is `projects/P/locations/L/clusters/C`.
    """

    def __init__(
        self,
        client: container_v1.ClusterManagerClient,
        cluster: str,
        patience: Patience | None = None,
    ) -> None:
        self._client = client
        self._cluster = cluster
        self._patience = patience or Patience()

    def limits(self) -> dict[str, Limits]:
        """Returns the limits of every autoscaled pool, in one call."""
        cluster = self._retry(
            lambda: self._client.get_cluster(name=self._cluster, **self._call), "read the cluster"
        )
        return {pool.name: _limits(pool) for pool in cluster.node_pools if pool.autoscaling.enabled}

    def set_minimum(self, pool: str, minimum: int) -> None:
        """Sets a pool's minimum, in nodes of all its zones, if it differs; and nothing else.

        Raises:
            BusyError: an operation on the cluster did not end in time.
            UnreachableError: the operation failed.
        """
        until = time.monotonic() + self._patience.total
        self._retry(
            lambda: self._set_minimum(pool, minimum, until), f"set the minimum of pool '{pool}'"
        )

    def _set_minimum(self, pool: str, minimum: int, until: float) -> None:
        name = f"{self._cluster}/nodePools/{pool}"
        # Every try reads the limits again, because somebody may have changed the maximum.
        node_pool = self._client.get_node_pool(name=name, **self._call)
        limits = _limits(node_pool)
        if not node_pool.autoscaling.enabled:
            raise PrescaleError(f"pool '{pool}' is not autoscaled: switch autoscaling on")
        if limits.minimum == minimum:
            return
        wanted = container_v1.NodePoolAutoscaling(node_pool.autoscaling)
        if wanted.total_max_node_count:
            wanted.total_min_node_count = minimum
        else:
            wanted.min_node_count = -(-minimum // limits.step)
        request = container_v1.SetNodePoolAutoscalingRequest(name=name, autoscaling=wanted)
        operation = self._client.set_node_pool_autoscaling(request=request, **self._call)
        self._await(operation, until)

    def _await(self, operation: container_v1.Operation, until: float) -> None:
        name = f"{self._cluster.rpartition('/clusters/')[0]}/operations/{operation.name}"
        while operation.status != container_v1.Operation.Status.DONE:
            if time.monotonic() > until:
                raise BusyError(f"operation {operation.name} is still running; the next run waits")
            time.sleep(self._patience.poll)
            try:
                operation = self._client.get_operation(name=name, **self._call)
            except exceptions.NotFound as error:
                raise OperationError(f"{name} is lost") from error
        # A failed operation has the status DONE, too.
        if operation.error.code or operation.error.message:
            raise OperationError(f"operation failed: {operation.error.message}")

    @property
    def _call(self) -> dict[str, Any]:
        # No retries by the client, which would add to ours.
        return {"timeout": self._patience.call, "retry": None}

    def _retry(self, call: Callable[[], T], told: str) -> T:
        return self._patience.retry(call, lambda error: _meaning(error, told))


def _limits(pool: container_v1.NodePool) -> Limits:
    scaling = pool.autoscaling
    if scaling.total_max_node_count:
        return Limits(scaling.total_min_node_count, scaling.total_max_node_count, 1)
    zones = max(1, len(pool.locations))
    return Limits(scaling.min_node_count * zones, scaling.max_node_count * zones, zones)


def _meaning(error: Exception, told: str) -> PrescaleError | None:
    """Translates an exception of Google's client; returns None for a bug."""
    said = _line(error)
    failure: PrescaleError | None = None
    if isinstance(error, _PASSING) or getattr(error, "retryable", False):
        failure = UnreachableError(f"cannot {told}: {said}")
    elif isinstance(error, auth_exceptions.GoogleAuthError):
        failure = ForbiddenError(f"may not {told}: {said}")
    elif _is_busy(error):
        failure = BusyError(f"cannot {told} while another operation runs: {said}")
    elif isinstance(error, exceptions.Forbidden | exceptions.Unauthorized):
        rights = "z2jh/prescale/README.md lists the rights"
        failure = ForbiddenError(f"may not {told}: {said}; {rights}")
    elif isinstance(error, exceptions.NotFound):
        failure = PrescaleError(f"cannot {told}: {said}; compare project, location and names")
    elif isinstance(error, exceptions.GoogleAPICallError):
        failure = PrescaleError(f"cannot {told}: {said}")
    return failure


def _is_busy(error: Exception) -> bool:
    if isinstance(error, exceptions.FailedPrecondition | exceptions.Aborted):
        return True
    # The class of REST's error tells only 400 or 409; the status is in the response.
    try:
        return error.response.json()["error"]["status"] in _BUSY  # type: ignore[attr-defined]
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
