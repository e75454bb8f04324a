"""Nodes, students' pods and placeholders, through lightkube."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, cast

import httpx2
import msgspec
from lightkube import ApiError, ConfigError
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Event, Node, Pod
from lightkube.types import PatchType

from z2jh.gke.nodes import POOL_LABEL
from z2jh.prescale.errors import ForbiddenError, PrescaleError, UnreachableError
from z2jh.prescale.planning.cluster_state import Node as NodeState

from . import placeholders
from .patience import Patience
from .placeholders import COMPONENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from lightkube import Client

    from z2jh.prescale.planning.site import Site

    T = TypeVar("T")

_log = logging.getLogger(__name__)

STUDENT = "singleuser-server"
_OVER = ("Succeeded", "Failed")
_GOING = ("ToBeDeletedByClusterAutoscaler", "cloud.google.com/impending-node-termination")
_PASSING = (429, 500, 502, 503, 504)
_REFUSED = (401, 403)
_NOT_FOUND = 404


@dataclass(frozen=True)
class Seen:
    """What Kubernetes says about the pools.

    Attributes:
        nodes: by pool.
        placeholders: pods by pool, those that wait for a node among them.
        unfit: by pool, what is wrong with their Deployment; empty if nothing is.
    """

    nodes: dict[str, tuple[NodeState, ...]]
    placeholders: dict[str, int]
    unfit: dict[str, str]


class Kubernetes:
    """The cluster's own API.

    Args:
        client: lightkube's.
        namespace: of the hub.
        site: schedule and values.
        patience: how long is waited.
    """

    def __init__(
        self, client: Client, namespace: str, site: Site, patience: Patience | None = None
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._site = site
        self._patience = patience or Patience()

    def seen(self) -> Seen:
        """Nodes and pods, in two calls, and the pools' Deployments, in one for each.

        Raises:
            UnreachableError: the API does not answer.
            ForbiddenError: it refuses.
        """
        pools = list(self._site.values.pools)
        nodes = self.retry(
            lambda: list(self._client.list(Node, labels={POOL_LABEL: pools})), "list nodes"
        )
        pods = self.retry(
            lambda: list(
                self._client.list(
                    Pod, namespace=self._namespace, labels={"component": [STUDENT, COMPONENT]}
                )
            ),
            "list pods",
        )
        living = [it for it in pods if _lives(it)]
        found, waiting = _sum(pools, nodes, living, self._site.values.image)
        unfit = {
            pool: placeholders.unfit(self._site, pool, self._deployment(pool)) for pool in pools
        }
        return Seen(found, waiting, unfit)

    def set_placeholders(self, pool: str, number: int) -> None:
        """Give a pool's Deployment so many replicas, and change nothing else of it.

        That takes a right to its scale alone: who may write a Deployment may mount the hub's
        secrets with it.
        """
        change = {"spec": {"replicas": number}}
        self.retry(
            lambda: self._client.patch(
                Deployment.Scale,
                placeholders.name_of(pool),
                change,
                namespace=self._namespace,
                patch_type=PatchType.MERGE,
            ),
            f"set the placeholders of pool '{pool}'",
        )

    def cordon(self, node: str) -> None:
        """Let no new pods onto a node."""
        change = {"spec": {"unschedulable": True}}
        self.retry(
            lambda: self._client.patch(Node, node, change, patch_type=PatchType.MERGE),
            f"cordon node {node}",
        )

    def tell(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Write an event beside the hub; that it cannot be written is no failure."""
        moment = datetime.now(timezone.utc)
        event = Event.from_dict(
            {
                "metadata": {"generateName": "prescale-", "namespace": self._namespace},
                "involvedObject": {
                    "apiVersion": "v1",
                    "kind": "Namespace",
                    "name": self._namespace,
                    "namespace": self._namespace,
                },
                "reason": reason,
                "message": message[:1000],
                "type": "Warning" if warning else "Normal",
                "firstTimestamp": moment,
                "lastTimestamp": moment,
                "count": 1,
                "source": {"component": "prescale"},
            }
        )
        try:
            self._client.create(cast("Event", event))
        except (ApiError, httpx2.HTTPError) as error:
            _log.warning("no event could be written: %s", error)

    def _deployment(self, pool: str) -> Any:  # noqa: ANN401 -- lightkube's types let everything be missing
        """Of a pool's placeholders; None if there is none."""
        name = placeholders.name_of(pool)

        def read() -> Any:  # noqa: ANN401 -- as above
            try:
                return self._client.get(Deployment, name, namespace=self._namespace)
            except ApiError as error:
                if error.status.code == _NOT_FOUND:
                    return None
                raise

        return self.retry(read, f"read Deployment {name}")

    def retry(self, call: Callable[[], T], told: str) -> T:
        """Call, and call again as long as the failure may pass.

        Raises:
            UnreachableError: the API does not answer, or only with errors that may pass.
            ForbiddenError: it refuses.
        """
        return self._patience.retry(call, lambda error: _meaning(error, told))


