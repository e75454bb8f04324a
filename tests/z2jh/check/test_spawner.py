"""The real KubeSpawner makes students' pods from our values, against a local API server."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
import yaml
from jupyterhub.objects import Hub, Server
from kubernetes_asyncio.config import kube_config
from kubespawner import KubeSpawner
from traitlets.config import Config

from tests.z2jh.check import hub_configuration, kubernetes_api
from z2jh.check.rendering import chart
from z2jh.hubvalues import layers, pods
from z2jh.resources import quantity

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.z2jh.check.kubernetes_api import Cluster
    from z2jh.check.rendering.chart import Chart

    Student = Callable[..., KubeSpawner]
    Play = Callable[[Cluster, Student], Awaitable[None]]

MANIFESTS = Path(__file__).with_name("manifests")
CLASS = 200
NAMESPACE = "hub"


@pytest.fixture
def values(known_chart: Chart) -> dict[str, Any]:
    """Production's, over the chart's defaults."""
    return layers.over_defaults(known_chart.defaults, layers.stack("prod").values)


@pytest.fixture
def play(
    values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Play], None]:
    """Runs a play against an API server of its own."""
    server = {"name": "local", "cluster": {"server": "http://127.0.0.1:1"}}
    context = {"name": "local", "context": {"cluster": "local", "user": "local"}}
    user = {"name": "local", "user": {}}
    known = {"clusters": [server], "contexts": [context], "users": [user]}
    tmp_path.joinpath("kubeconfig").write_text(
        yaml.safe_dump({**known, "current-context": "local"})
    )
    # KUBECONFIG is read when the client is imported.
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "kubeconfig"))

    def student(cluster: Cluster, name: str, profile: str = "course") -> KubeSpawner:
        options = hub_configuration.retold(values, "hub", NAMESPACE, "jupyterhub-4.4.0") | {
            "k8s_api_host": cluster.url
        }
        person = SimpleNamespace(
            name=name, escaped_name=name, id=1, url=f"/user/{name}/", server=Server()
        )
        return KubeSpawner(
            config=Config(KubeSpawner=options),
            hub=Hub(connect_url="http://hub:8081", base_url="/hub/"),
            user=person,
            api_token="of-the-test",  # noqa: S106 -- no API has it
            oauth_client_id="unused",
            user_options={"profile": profile},
        )

    async def run(scenario: Play) -> None:
        async with kubernetes_api.running() as cluster:
            try:
                await scenario(cluster, partial(student, cluster))
            finally:
                await asyncio.gather(*(each.stop() for each in KubeSpawner.reflectors.values()))
                KubeSpawner.reflectors.clear()
                await _end_tasks()

    return lambda scenario: asyncio.run(asyncio.wait_for(run(scenario), 120))


async def _end_tasks() -> None:
    """KubeSpawner leaves the closing of its clients to the end of the hub."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    closing = [task for task in others if "close_client" in repr(task)]
    for task in closing:
        task.cancel()
    await asyncio.gather(*closing, return_exceptions=True)


def reviewed(profile: str, values: dict[str, Any]) -> dict[str, Any]:
    """A manifest as it was read by a person, with the chart's name for its own image."""
    text = MANIFESTS.joinpath(f"{profile}.yaml").read_text()
    tools = values["singleuser"]["networkTools"]["image"]
    text = text.replace("IMAGE-OF-networkTools", f"{tools['name']}:{tools['tag']}")
    manifest: dict[str, Any] = yaml.safe_load(text)
    return manifest


@pytest.mark.parametrize("profile", ["course", "exam", "large"])
def test_each_profiles_pod_is_the_one_that_was_reviewed(
    profile: str, values: dict[str, Any], play: Callable[[Play], None]
) -> None:
    """The whole manifest, as it is posted; and Kubernetes' own schema accepts it."""

    async def scenario(cluster: Cluster, student: Student) -> None:
        await student("alice", profile).start()
        (pod,) = cluster.made("Pod")
        assert pod == reviewed(profile, values)
        kubernetes_validate.validate(pod, chart.pin().kubernetes, strict=True)
        (claim,) = cluster.made("PersistentVolumeClaim")
        kubernetes_validate.validate(claim, chart.pin().kubernetes, strict=True)
        assert claim["spec"]["storageClassName"] == "homes"
        assert claim["spec"]["resources"]["requests"]["storage"] == "10Gi"

    play(scenario)


def test_a_class_comes_at_once_and_everybody_gets_a_pod(play: Callable[[Play], None]) -> None:
    """200 starts at the same time: as many pods, homes and addresses, all different."""
    names = [f"student-{number}" for number in range(CLASS - 2)]
    names += ["Zoë.O'Neil@example.org", "zoe.oneil@example.org"]

    async def scenario(cluster: Cluster, student: Student) -> None:
        servers = [student(name) for name in names]
        urls = await asyncio.gather(*(server.start() for server in servers))
        assert len(set(urls)) == CLASS
        assert [await server.poll() for server in servers] == [None] * CLASS
        assert len({pod["metadata"]["name"] for pod in cluster.pods()}) == CLASS
        volumes = [pod["spec"]["volumes"][0] for pod in cluster.pods()]
        claims = {volume["persistentVolumeClaim"]["claimName"] for volume in volumes}
        assert len(claims) == CLASS
        made = cluster.made("PersistentVolumeClaim")
        assert claims == {claim["metadata"]["name"] for claim in made}

    play(scenario)


def test_a_student_whose_node_was_taken_away_gets_another_pod_with_the_same_home(
    play: Callable[[Play], None],
) -> None:
    """The hub sees that the server has ended, and the next start needs nobody's help."""

    async def scenario(cluster: Cluster, student: Student) -> None:
        server = student("alice")
        await server.start()
        assert await server.poll() is None
        await cluster.take_node_away()
        while await server.poll() is None:  # noqa: ASYNC110 -- the reflector has no event for it
            await asyncio.sleep(0.01)
        again = student("alice")
        await again.start()
        assert await again.poll() is None
        (first, second) = cluster.made("Pod")
        assert first["spec"]["volumes"] == second["spec"]["volumes"]
        assert len(cluster.made("PersistentVolumeClaim")) == 1
        assert [pod["status"]["phase"] for pod in cluster.pods()] == ["Running"]

    play(scenario)


def test_students_pods_ask_for_what_the_rules_believe(
    values: dict[str, Any], play: Callable[[Play], None]
) -> None:
    """What is checked of a profile is what its pod asks for: resources, taints, nodes."""

    async def scenario(cluster: Cluster, student: Student) -> None:
        for expected in pods.students(values):
            profile = expected.name.removeprefix("profile '").removesuffix("'")
            await student(f"s-{profile}", profile).start()
            spec = cluster.made("Pod")[-1]["spec"]
            requests = spec["containers"][0]["resources"]["requests"]
            assert int(quantity(requests["memory"])) == expected.requests.memory
            assert float(quantity(requests["cpu"])) == expected.requests.cpu
            assert spec["tolerations"] == expected.tolerations
            assert (spec.get("nodeSelector") or {}) == expected.selector
            affinity = spec["affinity"]["nodeAffinity"]
            required = affinity["requiredDuringSchedulingIgnoredDuringExecution"]
            assert required["nodeSelectorTerms"] == expected.terms

    play(scenario)
