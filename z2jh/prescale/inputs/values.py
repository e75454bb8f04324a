"""The Helm values: layers merged in order, and what prescale takes out of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from z2jh.prescale.errors import ScheduleError
from z2jh.prescale.planning.machines import Machine, Room, machine

from .layers import merged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .document import KeyPath
    from .layers import Layers

# The chart's own, where the values say nothing: values.yaml of Zero to JupyterHub 4.4.0.
_CHART = {"memory": 2**30, "timeout": 3600, "every": 600, "start_timeout": 300, "spawns": 64}
_LONGEST = 14 * 24 * 3600  # seconds, as for the durations of a schedule
POOL_LABEL = "cloud.google.com/gke-nodepool"
_PROVISIONING = ("spot", "preemptible", "standard")


@dataclass(frozen=True)
class Pool:
    """A node pool for students.

    Attributes:
        name: GKE's.
        machine: type.
        least: nodes that always stand, in the whole pool.
        most: nodes that there may be.
        provisioning: spot, preemptible or standard.
        max_pods: pods that a node takes.
        taint: `key=value:effect` that students' pods tolerate; may be empty.
    """

    name: str
    machine: Machine
    least: int
    most: int
    provisioning: str = "standard"
    max_pods: int = 110
    taint: str = ""


@dataclass(frozen=True)
class Profile:
    """What a student of a profile is guaranteed.

    Attributes:
        slug: its name in addresses.
        guarantee: CPU and memory that the scheduler counts.
        volumes: disks that the student's pod attaches.
        pool: that its node selector names; any if empty.
    """

    slug: str
    guarantee: Room
    volumes: int
    pool: str = ""


@dataclass(frozen=True)
class Cull:
    """When servers that nobody uses are stopped.

    Attributes:
        timeout: seconds without use.
        every: seconds between two looks.
    """

    timeout: int
    every: int

    @property
    def longest(self) -> int:
        """Seconds until such a server is gone."""
        return self.timeout + self.every


@dataclass(frozen=True)
class Values:
    """All that prescale reads in the values.

    Attributes:
        pools: for students, by name.
        profiles: by slug; the default one is also under the empty string.
        reserve: what GKE's own pods on a node ask for.
        reserve_pods: how many those are.
        image: of a student, with its tag.
        cull: None: servers are not culled.
        start_timeout: seconds that the hub waits for a server.
        spawns: servers that the hub starts at the same time.
        cluster: project, zone or region, name, namespace; as far as they are said.
    """

    pools: dict[str, Pool]
    profiles: dict[str, Profile]
    reserve: Room
    reserve_pods: int
    image: str
    cull: Cull | None
    start_timeout: int
    spawns: int
    cluster: dict[str, str]


def load(files: Sequence[Path]) -> Values:
    """Read layers of values, later ones over earlier ones, as Helm does.

    Raises:
        ScheduleError: what is needed is missing or wrong; all problems at once.
    """
    layers = merged(files)
    found = _take(layers)
    if layers.problems:
        raise ScheduleError(layers.problems)
    return found


def _take(layers: Layers) -> Values:
    image = layers.get("singleuser", "image", "name", default="")
    tag = layers.get("singleuser", "image", "tag", default="")
    timeout, every = (
        int(layers.number(("cull", key), _CHART[key], _LONGEST)) for key in ("timeout", "every")
    )
    cluster = layers.mapping("custom", "cluster")
    reserve = ("custom", "nodeReserve")
    return Values(
        pools=_pools(layers),
        profiles=_profiles(layers),
        reserve=Room(
            layers.number((*reserve, "cpu"), 0.5), layers.bytes((*reserve, "memory"), 750 * 2**20)
        ),
        reserve_pods=int(layers.number((*reserve, "pods"), 15)),
        image=f"{image}:{tag}" if tag else str(image),
        cull=Cull(timeout, every) if layers.get("cull", "enabled", default=True) else None,
        start_timeout=max(
            1, int(layers.number(("singleuser", "startTimeout"), _CHART["start_timeout"]))
        ),
        # JupyterHub takes 0 for no limit.
        spawns=int(layers.number(("hub", "concurrentSpawnLimit"), _CHART["spawns"])) or 10**9,
        cluster={str(key): str(value) for key, value in cluster.items()},
    )


def _pools(layers: Layers) -> dict[str, Pool]:
    path: KeyPath = ("custom", "pools")
    given = layers.get(*path)
    if not isinstance(given, dict) or not given:
        layers.bad(path, "'custom.pools' names no pool", "say machineType, minNodes and maxNodes")
        return {}
    return {
        str(name): pool
        for name in given
        if layers.get(*path, name, "purpose", default="user") == "user"
        and (pool := _pool(layers, str(name), (*path, name)))
    }


def _pool(layers: Layers, name: str, path: KeyPath) -> Pool | None:
    name_of_type = layers.get(*path, "machineType")
    provisioning = layers.get(*path, "provisioning", default="standard")
    if not isinstance(name_of_type, str):
        layers.bad(path, f"pool '{name}' has no machineType", "add it, as in n2-highmem-8")
        return None
    kind = machine(name_of_type)
    if kind is None:
        what = f"pool '{name}': what machine type {name_of_type} has is not known here"
        hint = "take a predefined or custom type, or give the pool a `purpose` that is not user"
        layers.bad((*path, "machineType"), what, hint)
        return None
    if provisioning not in _PROVISIONING:
        what = f"pool '{name}' has the provisioning {provisioning!r}"
        layers.bad((*path, "provisioning"), what, f"write {', '.join(_PROVISIONING)}")
        return None
    least = int(layers.number((*path, "minNodes"), 0))
    most = int(layers.number((*path, "maxNodes"), 0))
    if most < max(1, least):
        what = f"pool '{name}' has at most {most} nodes, and at least {least}"
        layers.bad((*path, "maxNodes"), what, "raise maxNodes")
        return None
    pods = int(layers.number((*path, "maxPods"), 110))
    taint = str(layers.get(*path, "taint", default=""))
    return Pool(name, kind, least, most, provisioning, pods, taint)


def _profiles(layers: Layers) -> dict[str, Profile]:
    user: KeyPath = ("singleuser",)
    memory = layers.bytes(
        _guarantee(layers, (*user, "memory", "guarantee"), (*user, "memory", "limit")),
        _CHART["memory"],
    )
    cpu = layers.number(_guarantee(layers, (*user, "cpu", "guarantee"), (*user, "cpu", "limit")), 0)
    volumes = _volumes(layers)
    pool = layers.get(*user, "nodeSelector", POOL_LABEL, default="")
    plain = Profile("", Room(cpu, memory), volumes, str(pool))
    profiles = {"": plain}
    for number, each in enumerate(layers.sequence("singleuser", "profileList")):
        if not isinstance(each, dict):
            continue
        slug = str(
            each.get("slug") or re.sub("[^a-z0-9]+", "-", str(each.get("display_name")).lower())
        )
        override: KeyPath = ("singleuser", "profileList", number, "kubespawner_override")
        guarantee = Room(
            layers.number((*override, "cpu_guarantee"), cpu),
            layers.bytes((*override, "mem_guarantee"), memory),
        )
        own = layers.get(*override, "node_selector", POOL_LABEL, default=pool)
        profiles[slug] = Profile(slug, guarantee, volumes, str(own))
        if each.get("default"):
            profiles[""] = profiles[slug]
    return profiles


def _guarantee(layers: Layers, path: KeyPath, limit: KeyPath) -> KeyPath:
    """The path that counts: Kubernetes takes the limit where there is no guarantee."""
    return limit if layers.get(*path) is None and layers.get(*limit) is not None else path


def _volumes(layers: Layers) -> int:
    dynamic = layers.get("singleuser", "storage", "type", default="dynamic") == "dynamic"
    extra = layers.sequence("singleuser", "storage", "extraVolumes")
    claims = [it for it in extra if isinstance(it, dict) and "persistentVolumeClaim" in it]
    return int(dynamic) + len(claims)
