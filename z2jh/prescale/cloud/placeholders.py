"""The object that makes the autoscaler start nodes: a Deployment for each pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from z2jh.prescale.values import POOL_LABEL

if TYPE_CHECKING:
    from z2jh.prescale.site import Site

COMPONENT = "prescale-placeholder"
PRIORITY_CLASS = "prescale-placeholder"


def name_of(pool: str) -> str:
    """The Deployment of a pool."""
    return f"{COMPONENT}-{pool}"


def manifest(site: Site, pool: str, namespace: str, replicas: int) -> dict[str, Any]:
    """A Deployment of placeholders, each as large as all seats of a node.

    It runs the students' own image: where a placeholder runs, the image is on the node.
    """
    labels = {"app.kubernetes.io/name": "prescale", "component": COMPONENT, "prescale/pool": pool}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name_of(pool), "namespace": namespace, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"component": COMPONENT, "prescale/pool": pool}},
            "strategy": {"type": "Recreate"},
            "template": {"metadata": {"labels": labels}, "spec": _pod(site, pool)},
        },
    }


def _pod(site: Site, pool: str) -> dict[str, Any]:
    found = site.capacities[pool, ""]
    each = site.values.profiles[""].guarantee
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


def _tolerations(taint: str) -> list[dict[str, str]]:
    # The chart's pods tolerate both spellings.
    keys = {("hub.jupyter.org/dedicated", "user"), ("hub.jupyter.org_dedicated", "user")}
    pair = taint.rpartition(":")[0]
    if pair:
        key, _, value = pair.partition("=")
        keys.add((key, value))
    return [
        {"key": key, "operator": "Equal", "value": value, "effect": "NoSchedule"}
        for key, value in sorted(keys)
    ]
