"""An API server as KubeSpawner meets it: pods, claims and events over HTTP, with watches.

It speaks Kubernetes' API (list, watch with resource versions, create, read, delete, conflicts) for
the calls that a spawner makes, and has one node on which whatever is created runs at once.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

Manifest = dict[str, Any]

_KINDS = {"pods": "Pod", "persistentvolumeclaims": "PersistentVolumeClaim", "events": "Event"}


class Cluster:
    """What the API server knows.

    Attributes:
        url: where it is.
        created: every manifest that was posted and taken, as it was posted.
    """

    def __init__(self) -> None:
        self.url = ""
        self.created: list[Manifest] = []
        self._objects: dict[str, dict[tuple[str, str], Manifest]] = {kind: {} for kind in _KINDS}
        self._log: list[tuple[int, str, str, Manifest]] = []
        self._changed = asyncio.Condition()

    def pods(self) -> list[Manifest]:
        """The pods that are there."""
        return list(self._objects["pods"].values())

    def made(self, kind: str) -> list[Manifest]:
        """What was posted of a kind."""
        return [each for each in self.created if each["kind"] == kind]

    async def take_node_away(self) -> None:
        """What students see of a preemption: their pods end, and the objects stay for a while."""
        for pod in self.pods():
            pod["status"] |= {
                "phase": "Failed",
                "reason": "Terminated",
                "message": "Pod was terminated in response to imminent node shutdown.",
            }
            for container in pod["status"]["containerStatuses"]:
                container |= {"ready": False, "state": {"terminated": {"exitCode": 137}}}
            await self._record("MODIFIED", "pods", pod)

    @property
    def _version(self) -> int:
        return len(self._log)

    async def _record(self, what: str, kind: str, manifest: Manifest) -> None:
        manifest["metadata"]["resourceVersion"] = str(self._version + 1)
        self._log.append((self._version + 1, what, kind, deepcopy(manifest)))
        async with self._changed:
            self._changed.notify_all()

    async def collection(self, request: web.Request) -> web.StreamResponse:
        """GET: list or watch."""
        kind = request.match_info["kind"]
        if request.query.get("watch", "").lower() == "true":
            return await self._watch(request, kind)
        items = [each for each in self._objects[kind].values() if _selected(request, each)]
        about = {"resourceVersion": str(self._version)}
        body = {
            "kind": f"{_KINDS[kind]}List",
            "apiVersion": "v1",
            "metadata": about,
            "items": items,
        }
        return web.json_response(body)

    async def create(self, request: web.Request) -> web.Response:
        """POST: 201, or 409 when the name is taken."""
        kind, namespace = request.match_info["kind"], request.match_info["namespace"]
        manifest: Manifest = await request.json()
        key = (namespace, manifest["metadata"]["name"])
        if key in self._objects[kind]:
            return _status(409, "AlreadyExists", f"{kind} {key[1]} already exists")
        self.created.append(deepcopy(manifest))
        manifest["metadata"] |= {"namespace": namespace, "uid": f"{kind}-{self._version}"}
        if kind == "pods":
            manifest["status"] = {"phase": "Pending"}
        self._objects[kind][key] = manifest
        await self._record("ADDED", kind, manifest)
        answer = deepcopy(manifest)
        if kind == "pods":
            await self._run(manifest)
        return web.json_response(answer, status=201)

    async def one(self, request: web.Request) -> web.Response:
        """GET and DELETE of one object."""
        kind = request.match_info["kind"]
        key = (request.match_info["namespace"], request.match_info["name"])
        found = self._objects[kind].get(key)
        if not found:
            return _status(404, "NotFound", f"{kind} {key[1]} not found")
        if request.method == "DELETE":
            del self._objects[kind][key]
            await self._record("DELETED", kind, found)
        return web.json_response(found)

    async def _run(self, pod: Manifest) -> None:
        """As scheduler and kubelet would."""
        pod["spec"]["nodeName"] = "node"
        pod["status"] = {
            "phase": "Running",
            "podIP": f"10.4.{self._version // 250}.{self._version % 250 + 1}",
            "containerStatuses": [
                {
                    "name": container["name"],
                    "image": container["image"],
                    "imageID": container["image"],
                    "ready": True,
                    "restartCount": 0,
                    "state": {"running": {}},
                }
                for container in pod["spec"]["containers"]
            ],
        }
        await self._record("MODIFIED", "pods", pod)

    async def _watch(self, request: web.Request, kind: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        seen = int(request.query.get("resourceVersion") or 0)
        deadline = asyncio.get_running_loop().time() + float(
            request.query.get("timeoutSeconds", 10)
        )
        while True:
            for line in self._since(request, kind, seen):
                await response.write(line)
            seen = self._version
            left = deadline - asyncio.get_running_loop().time()
            async with self._changed:
                try:
                    await asyncio.wait_for(
                        self._changed.wait_for(lambda: self._version > seen),  # noqa: B023 -- awaited at once
                        max(left, 0),
                    )
                except asyncio.TimeoutError:
                    return response

    def _since(self, request: web.Request, kind: str, seen: int) -> Iterator[bytes]:
        for version, what, of, manifest in self._log:
            if version > seen and of == kind and _selected(request, manifest):
                yield json.dumps({"type": what, "object": manifest}).encode() + b"\n"


def _selected(request: web.Request, manifest: Manifest) -> bool:
    """Whether an object has the labels that are asked for."""
    selector = request.query.get("labelSelector", "")
    wanted = dict(part.split("=", 1) for part in selector.split(",") if "=" in part)
    labels = manifest["metadata"].get("labels") or {}
    return all(labels.get(key) == value for key, value in wanted.items())


def _status(code: int, reason: str, message: str) -> web.Response:
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure"}
    return web.json_response(
        {**body, "reason": reason, "message": message, "code": code}, status=code
    )


@asynccontextmanager
async def running() -> AsyncIterator[Cluster]:
    """An API server on loopback, until the block ends."""
    cluster = Cluster()
    application = web.Application()
    place = "/api/v1/namespaces/{namespace}/{kind}"
    application.router.add_get(place, cluster.collection)
    application.router.add_post(place, cluster.create)
    application.router.add_get(place + "/{name}", cluster.one)
    application.router.add_delete(place + "/{name}", cluster.one)
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    cluster.url = f"http://{host}:{port}"
    try:
        yield cluster
    finally:
        await runner.cleanup()
