"""Rules for rendered manifests: Kubernetes' own schemas, and ours once more."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import yaml

from z2jh.check.rendering.template import pod_template
from z2jh.document import FastLoader
from z2jh.hubvalues import pods
from z2jh.hubvalues.pools import CORE, USER
from z2jh.problems import Problem, dotted
from z2jh.resources import Resources, quantity

from . import images, secret_scan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from z2jh.check.hub import Hub

_LONGEST = 200
_PLACEHOLDER = "user-placeholder"
# A key with one of these names an object or a checksum, and its value is no secret.
_OF_OBJECTS = ("-", "/")


def check(hub: Hub, manifests: list[dict[str, Any]], kubernetes: str) -> list[Problem]:
    """Returns what is wrong with the manifests of one render."""
    found: set[Problem] = set()
    for manifest in manifests:
        found.update(_schema(manifest, kubernetes))
        found.update(_images(manifest))
        found.update(_secrets(manifest))
        found.update(_landing(hub, manifest))
    found.update(_placeholders(hub, manifests))
    return sorted(found)


def _name(manifest: dict[str, Any]) -> str:
    return f"{manifest.get('kind')}/{(manifest.get('metadata') or {}).get('name')}"


def _schema(manifest: dict[str, Any], kubernetes: str) -> Iterator[Problem]:
    try:
        kubernetes_validate.validate(manifest, kubernetes, strict=True)
    except kubernetes_validate.ValidationError as error:
        path = dotted(tuple(error.path))
        yield Problem(_name(manifest), path, error.message[:_LONGEST])
    except kubernetes_validate.SchemaNotFoundError:
        pass  # a custom resource, whose schema only its cluster has


def _images(manifest: dict[str, Any]) -> Iterator[Problem]:
    spec = (pod_template(manifest) or {}).get("spec") or {}
    for kind in ("initContainers", "containers"):
        for number, container in enumerate(spec.get(kind) or ()):
            if not images.is_pinned(container.get("image") or ""):
                path = f"{kind}[{number}].image"
                message = f"the image '{container.get('image')}' is not pinned"
                yield Problem(_name(manifest), path, message)


def _secrets(manifest: dict[str, Any]) -> Iterator[Problem]:
    """No manifest has a secret, but those that the chart generates in its own Secrets."""
    is_secret = manifest.get("kind") == "Secret"
    for path in _values_in_secret(manifest) if is_secret else secret_scan.places(manifest):
        if not any(sign in str(path[-1]) for sign in _OF_OBJECTS):
            message = "a secret is rendered: it comes from the values"
            yield Problem(_name(manifest), dotted(path), message)


def _values_in_secret(manifest: dict[str, Any]) -> Iterator[tuple[str | int, ...]]:
    """Yields our secrets among the values that the chart passes to the hub in a Secret."""
    for key, values in passed_values(manifest).items():
        yield from (("data", key, *path) for path in secret_scan.places(values))


def passed_values(secret: dict[str, Any]) -> dict[str, Any]:
    """Returns the files of values in a Secret, decoded, by their keys."""
    found = {}
    for key, encoded in (secret.get("data") or {}).items():
        if str(key).endswith((".yaml", ".yml")):
            with suppress(binascii.Error, ValueError, yaml.YAMLError):
                found[key] = yaml.load(base64.b64decode(encoded), FastLoader)  # noqa: S506 -- safe
    return found


def _landing(hub: Hub, manifest: dict[str, Any]) -> Iterator[Problem]:
    pod = _pod(manifest)
    if not pod:
        return
    landed = list(pods.landing(pod, hub.pools))
    if not landed:
        yield Problem(_name(manifest), "", "no pool lets its pods in")
    for pool in landed:
        if pool.purpose != pod.kind:
            message = f"its pods can land on the {pool.purpose} pool '{pool.name}'"
            yield Problem(_name(manifest), "", message)


def _pod(manifest: dict[str, Any]) -> pods.Pod | None:
    template = pod_template(manifest)
    if not template:
        return None
    spec = template["spec"]
    node = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {}
    return pods.Pod(
        name=_name(manifest),
        kind=USER if _is_of_users(manifest, template) else CORE,
        tolerations=spec.get("tolerations") or [],
        selector=spec.get("nodeSelector") or {},
        terms=node.get("nodeSelectorTerms") or [],
        requests=_requests(spec),
    )


def _is_of_users(manifest: dict[str, Any], template: dict[str, Any]) -> bool:
    """Placeholders and pullers are the users'; the Job that waits for pullers is core's."""
    return _component(template) == _PLACEHOLDER or manifest.get("kind") == "DaemonSet"


def _component(template: dict[str, Any]) -> str:
    labels = (template.get("metadata") or {}).get("labels") or {}
    return str(labels.get("app.kubernetes.io/component") or labels.get("component") or "")


def _requests(spec: dict[str, Any]) -> Resources:
    memory, cpu = 0, 0.0
    for container in spec.get("containers") or ():
        requests = (container.get("resources") or {}).get("requests") or {}
        memory += int(quantity(requests.get("memory", 0)))
        cpu += float(quantity(requests.get("cpu", 0)))
    return Resources(memory, cpu)


def _placeholders(hub: Hub, manifests: list[dict[str, Any]]) -> Iterator[Problem]:
    student = pods.default_student(hub.values).requests
    for manifest in manifests:
        template = pod_template(manifest)
        if template and _component(template) == _PLACEHOLDER:
            asked = _requests(template["spec"])
            if asked != student:
                message = f"asks for {asked.memory} bytes and {asked.cpu} CPU, a student for "
                message += f"{student.memory} and {student.cpu}"
                yield Problem(_name(manifest), "spec.template.spec", message)