def _meaning(error: Exception, told: str) -> PrescaleError | None:
    """Returns what an exception of lightkube's means; None for one that is a bug."""
    if isinstance(error, ApiError):
        code, said = error.status.code, error.status.message
        if code in _PASSING:
            return UnreachableError(f"cannot {told}: {code} {said}")
        if code in _REFUSED:
            return ForbiddenError(f"may not {told}: {said}; z2jh/prescale.yaml has the rights")
        return PrescaleError(f"cannot {told}: {code} {said}")
    # Msgspec's is raised for an answer that is not Kubernetes', such as a proxy's page.
    if isinstance(error, httpx2.HTTPError | msgspec.MsgspecError):
        return UnreachableError(f"cannot {told}: {type(error).__name__}: {error}")
    # A call may run a program for credentials, such as gke-gcloud-auth-plugin.
    if isinstance(error, ConfigError | OSError):
        return ForbiddenError(f"may not {told}: {error}; look at KUBECONFIG")
    return None


def _lives(pod: Any) -> bool:  # noqa: ANN401 -- lightkube's types let everything be missing
    phase = pod.status.phase if pod.status else None
    return phase not in _OVER and pod.metadata.deletionTimestamp is None


def _sum(
    pools: Iterable[str], nodes: list[Any], pods: list[Any], image: str
) -> tuple[dict[str, tuple[NodeState, ...]], dict[str, int]]:
    students: dict[str, int] = {}
    running: set[str] = set()
    waiting = dict.fromkeys(pools, 0)
    for pod in pods:
        node = pod.spec.nodeName
        labels = pod.metadata.labels or {}
        if labels.get("component") == COMPONENT:
            pool = labels.get("prescale/pool", "")
            waiting[pool] = waiting.get(pool, 0) + 1
        elif node:
            students[node] = students.get(node, 0) + 1
        if node and _runs(pod, image):
            running.add(node)
    found: dict[str, list[NodeState]] = {pool: [] for pool in waiting}
    for node in nodes:
        name = _name(node)
        pool = (node.metadata.labels or {}).get(POOL_LABEL, "")
        has_image = name in running or _has(node, image)
        found.setdefault(pool, []).append(_state(node, students.get(name, 0), image=has_image))
    return {pool: tuple(each) for pool, each in found.items()}, waiting


def _runs(pod: Any, image: str) -> bool:  # noqa: ANN401 -- as above
    """Whether a pod shows that the image is on its node; an old placeholder has an old one."""
    is_old = (pod.metadata.labels or {}).get("component") == COMPONENT and all(
        it.image != image for it in pod.spec.containers
    )
    return bool(pod.status and pod.status.phase == "Running") and not is_old


def _state(node: Any, students: int, *, image: bool) -> NodeState:  # noqa: ANN401 -- as above
    conditions = (node.status.conditions if node.status else None) or []
    taints = (node.spec.taints if node.spec else None) or []
    going = any(it.key in _GOING for it in taints) or node.metadata.deletionTimestamp is not None
    return NodeState(
        name=_name(node),
        born=node.metadata.creationTimestamp.timestamp(),
        ready=any(it.type == "Ready" and it.status == "True" for it in conditions),
        image=image,
        students=students,
        cordoned=bool(node.spec and node.spec.unschedulable) or going,
    )


def _has(node: Any, image: str) -> bool:  # noqa: ANN401 -- as above
    images = (node.status.images if node.status else None) or []
    names = [name for it in images for name in it.names or []]
    return any(name == image or name.endswith(f"/{image}") for name in names)


def _name(it: Any) -> str:  # noqa: ANN401 -- as above
    return str(it.metadata.name)
