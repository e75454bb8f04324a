"""Nodes, students' pods and placeholders, through lightkube."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
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

    from lightkube import Client

    from z2jh.prescale.planning.site import Site

    from .patience import T

_log = logging.getLogger(__name__)

STUDENT = "singleuser-server"
_OVER = ("Succeeded", "Failed")
_LEAVING = ("ToBeDeletedByClusterAutoscaler", "cloud.google.com/impending-node-termination")
_PASSING = (429, 500, 502, 503, 504)
_REFUSED = (401, 403)
_NOT_FOUND = 404


@dataclass(frozen=True)
class Observation:
    """The pools as Kubernetes sees them.

    Placeholders that wait for a node count. A problem is what is wrong with a pool's Deployment.
    """

    nodes: dict[str, tuple[NodeState, ...]]
    placeholders: dict[str, int]
    problems: dict[str, str]


class Kubernetes:
    """The API of Kubernetes.

    Methods raise UnreachableError if the API does not answer, and ForbiddenError if it refuses.
    """

    def __init__(
        self, client: Client, namespace: str, site: Site, patience: Patience | None = None
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._site = site
        self._patience = patience or Patience()

    def observe(self) -> Observation:
        """Lists nodes and pods in two calls, and reads each pool's Deployment in one."""
        pools = list(self._site.values.pools)
        nodes = self._list(Node, labels={POOL_LABEL: pools})
        components = {"component": [STUDENT, COMPONENT]}
        pods = self._list(Pod, namespace=self._namespace, labels=components)
        running = [pod for pod in pods if not _is_over(pod)]
        by_pool, placeholder_pods = _by_pool(pools, nodes, running, self._site.values.image)
        problems = {
            pool: placeholders.problem(self._site, pool, self._deployment(pool)) for pool in pools
        }
        return Observation(by_pool, placeholder_pods, problems)

    def set_placeholders(self, pool: str, number: int) -> None:
        """Sets the replicas of a pool's Deployment, through its scale alone.

        A right to the whole Deployment would allow mounting the hub's secrets.
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
        """Cordons a node."""
        change = {"spec": {"unschedulable": True}}
        self.retry(
            lambda: self._client.patch(Node, node, change, patch_type=PatchType.MERGE),
            f"cordon node {node}",
        )

    def record_event(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Writes an event to the hub's namespace. A failure is logged, and not raised."""
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
            _log.warning("an event could not be written: %s", error)

    def _list(self, kind: Any, **query: Any) -> list[Any]:  # noqa: ANN401 -- passed on
        what = f"list {kind.__name__.lower()}s"
        return self.retry(lambda: list(self._client.list(kind, **query)), what)

    def _deployment(self, pool: str) -> Any:  # noqa: ANN401 -- lightkube's types let everything be missing
        """Returns a pool's Deployment of placeholders, or None."""
        name = placeholders.name_of(pool)
        read = partial(find, self._client, Deployment, name, self._namespace)
        return self.retry(read, f"read Deployment {name}")

    def retry(self, call: Callable[[], T], told: str) -> T:
        """Calls, and tries again after errors that may pass."""
        return self._patience.retry(call, lambda error: _meaning(error, told))


def find(client: Client, kind: Any, name: str, namespace: str) -> Any:  # noqa: ANN401 -- as above
    """Returns an object, or None."""
    try:
        return client.get(kind, name, namespace=namespace)
    except ApiError as error:
        if error.status.code == _NOT_FOUND:
            return None
        raise


def _meaning(error: Exception, told: str) -> PrescaleError | None:
    """Translates an exception of lightkube's; returns None for a bug."""
    if isinstance(error, ApiError):
        code, said = error.status.code, error.status.message
        if code in _PASSING:
            return UnreachableError(f"cannot {told}: {code} {said}")
        if code in _REFUSED:
            return ForbiddenError(f"may not {told}: {said}; z2jh/prescale.yaml has the rights")
        return PrescaleError(f"cannot {told}: {code} {said}")
    # Msgspec fails for an answer that is not Kubernetes', such as a proxy's page.
    if isinstance(error, httpx2.HTTPError | msgspec.MsgspecError):
        return UnreachableError(f"cannot {told}: {type(error).__name__}: {error}")
    # A credential plugin, such as gke-gcloud-auth-plugin, runs at the first call.
    if isinstance(error, ConfigError | OSError):
        return ForbiddenError(f"may not {told}: {error}; look at KUBECONFIG")
    return None


def _is_over(pod: Any) -> bool:  # noqa: ANN401 -- lightkube's types let everything be missing
    phase = pod.status.phase if pod.status else None
    return phase in _OVER or pod.metadata.deletionTimestamp is not None


def _by_pool(
    pools: Iterable[str], nodes: list[Any], pods: list[Any], image: str
) -> tuple[dict[str, tuple[NodeState, ...]], dict[str, int]]:
    students: dict[str, int] = {}
    running: set[str] = set()
    placeholder_pods = dict.fromkeys(pools, 0)
    for pod in pods:
        node = pod.spec.nodeName
        labels = pod.metadata.labels or {}
        if labels.get("component") == COMPONENT:
            pool = labels.get("prescale/pool", "")
            placeholder_pods[pool] = placeholder_pods.get(pool, 0) + 1
        elif node:
            students[node] = students.get(node, 0) + 1
        if node and _proves_image(pod, image):
            running.add(node)
    states: dict[str, list[NodeState]] = {pool: [] for pool in placeholder_pods}
    for node in nodes:
        name = str(node.metadata.name)
        pool = (node.metadata.labels or {}).get(POOL_LABEL, "")
        has_image = name in running or _has_image(node, image)
        state = _state(node, students.get(name, 0), has_image=has_image)
        states.setdefault(pool, []).append(state)
    return {pool: tuple(nodes) for pool, nodes in states.items()}, placeholder_pods


def _proves_image(pod: Any, image: str) -> bool:  # noqa: ANN401 -- as above
    """Returns whether a pod proves that its node has the image; an old placeholder does not."""
    is_old = (pod.metadata.labels or {}).get("component") == COMPONENT and all(
        container.image != image for container in pod.spec.containers
    )
    return bool(pod.status and pod.status.phase == "Running") and not is_old


def _state(node: Any, students: int, *, has_image: bool) -> NodeState:  # noqa: ANN401 -- as above
    conditions = (node.status.conditions if node.status else None) or []
    taints = (node.spec.taints if node.spec else None) or []
    leaving = any(taint.key in _LEAVING for taint in taints)
    leaving = leaving or node.metadata.deletionTimestamp is not None
    return NodeState(
        name=str(node.metadata.name),
        created=node.metadata.creationTimestamp.timestamp(),
        ready=any(row.type == "Ready" and row.status == "True" for row in conditions),
        has_image=has_image,
        students=students,
        cordoned=bool(node.spec and node.spec.unschedulable) or leaving,
    )


def _has_image(node: Any, image: str) -> bool:  # noqa: ANN401 -- as above
    images = (node.status.images if node.status else None) or []
    names = [name for entry in images for name in entry.names or []]
    return any(name == image or name.endswith(f"/{image}") for name in names)
