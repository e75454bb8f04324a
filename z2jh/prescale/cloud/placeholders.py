"""The objects that make the autoscaler start nodes: a Deployment for each pool."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from z2jh.gke.nodes import POOL_LABEL

if TYPE_CHECKING:
    from z2jh.hubvalues.taints import Taint
    from z2jh.prescale.planning.site import Site

COMPONENT = "prescale-placeholder"
PRIORITY_CLASS = "prescale-placeholder"
_DIGEST = "prescale/digest"  # an annotation, by which one of other values is known
_AGAIN = "run `prescale placeholders` with the options of `apply`, and kubectl apply what it prints"


def name_of(pool: str) -> str:
    """The Deployment of a pool."""
    return f"{COMPONENT}-{pool}"


def manifest(site: Site, pool: str, namespace: str) -> dict[str, Any]:
    """A Deployment of placeholders, each as large as all seats of a node; none of them yet.

    It runs the students' own image: where a placeholder runs, the image is on the node.
    """
    spec = _spec(site, pool)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name_of(pool),
            "namespace": namespace,
            "labels": _labels(pool),
            "annotations": {_DIGEST: _digest(spec)},
        },
        "spec": spec,
    }


def unfit(site: Site, pool: str, found: Any) -> str:  # noqa: ANN401 -- lightkube's types let everything be missing
    """What is wrong with a pool's Deployment, None if there is none; empty: nothing."""
    if found is None:
        return f"pool '{pool}': there is no Deployment {name_of(pool)}: {_AGAIN}"
    digest = (found.metadata.annotations or {}).get(_DIGEST)
    if digest != _digest(_spec(site, pool)):
        return f"pool '{pool}': Deployment {name_of(pool)} is not what the values say now: {_AGAIN}"
    return ""


def _digest(spec: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()


def _spec(site: Site, pool: str) -> dict[str, Any]:
    return {
        "replicas": 0,
        "selector": {"matchLabels": {"component": COMPONENT, "prescale/pool": pool}},
        "strategy": {"type": "Recreate"},
        "template": {"metadata": {"labels": _labels(pool)}, "spec": _pod(site, pool)},
    }


def _labels(pool: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": "prescale", "component": COMPONENT, "prescale/pool": pool}


def _pod(site: Site, pool: str) -> dict[str, Any]:
    found = site.capacities[pool, ""]
    each = site.values.profiles[""].requests
    requests = {
        "cpu": f"{round(found.seats * each.cpu * 1000)}m",
        "memory": str(found.seats * each.memory),
    }
    return {
        "priorityClassName": PRIORITY_CLASS,
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        "nodeSelector": {POOL_LABEL: pool},
        "tolerations": _tolerations(site.values.pools[pool].taint),
        "affinity": {"podAntiAffinity": _one_a_node()},
        "containers": [
            {
                "name": "placeholder",
                "image": site.values.image,
                "command": ["sleep", "infinity"],
                "resources": {"requests": requests},
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "runAsNonRoot": True,
                    "runAsUser": 65534,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
            }
        ],
    }


def _one_a_node() -> dict[str, Any]:
    term = {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": {"matchLabels": {"component": COMPONENT}},
    }
    return {"requiredDuringSchedulingIgnoredDuringExecution": [term]}


def _tolerations(taint: Taint | None) -> list[dict[str, str]]:
    # The chart's pods tolerate both spellings.
    keys = {("hub.jupyter.org/dedicated", "user"), ("hub.jupyter.org_dedicated", "user")}
    if taint:
        keys.add((taint.key, taint.value))
    return [
        {"key": key, "operator": "Equal", "value": value, "effect": "NoSchedule"}
        for key, value in sorted(keys)
    ]
