"""The options of KubeSpawner that the chart's hub makes from the values.

The chart does it in its `jupyterhub_config.py`, inside the hub's pod. It is retold here, so that
KubeSpawner can be tested where no chart is at hand; where one is, its own file is run and the two
are compared (test_hub_configuration.py).
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from z2jh.hubvalues import pods
from z2jh.hubvalues.layers import get

if TYPE_CHECKING:
    from z2jh.hubvalues.layers import Values

READER = Path(__file__).with_name("read_hub_configuration.py")

# KubeSpawner's option, and where below `singleuser` its value stands.
_PASSED_ON = {
    "pod_name_template": "podNameTemplate",
    "start_timeout": "startTimeout",
    "image_pull_policy": "image.pullPolicy",
    "events_enabled": "events",
    "extra_labels": "extraLabels",
    "extra_annotations": "extraAnnotations",
    "allow_privilege_escalation": "allowPrivilegeEscalation",
    "uid": "uid",
    "fs_gid": "fsGid",
    "service_account": "serviceAccountName",
    "storage_extra_labels": "storage.extraLabels",
    "node_selector": "nodeSelector",
    "node_affinity_preferred": "extraNodeAffinity.preferred",
    "pod_affinity_required": "extraPodAffinity.required",
    "pod_affinity_preferred": "extraPodAffinity.preferred",
    "pod_anti_affinity_required": "extraPodAntiAffinity.required",
    "pod_anti_affinity_preferred": "extraPodAntiAffinity.preferred",
    "lifecycle_hooks": "lifecycleHooks",
    "init_containers": "initContainers",
    "extra_containers": "extraContainers",
    "mem_limit": "memory.limit",
    "mem_guarantee": "memory.guarantee",
    "cpu_limit": "cpu.limit",
    "cpu_guarantee": "cpu.guarantee",
    "extra_resource_limits": "extraResource.limits",
    "extra_resource_guarantees": "extraResource.guarantees",
    "environment": "extraEnv",
    "profile_list": "profileList",
    "extra_pod_config": "extraPodConfig",
    "cmd": "cmd",
    "default_url": "defaultUrl",
}


def run(manifests: list[dict[str, Any]], namespace: str, folder: Path) -> dict[str, Any]:
    """What the chart's own file makes, run with what its hub's pod would have mounted.

    Args:
        manifests: what the whole chart renders.
        namespace: where the students' pods are made.
        folder: stands in for the pod's `/usr/local/etc/jupyterhub`.
    """
    mounted = {"ConfigMap": "config", "Secret": "secret"}
    for each in manifests:
        if each["kind"] in mounted and each["metadata"]["name"] == "hub":
            _mount(each, folder / mounted[each["kind"]])
    for name in ("jupyterhub_config.py", "z2jh.py"):
        text = (folder / "config" / name).read_text()
        (folder / name).write_text(text.replace("/usr/local/etc/jupyterhub", str(folder)))
    ports = {"HUB_SERVICE_PORT": "8081", "PROXY_API_SERVICE_PORT": "8001"}
    done = subprocess.run(
        [sys.executable, "-I", str(READER), str(folder)],
        env={**os.environ, **ports, "POD_NAMESPACE": namespace},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    options: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return options


def _mount(manifest: dict[str, Any], folder: Path) -> None:
    folder.mkdir()
    for name, content in manifest["data"].items():
        data = base64.b64decode(content) if manifest["kind"] == "Secret" else content.encode()
        folder.joinpath(name).write_bytes(data)


def retold(values: Values, release: str, namespace: str, chart: str) -> dict[str, Any]:
    """The same for values that lie over the chart's defaults.

    Args:
        values: merged, with the chart's defaults.
        release: Helm's name of the deployment, which is part of some objects' names.
        namespace: where the students' pods are made.
        chart: its name and version, such as `jupyterhub-4.4.0`.
    """
    single = values["singleuser"]
    options: dict[str, Any] = {
        "namespace": namespace,
        "consecutive_failure_limit": values["hub"]["consecutiveFailureLimit"],
    }
    for option, name in _PASSED_ON.items():
        value = get(single, *name.split("."))
        if value is not None:
            options[option] = deepcopy(value)
    image = single["image"]
    options["image"] = f"{image['name']}:{image['tag']}"
    options |= _labels(release, chart) | _scheduling(values, release) | _storage(single["storage"])
    if single["cloudMetadata"]["blockWithIptables"]:
        options["init_containers"] = [*options.get("init_containers", ()), _block(single)]
    for section in ("Spawner", "KubeSpawner"):
        options |= deepcopy(get(values, "hub", "config", section) or {})
    return options


def _labels(release: str, chart: str) -> dict[str, Any]:
    common = {
        "app": "jupyterhub",
        "app.kubernetes.io/name": "jupyterhub",
        "release": release,
        "app.kubernetes.io/instance": release,
        "app.kubernetes.io/managed-by": "kubespawner",
        "chart": chart,
        "helm.sh/chart": chart,
    }
    return {"common_labels": common}


def _scheduling(values: Values, release: str) -> dict[str, Any]:
    student = pods.user_pod(values, "student")
    result: dict[str, Any] = {
        "tolerations": student.tolerations,
        "node_affinity_required": student.terms,
    }
    if get(values, "scheduling", "userScheduler", "enabled"):
        result["scheduler_name"] = f"{release}-user-scheduler"
    if get(values, "scheduling", "podPriority", "enabled"):
        result["priority_class_name"] = f"{release}-default-priority"
    return result


def _storage(storage: dict[str, Any]) -> dict[str, Any]:
    if storage["type"] != "dynamic":
        return {}
    dynamic = storage["dynamic"]
    name = dynamic["volumeNameTemplate"]
    result = {
        "storage_pvc_ensure": True,
        "storage_class": dynamic.get("storageClass"),
        "storage_access_modes": dynamic["storageAccessModes"],
        "storage_capacity": storage["capacity"],
        "pvc_name_template": dynamic.get("pvcNameTemplate"),
        "volumes": {name: {"name": name, "persistentVolumeClaim": {"claimName": "{pvc_name}"}}},
        "volume_mounts": {
            name: {
                "mountPath": storage["homeMountPath"],
                "name": name,
                "subPath": dynamic.get("subPath"),
            }
        },
    }
    return {option: value for option, value in result.items() if value is not None}


def _block(single: dict[str, Any]) -> dict[str, Any]:
    """The container that cuts the pod's network off from the metadata server, before all else."""
    image = single["networkTools"]["image"]
    rule = "--append OUTPUT --protocol tcp --destination {} --destination-port 80 --jump DROP"
    return {
        "name": "block-cloud-metadata",
        "image": f"{image['name']}:{image['tag']}",
        "command": ["iptables", *rule.format(single["cloudMetadata"]["ip"]).split()],
        "securityContext": {
            "privileged": True,
            "runAsUser": 0,
            "capabilities": {"add": ["NET_ADMIN"]},
        },
        "resources": single["networkTools"].get("resources") or {},
    }
