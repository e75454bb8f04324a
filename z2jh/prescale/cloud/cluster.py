"""The real cluster, behind the APIs of GKE and Kubernetes."""

from __future__ import annotations

import os
import re
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from google.auth.exceptions import DefaultCredentialsError
from google.cloud import container_v1
from lightkube import Client
from lightkube.core.exceptions import ConfigError

from z2jh.prescale.errors import PrescaleError, UsageError
from z2jh.prescale.planning.cluster_state import PoolState
from z2jh.prescale.planning.decision import SetMinimum, SetPlaceholders

from .gke import NodePools
from .kubernetes import Kubernetes
from .lease import Lease

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from z2jh.prescale.planning.cluster_state import ClusterState
    from z2jh.prescale.planning.decision import Action
    from z2jh.prescale.planning.site import Site

_CLUSTER = re.compile("projects/[^/]+/locations/[^/]+/clusters/[^/]+")


@dataclass(frozen=True)
class Target:
    """The cluster, as `projects/P/locations/L/clusters/C`, and the hub's namespace."""

    cluster: str
    namespace: str


class Cluster:
    """A GKE cluster, and the lease that lets one prescale at a time change it.

    An empty `holder` names host and process in the lease; `clock` returns a time with a zone.
    """

    def __init__(  # noqa: PLR0913 -- its parts
        self,
        pools: NodePools,
        kubernetes: Kubernetes,
        client: Client,
        namespace: str,
        *,
        holder: str = "",
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._pools = pools
        self._kubernetes = kubernetes
        holder = holder or f"{socket.gethostname()}-{os.getpid()}"
        self.lease = Lease(client, kubernetes, namespace, holder, clock)

    def observe(self) -> ClusterState:
        """Returns the pools' state. Makes three calls, and one for each pool."""
        limits = self._pools.limits()
        observed = self._kubernetes.observe()
        return {
            pool: PoolState(
                minimum=limits[pool].minimum,
                maximum=limits[pool].maximum,
                placeholders=observed.placeholders.get(pool, 0),
                nodes=nodes,
                step=limits[pool].step,
                problem=observed.problems.get(pool, ""),
            )
            for pool, nodes in observed.nodes.items()
            if pool in limits
        }

    def carry_out(self, actions: Sequence[Action], lease: Lease) -> list[PrescaleError | None]:
        """Carries out every action, even if another fails; returns the failure of each, or None.

        Raises:
            PrescaleError: the lease is lost, so no more actions are allowed.
        """
        failures: list[PrescaleError | None] = []
        for action in actions:
            lease.renew()
            failures.append(self._carry_out(action))
        return failures

    def record_event(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Writes an event to the hub's namespace."""
        self._kubernetes.record_event(reason, message, warning=warning)

    def _carry_out(self, action: Action) -> PrescaleError | None:
        try:
            if isinstance(action, SetMinimum):
                self._pools.set_minimum(action.pool, action.after)
                reason, change = "Minimum", f"{action.before} to {action.after}:"
            elif isinstance(action, SetPlaceholders):
                self._kubernetes.set_placeholders(action.pool, action.after)
                reason, change = "Placeholders", f"{action.before} to {action.after}:"
            else:
                self._kubernetes.cordon(action.node)
                reason, change = "Cordoned", action.node
        except PrescaleError as error:
            return error
        self.record_event(reason, f"{action.pool}: {change} {action.reason}")
        return None


def target_of(site: Site, cluster: str | None, namespace: str | None) -> Target:
    """Returns the target as given, or else as in `custom.cluster` of the values.

    Raises:
        UsageError: the name is neither given nor in the values, or is malformed.
    """
    names = site.values.cluster
    location = names.get("zone") or names.get("region") or names.get("location")
    if cluster is None:
        if not (names.get("project") and location and names.get("name")):
            raise UsageError(
                "which cluster? give --cluster projects/P/locations/L/clusters/C, or say project, "
                "zone or region, and name under custom.cluster in the values"
            )
        cluster = f"projects/{names['project']}/locations/{location}/clusters/{names['name']}"
    if not _CLUSTER.fullmatch(cluster):
        raise UsageError(f"'{cluster}' is no cluster: write projects/P/locations/L/clusters/C")
    return Target(cluster, site.namespace(namespace))


@contextmanager
def connect(site: Site, target: Target) -> Iterator[Cluster]:
    """Connects to both APIs with the environment's credentials; without any, raises UsageError."""
    try:
        client = Client(namespace=target.namespace, field_manager="prescale")
    except ConfigError as error:
        raise UsageError(f"no Kubernetes to be found: {error}; set KUBECONFIG") from error
    with client:
        try:
            google = container_v1.ClusterManagerClient()
        except DefaultCredentialsError as error:
            raise UsageError(
                "no Google credentials: use Workload Identity, or "
                "`gcloud auth application-default login`"
            ) from error
        with google:
            kubernetes = Kubernetes(client, target.namespace, site)
            pools = NodePools(google, target.cluster)
            yield Cluster(pools, kubernetes, client, target.namespace)
