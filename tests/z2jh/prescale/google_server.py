"""A local GKE API, over gRPC and REST, with faults on demand."""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud import container_v1
from google.cloud.container_v1.services.cluster_manager.transports import (
    ClusterManagerGrpcTransport,
    ClusterManagerRestTransport,
)

from tests.z2jh.prescale.local_server import QuietHandler, listening

if TYPE_CHECKING:
    from collections.abc import Iterator

CLUSTER = "projects/example-project/locations/europe-west6-a/clusters/hub"
DONE = container_v1.Operation.Status.DONE
RUNNING = container_v1.Operation.Status.RUNNING
_HTTP = {
    "FAILED_PRECONDITION": 400, "INVALID_ARGUMENT": 400, "PERMISSION_DENIED": 403,
    "UNAUTHENTICATED": 401, "NOT_FOUND": 404, "ABORTED": 409, "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500, "UNAVAILABLE": 503,
}  # fmt: skip


class FaultError(Exception):
    """The API answers with an error."""

    def __init__(self, status: str) -> None:
        super().__init__(f"told to answer {status}")
        self.status = status


@dataclass
class Gke:
    """The state of the cluster.

    Attributes:
        pools: by name.
        faults: for each method, errors of its next calls; None means success.
        operations: fate of each next change: done, slow, fails, lost, stuck, or
            broken at once.
        calls: methods, in order.
    """

    pools: dict[str, container_v1.NodePool] = field(default_factory=dict)
    faults: dict[str, deque[str | None]] = field(default_factory=lambda: defaultdict(deque))
    operations: deque[str] = field(default_factory=deque)
    calls: list[str] = field(default_factory=list)
    running: dict[str, list[Any]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def pool(self, name: str, *, zones: int = 1, total: bool = True, most: int = 16) -> None:
        """Adds a pool that is autoscaled from 0."""
        limits = (
            {"total_max_node_count": most, "location_policy": "ANY"}
            if total
            else {"max_node_count": most, "location_policy": "BALANCED"}
        )
        self.pools[name] = container_v1.NodePool(
            name=name,
            locations=[f"europe-west6-{'abc'[zone]}" for zone in range(zones)],
            autoscaling={"enabled": True, **limits},
        )

    def answer(self, method: str, request: Any) -> Any:
        """Answers a call."""
        with self.lock:
            self.calls.append(method)
            queue = self.faults[method]
            fault = queue.popleft() if queue else None
            if fault:
                raise FaultError(fault)
            return getattr(self, f"_{method}")(request)

    def _GetCluster(self, request: Any) -> Any:
        if request.name != CLUSTER:
            raise FaultError("NOT_FOUND")
        return container_v1.Cluster(name="hub", node_pools=list(self.pools.values()))

    def _GetNodePool(self, request: Any) -> Any:
        return self._found(request.name)

    def _UpdateCluster(self, request: Any) -> Any:
        # This is what gcloud sets a pool's limits with.
        name = f"{request.name}/nodePools/{request.update.desired_node_pool_id}"
        limits = request.update.desired_node_pool_autoscaling
        return self._set_autoscaling(name, limits)

    def _SetNodePoolAutoscaling(self, request: Any) -> Any:
        return self._set_autoscaling(request.name, request.autoscaling)

    def _set_autoscaling(self, path: str, limits: Any) -> Any:
        pool = self._found(path)
        if any(state[0] != "over" for state in self.running.values()):
            raise FaultError("FAILED_PRECONDITION")
        fate = self.operations.popleft() if self.operations else "done"
        name = f"operation-{len(self.calls)}"
        if fate == "broken":
            error = {"code": 13, "message": "failed at once"}
            return container_v1.Operation(name=name, status=DONE, error=error)
        if fate != "fails":
            self.pools[pool.name].autoscaling = limits
        if fate == "done":
            self.running[name] = ["over", 0]
            return container_v1.Operation(name=name, status=DONE)
        self.running[name] = [fate, 2]
        return container_v1.Operation(name=name, status=RUNNING)

    def _GetOperation(self, request: Any) -> Any:
        name = request.name.rpartition("/")[2]
        if not request.name.startswith(CLUSTER.rpartition("/clusters/")[0]):
            raise FaultError("NOT_FOUND")
        fate = self.running.get(name)
        if fate is None:
            raise FaultError("NOT_FOUND")
        if fate[0] == "lost":
            del self.running[name]
            raise FaultError("NOT_FOUND")
        fate[1] -= 1
        if fate[1] > 0 or fate[0] == "stuck":
            return container_v1.Operation(name=name, status=RUNNING)
        failed = fate[0] == "fails"
        self.running[name] = ["over", 0]
        error = {"code": 13, "message": "failed late"} if failed else None
        return container_v1.Operation(name=name, status=DONE, error=error)

    def _found(self, name: str) -> Any:
        pool = self.pools.get(name.rpartition("/")[2])
        if pool is None or not name.startswith(f"{CLUSTER}/nodePools/"):
            raise FaultError("NOT_FOUND")
        return pool


_METHODS: dict[str, tuple[Any, Any]] = {
    "GetCluster": (container_v1.GetClusterRequest, container_v1.Cluster),
    "GetNodePool": (container_v1.GetNodePoolRequest, container_v1.NodePool),
    "SetNodePoolAutoscaling": (
        container_v1.SetNodePoolAutoscalingRequest,
        container_v1.Operation,
    ),
    "UpdateCluster": (container_v1.UpdateClusterRequest, container_v1.Operation),
    "GetOperation": (container_v1.GetOperationRequest, container_v1.Operation),
}


@contextmanager
def over_grpc(gke: Gke) -> Iterator[container_v1.ClusterManagerClient]:
    """Yields Google's client, connected over gRPC to a local server."""

    def handler(method: str) -> grpc.RpcMethodHandler:
        request, response = _METHODS[method]

        def call(message: Any, context: grpc.ServicerContext) -> Any:
            try:
                return gke.answer(method, message)
            except FaultError as fault:
                context.abort(grpc.StatusCode[fault.status], str(fault))

        return grpc.unary_unary_rpc_method_handler(
            call, request_deserializer=request.deserialize, response_serializer=response.serialize
        )

    server = grpc.server(ThreadPoolExecutor(4))
    handlers = {name: handler(name) for name in _METHODS}
    service = "google.container.v1.ClusterManager"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    try:
        transport = ClusterManagerGrpcTransport(channel=channel)
        yield container_v1.ClusterManagerClient(transport=transport)
    finally:
        channel.close()
        server.stop(None).wait()


@contextmanager
def rest_address(gke: Gke) -> Iterator[str]:
    """Yields host and port of a local REST server."""

    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = self.path.partition("?")[0].removeprefix("/v1/")
            kinds = {"clusters": "GetCluster", "nodePools": "GetNodePool"}
            self._call(kinds.get(name.split("/")[-2], "GetOperation"), {"name": name})

        def do_POST(self) -> None:
            name, _, verb = self.path.partition("?")[0].removeprefix("/v1/").rpartition(":")
            assert verb == "setAutoscaling"
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._call("SetNodePoolAutoscaling", {**body, "name": name})

        def do_PUT(self) -> None:
            name = self.path.partition("?")[0].removeprefix("/v1/")
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._call("UpdateCluster", {**body, "name": name})

        def _call(self, method: str, body: dict[str, Any]) -> None:
            request, response = _METHODS[method]
            try:
                message = request.from_json(json.dumps(body))
                answer = gke.answer(method, message)
                self._give(200, response.to_json(answer, use_integers_for_enums=False))
            except FaultError as fault:
                code = _HTTP[fault.status]
                error = {"code": code, "message": str(fault), "status": fault.status}
                self._give(code, json.dumps({"error": error}))

        def _give(self, code: int, text: str) -> None:
            content = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with listening(Handler) as address:
        yield address


def rest_client(address: str) -> container_v1.ClusterManagerClient:
    """Returns Google's client for a REST server."""
    return container_v1.ClusterManagerClient(transport=rest_transport(address))


def rest_transport(address: str) -> ClusterManagerRestTransport:
    """Returns a transport to a local server, without credentials."""
    return ClusterManagerRestTransport(
        host=address,
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        url_scheme="http",
    )


@contextmanager
def over_rest(gke: Gke) -> Iterator[container_v1.ClusterManagerClient]:
    """Yields Google's client, connected over REST to a local server."""
    with rest_address(gke) as address, rest_client(address) as client:
        yield client
