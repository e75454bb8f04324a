"""Both APIs as one cluster: what stands there, and how it is changed."""

from __future__ import annotations

import os
import re
import socket
from contextlib import AbstractContextManager, contextmanager
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

from . import lease
from .gke import NodePools
from .kubernetes import Kubernetes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from z2jh.prescale.cloud.lease import Hold
    from z2jh.prescale.planning.cluster_state import World
    from z2jh.prescale.planning.decision import Action
    from z2jh.prescale.planning.site import Site

_CLUSTER = re.compile("projects/[^/]+/locations/[^/]+/clusters/[^/]+")


@dataclass(frozen=True)
class Place:
    """Where the cluster is.

    Attributes:
        cluster: `projects/P/locations/L/clusters/C`.
        namespace: of the hub.
    """

    cluster: str
    namespace: str


class Cluster:
    """The real one.

    Args:
        pools: Google's API.
        kubernetes: the cluster's own.
        client: lightkube's, for the lease.
        namespace: of the hub.
        holder: who this is, in the lease; host and process if empty.
        clock: gives the time, with its zone.
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
        self._client = client
        self._namespace = namespace
        self._holder = holder or f"{socket.gethostname()}-{os.getpid()}"
        self._clock = clock

    def observe(self) -> World:
        """The pools as they are, in three calls, and one for each.

        Raises:
            UnreachableError: an API does not answer.
            ForbiddenError: it refuses.
        """
        limits = self._pools.limits()
        seen = self._kubernetes.seen()
        return {
            pool: PoolState(
                minimum=limits[pool].minimum,
                maximum=limits[pool].maximum,
                placeholders=seen.placeholders.get(pool, 0),
                nodes=nodes,
                step=limits[pool].step,
                unfit=seen.unfit.get(pool, ""),
            )
            for pool, nodes in seen.nodes.items()
            if pool in limits
        }

    def held(self) -> AbstractContextManager[Hold]:
        """Hold the lease while the cluster is changed."""
        return lease.held(
            self._client, self._kubernetes, self._namespace, self._holder, self._clock
        )

    def carry_out(self, actions: Sequence[Action], hold: Hold) -> list[PrescaleError | None]:
        """Do what was decided, each action whatever became of the others.

        Returns:
            for each action why it failed, or None.

        Raises:
            PrescaleError: the lease is lost, so that nothing more may be done.
        """
        failures: list[PrescaleError | None] = []
        for action in actions:
            hold.renew()
            failures.append(self._failure(action))
        return failures

    def tell(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Write an event beside the hub."""
        self._kubernetes.tell(reason, message, warning=warning)

    def _failure(self, action: Action) -> PrescaleError | None:
        try:
            self._carry_out(action)
        except PrescaleError as error:
            return error
        return None

    def _carry_out(self, action: Action) -> None:
        if isinstance(action, SetMinimum):
            self._pools.set_minimum(action.pool, action.after)
            self.tell(
                "Minimum", f"{action.pool}: {action.before} to {action.after}: {action.reason}"
            )
        elif isinstance(action, SetPlaceholders):
            self._kubernetes.set_placeholders(action.pool, action.after)
            self.tell(
                "Placeholders", f"{action.pool}: {action.before} to {action.after}: {action.reason}"
            )
        else:
            self._kubernetes.cordon(action.node)
            self.tell("Cordoned", f"{action.pool}: {action.node} {action.reason}")


def place(site: Site, cluster: str | None, namespace: str | None) -> Place:
    """Where the cluster is: as given, or as the values' `custom.cluster` says.

    Raises:
        UsageError: neither says it.
    """
    said = site.values.cluster
    location = said.get("zone") or said.get("region") or said.get("location")
    if cluster is None:
        if not (said.get("project") and location and said.get("name")):
            raise UsageError(
                "which cluster? give --cluster projects/P/locations/L/clusters/C, or say project, "
                "zone or region, and name under custom.cluster in the values"
            )
        cluster = f"projects/{said['project']}/locations/{location}/clusters/{said['name']}"
    if not _CLUSTER.fullmatch(cluster):
        raise UsageError(f"'{cluster}' is no cluster: write projects/P/locations/L/clusters/C")
    return Place(cluster, site.namespace(namespace))


@contextmanager
def connect(site: Site, where: Place) -> Iterator[Cluster]:
    """Reach both APIs with the credentials that the environment has.

    Raises:
        UsageError: there are no credentials.
    """
    try:
        client = Client(namespace=where.namespace, field_manager="prescale")
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
            kubernetes = Kubernetes(client, where.namespace, site)
            pools = NodePools(google, where.cluster)
            yield Cluster(pools, kubernetes, client, where.namespace)
