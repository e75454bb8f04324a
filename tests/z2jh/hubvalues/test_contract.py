"""KubeSpawner, hub-check and prescale read the same student out of the same values."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jupyterhub.objects import Hub, Server
from kubernetes_asyncio.config import kube_config
from kubespawner import KubeSpawner
from traitlets.config import Config

from z2jh.hubvalues import layers, pods, pools
from z2jh.hubvalues.layers import CHART_DEFAULTS, Layer, Stack
from z2jh.hubvalues.seats import seats
from z2jh.prescale.inputs import values as prescale_values
from z2jh.prescale.planning import capacity
from z2jh.resources import Resources

if TYPE_CHECKING:
    from collections.abc import Iterator

GIB = 2**30
memory = st.one_of(
    st.integers(2**26, 2**36),
    st.integers(2**26, 2**36).map(float),
    st.sampled_from(["512M", "1.5G", "2G", "0.01T", "786432K"]),
)
cpu = st.one_of(st.integers(1, 8), st.sampled_from([0.01, 0.05, 0.1, 0.25, 0.333, 1.5, 0.0005]))
override = st.fixed_dictionaries(
    {},
    optional={
        "mem_guarantee": memory | st.none(),
        "mem_limit": memory | st.none(),
        "cpu_guarantee": cpu | st.none(),
        "cpu_limit": cpu | st.none(),
    },
)
choice = st.fixed_dictionaries(
    {"display_name": st.just("a choice")},
    optional={"default": st.booleans(), "kubespawner_override": override},
)
option = st.fixed_dictionaries(
    {"choices": st.dictionaries(st.sampled_from("abc"), choice, min_size=1)}
)
profile = st.fixed_dictionaries(
    {"display_name": st.sampled_from(["Course", "Large class", "Exam 2"])},
    optional={
        "slug": st.sampled_from(["course", "large", "exam"]),
        "default": st.booleans(),
        "kubespawner_override": override,
        "profile_options": st.dictionaries(st.sampled_from(["size", "gpu"]), option),
    },
)
given_or_null = st.fixed_dictionaries(
    {}, optional={"guarantee": memory | st.none(), "limit": memory | st.none()}
)
values = st.fixed_dictionaries(
    {
        "singleuser": st.fixed_dictionaries(
            {},
            optional={
                "memory": given_or_null,
                "cpu": st.fixed_dictionaries(
                    {}, optional={"guarantee": cpu | st.none(), "limit": cpu | st.none()}
                ),
                "profileList": st.lists(
                    profile, max_size=3, unique_by=lambda it: it.get("slug", it["display_name"])
                ),
            },
        ),
        "custom": st.fixed_dictionaries(
            {},
            optional={
                "nodeReserve": st.fixed_dictionaries(
                    {},
                    optional={
                        "cpu": st.sampled_from([0, 0.25, 1]),
                        "memory": st.integers(0, GIB),
                        "pods": st.integers(0, 30),
                    },
                )
            },
        ),
    }
)
POOL = {
    "purpose": "user",
    "provisioning": "spot",
    "minNodes": 0,
    "maxNodes": 3,
    "diskGB": 100,
    "taint": "hub.jupyter.org_dedicated=user:NoSchedule",
}
pool = st.fixed_dictionaries(
    {"machineType": st.sampled_from(["n2-highmem-8", "e2-standard-4", "n2-highmem-80"])},
    optional={"maxPods": st.integers(16, 256)},
)


@pytest.fixture(scope="module")
def _kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """KubeSpawner wants to know an API server, which these tests do not ask anything."""
    file = tmp_path_factory.mktemp("kube") / "config"
    known = {
        "clusters": [{"name": "local", "cluster": {"server": "http://127.0.0.1:1"}}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": "local"}}],
        "users": [{"name": "local", "user": {}}],
        "current-context": "local",
    }
    file.write_text(yaml.safe_dump(known))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(file))
        yield


async def spawned(merged: dict[str, Any]) -> dict[str, Any]:
    """The resources of the container that KubeSpawner makes for a student who chooses nothing."""
    single = merged["singleuser"]
    options = {
        f"{short}_{which}": single.get(long, {}).get(which)
        for short, long in (("mem", "memory"), ("cpu", "cpu"))
        for which in ("guarantee", "limit")
    }
    options["profile_list"] = single.get("profileList", [])
    spawner = KubeSpawner(
        _mock=True,
        config=Config(KubeSpawner={k: v for k, v in options.items() if v is not None}),
        hub=Hub(connect_url="http://hub:8081", base_url="/hub/"),
        user=SimpleNamespace(
            name="alice", escaped_name="alice", id=1, url="/user/alice/", server=Server()
        ),
        api_token="of-the-test",  # noqa: S106 -- no API has it
        oauth_client_id="unused",
        user_options={},
    )
    await spawner.load_user_options()
    resources = (await spawner.get_pod_manifest()).spec.containers[0].resources
    # The API server's own default: a limit without a request is a request.
    return {**(resources.limits or {}), **(resources.requests or {})}


NO_DEFAULT = {
    "singleuser": {
        "memory": {"guarantee": 2 * GIB},
        "profileList": [
            {"display_name": "Large class", "kubespawner_override": {"mem_guarantee": 8 * GIB}},
            {"display_name": "Course"},
        ],
    },
    "custom": {"nodeReserve": {"cpu": 0.5, "memory": 786432000}},
}
NO_RESERVE: dict[str, Any] = {
    "singleuser": {"memory": {"guarantee": 2 * GIB}, "cpu": {"guarantee": 0.25}},
    "custom": {},
}
TINY: dict[str, Any] = {
    "singleuser": {"memory": {"guarantee": 2**26}, "cpu": {"guarantee": 0.01}},
    "custom": {"nodeReserve": {"cpu": 0.5, "memory": 786432000}},
}
HIGHMEM = {"machineType": "n2-highmem-8"}


@pytest.mark.usefixtures("_kubeconfig")
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(said=values, kind=pool)
@example(said=NO_DEFAULT, kind=HIGHMEM)
@example(said=NO_RESERVE, kind=HIGHMEM)
@example(said=TINY, kind=HIGHMEM)
def test_all_readers_agree(said: dict[str, Any], kind: dict[str, Any]) -> None:
    """On who the default student is, what that student is guaranteed, and the seats of a node."""
    said = {**said, "custom": {**said["custom"], "pools": {"students": {**POOL, **kind}}}}
    merged = layers.over_defaults(CHART_DEFAULTS, said)
    theirs = asyncio.run(spawned(merged))

    stack = Stack((Layer(Path("values.yaml"), said, {}),))
    (students,), problems = pools.read(stack)
    assert problems == []
    student = pods.default_student(merged)

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "values.yaml")
        file.write_text(yaml.safe_dump(said, sort_keys=False))
        found = prescale_values.load([file])
    planned = capacity.of(found.pools["students"], found.profiles[""])

    assert student.requests == Resources(theirs.get("memory", 0), theirs.get("cpu", 0))
    assert found.profiles[""].requests == student.requests
    assert seats(students, student) == planned.seats
