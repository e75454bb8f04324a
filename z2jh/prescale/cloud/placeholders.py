"""The placeholders that make the autoscaler start nodes: a Deployment for each pool."""

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
_DIGEST = "prescale/digest"  # annotation that tells whether other values made the Deployment
_AGAIN = "run `prescale placeholders` with the options of `apply`, and kubectl apply what it prints"


def name_of(pool: str) -> str:
    """Returns the name of a pool's Deployment."""
    return f"{COMPONENT}-{pool}"


def manifest(site: Site, pool: str, namespace: str) -> dict[str, Any]:
    """Returns a pool's Deployment, with no replicas; a placeholder takes all seats of a node.

    Placeholders run the students' image, so a node with a running one has the image.
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


def problem(site: Site, pool: str, deployment: Any) -> str:  # noqa: ANN401 -- lightkube's types let everything be missing
    """Returns that a pool's Deployment is missing (None) or outdated, or an empty string."""
    if deployment is None:
        return f"pool '{pool}': there is no Deployment {name_of(pool)}: {_AGAIN}"
    digest = (deployment.metadata.annotations or {}).get(_DIGEST)
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
    seats = site.capacities[pool, ""].seats
    guarantee = site.values.profiles[""].requests
    requests = {
        "cpu": f"{round(seats * guarantee.cpu * 1000)}m",
        "memory": str(seats * guarantee.memory),
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
    # The chart's pods tolerate both spellings, too.
    keys = {("hub.jupyter.org/dedicated", "user"), ("hub.jupyter.org_dedicated", "user")}
    if taint:
        keys.add((taint.key, taint.value))
    return [
        {"key": key, "operator": "Equal", "value": value, "effect": "NoSchedule"}
        for key, value in sorted(keys)
    ]
