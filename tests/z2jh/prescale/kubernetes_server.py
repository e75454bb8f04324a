"""A local Kubernetes API, as far as prescale uses it: objects in a dict, over HTTP."""

from __future__ import annotations

import copy
import json
import re
import threading
from collections import defaultdict, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import yaml
from lightkube import Client, KubeConfig

from tests.z2jh.prescale.local_server import QuietHandler, listening

if TYPE_CHECKING:
    from collections.abc import Iterator

Object = dict[str, Any]
NAMESPACE = "hub"
_PATH = re.compile(
    r"/(?:api|apis/[a-z.0-9-]+)/v1(?:/namespaces/(?P<namespace>[^/]+))?/(?P<plural>[a-z]+)"
    r"(?:/(?P<name>[^/]+)(?P<part>/scale)?)?"
)
_KINDS = {
    "nodes": ("v1", "Node"), "pods": ("v1", "Pod"), "events": ("v1", "Event"),
    "deployments": ("apps/v1", "Deployment"), "leases": ("coordination.k8s.io/v1", "Lease"),
}  # fmt: skip
_MERGE = "application/merge-patch+json"


class StatusError(Exception):
    """The API answers with an error."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass
class Api:
    """The state of the API.

    Attributes:
        objects: by plural, namespace and name.
        faults: for a verb and a plural, status codes of the next calls; None means success.
        calls: verb and plural, in order; a subresource looks like `deployments/scale`.
    """

    objects: dict[tuple[str, str, str], Object] = field(default_factory=dict)
    faults: dict[tuple[str, str], deque[int | None]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    calls: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    version: int = 0

    def all(self, plural: str) -> list[Object]:
        """Returns the objects of a kind."""
        with self.lock:
            return [found for (kind, _, _), found in self.objects.items() if kind == plural]

    def put(self, plural: str, name: str, content: Object, namespace: str = NAMESPACE) -> Object:
        """Adds or replaces an object."""
        with self.lock:
            self.version += 1
            namespace = "" if plural == "nodes" else namespace
            api, kind = _KINDS[plural]
            meta = {
                "creationTimestamp": datetime.now(timezone.utc).isoformat(),
                **content.get("metadata", {}),
                "name": name,
                "resourceVersion": str(self.version),
            }
            if namespace:
                meta["namespace"] = namespace
            made = {**content, "apiVersion": api, "kind": kind, "metadata": meta}
            self.objects[plural, namespace, name] = made
            return made

    def apply(self, objects: list[Object]) -> None:
        """Adds or replaces objects, like `kubectl apply`."""
        for content in objects:
            plural = f"{content['kind'].lower()}s"
            self.put(plural, content["metadata"]["name"], content)

    def remove(self, plural: str, name: str, namespace: str = NAMESPACE) -> None:
        """Deletes an object."""
        with self.lock:
            namespace = "" if plural == "nodes" else namespace
            if self.objects.pop((plural, namespace, name), None) is None:
                raise StatusError(404, f"{plural} {name} not found")

    def answer(self, verb: str, path: str, query: dict[str, str], body: Object | None) -> Object:
        """Answers a call."""
        match = _PATH.fullmatch(path)
        assert match, path
        plural, name = match["plural"], match["name"]
        namespace = match["namespace"] or ""
        verb = "LIST" if verb == "GET" and name is None else verb
        asked = f"{plural}{match['part'] or ''}"
        with self.lock:
            self.calls.append((verb, asked))
            queue = self.faults[verb, asked]
            if queue and (code := queue.popleft()):
                raise StatusError(code, f"told to answer {code}")
            if match["part"] and body:
                body = _scale(body)
            found = self._do(verb, plural, namespace, name, query, body)
            found = _scale(found) if match["part"] else found
            return copy.deepcopy(found)

    def _do(  # noqa: PLR0913, PLR0917 -- a verb each
        self,
        verb: str,
        plural: str,
        namespace: str,
        name: str | None,
        query: dict[str, str],
        body: Object | None,
    ) -> Object:
        if verb == "LIST":
            items = [
                found
                for (kind, space, _), found in self.objects.items()
                if kind == plural and space == namespace and _selected(found, query)
            ]
            api, kind = _KINDS[plural]
            return {"apiVersion": api, "kind": f"{kind}List", "metadata": {}, "items": items}
        if verb == "POST":
            assert body is not None
            meta = body["metadata"]
            name = meta.get("name") or f"{meta['generateName']}{self.version}"
            if (plural, namespace, name) in self.objects:
                raise StatusError(409, f"{plural} {name} already exists")
            return self.put(plural, name, body, namespace)
        assert name is not None
        old = self.objects.get((plural, namespace, name))
        if old is None:
            raise StatusError(404, f"{plural} {name} not found")
        if verb == "GET":
            return old
        if verb == "DELETE":
            self.remove(plural, name, namespace)
            return {"kind": "Status", "apiVersion": "v1", "status": "Success"}
        assert body is not None
        if verb == "PUT":
            if body["metadata"].get("resourceVersion") != old["metadata"]["resourceVersion"]:
                raise StatusError(409, f"{plural} {name} was changed")
            return self.put(plural, name, body, namespace)
        return self.put(plural, name, _merged(old, body), namespace)


def _scale(content: Object) -> Object:
    """Returns the scale of a Deployment, or the patch of one."""
    replicas = {"spec": {"replicas": content["spec"]["replicas"]}}
    return (
        {"apiVersion": "autoscaling/v1", "kind": "Scale", **replicas}
        if "kind" in content
        else replicas
    )


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {
        key: _merged(old.get(key), new[key]) if key in new else old[key] for key in {**old, **new}
    }


def _selected(content: Object, query: dict[str, str]) -> bool:
    labels = content["metadata"].get("labels", {})
    for key, values in re.findall(r"([^,\s]+) in \(([^)]*)\)", query.get("labelSelector", "")):
        if labels.get(key) not in values.split(","):
            return False
    rest = re.sub(r"[^,\s]+ in \([^)]*\)", "", query.get("labelSelector", ""))
    for pair in filter(None, rest.split(",")):
        key, value = re.split("==?", pair)
        if labels.get(key) != value:
            return False
    for pair in filter(None, query.get("fieldSelector", "").split(",")):
        path, value = re.split("==?", pair)
        here: Any = content
        for part in path.split("."):
            here = here.get(part, {}) if isinstance(here, dict) else {}
        if here != value:
            return False
    return True


class _Handler(QuietHandler):
    protocol_version = "HTTP/1.1"
    api: Api

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        length = int(self.headers.get("Content-Length") or 0)
        body = yaml.safe_load(self.rfile.read(length)) if length else None
        if self.command == "PATCH":
            assert self.headers["Content-Type"] == _MERGE, self.headers["Content-Type"]
        try:
            code, content = 200, self.api.answer(self.command, parts.path, query, body)
        except StatusError as error:
            code = error.code
            content = {"kind": "Status", "apiVersion": "v1", "status": "Failure",
                       "message": str(error), "reason": "Told", "code": code}  # fmt: skip
        data = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve


@contextmanager
def serving(api: Api) -> Iterator[str]:
    """Yields the address of a local server."""
    handler = type("Handler", (_Handler,), {"api": api})
    with listening(handler) as address:
        yield f"http://{address}"


def kubeconfig(address: str) -> dict[str, Any]:
    """Returns a configuration like an operator's ~/.kube/config."""
    return {
        "clusters": [{"name": "local", "cluster": {"server": address}}],
        "users": [{"name": "prescale", "user": {"token": "local"}}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": "prescale"}}],
        "current-context": "local",
    }


def client(address: str) -> Client:
    """Returns lightkube's client, which the caller closes."""
    config = KubeConfig.from_dict(kubeconfig(address))
    return Client(config=config, namespace=NAMESPACE, field_manager="prescale", trust_env=False)
