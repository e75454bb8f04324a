"""What is rendered is held against Kubernetes' schemas and the rules, whatever the values say."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from z2jh.check.hub import Hub
from z2jh.check.rendering import chart
from z2jh.check.rules import manifests
from z2jh.check.run import check
from z2jh.hubvalues import layers, pools

if TYPE_CHECKING:
    from pathlib import Path


def test_placeholders_fit_to_the_byte_in_what_is_rendered(
    chart_folder: Path, tmp_path: Path
) -> None:
    """A template that rounds is told, and the real one does not."""
    stack = layers.stack("prod")
    small = shutil.copytree(chart_folder, tmp_path / "small")
    pods = small / "templates/pods.yaml"
    pods.write_text(pods.read_text().replace("{{ .Values.singleuser.memory.guarantee }}", "2G"))
    (problem,) = check(stack, chart.pin(), chart.read(small))
    assert "asks for 2000000000 bytes and 0.25 CPU, a student for 2147483648" in str(problem)


RENDERED = [
    pytest.param(
        ("containers", [{"name": "a", "image": "a/b:latest"}]),
        "'a/b:latest' is not pinned",
        id="image",
    ),
    pytest.param(("nodeSelector", {"a": "b"}), "no pool lets its pods in", id="selector"),
    pytest.param(("tolerations", [{"operator": "Exists"}]), "the user pool 'students'", id="door"),
    pytest.param(("hostNetwrk", True), "hostNetwrk", id="Kubernetes' schema"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "said"), RENDERED)
def test_what_is_rendered_is_held_against_the_same_rules(
    changed: tuple[str, object], said: str
) -> None:
    """A template could do what the values do not say."""
    stack = layers.stack("prod")
    spec: dict[str, object] = {
        "containers": [{"name": "a", "image": "a/b:1"}],
        "tolerations": [{"key": "components.gke.io/gke-managed-components", "operator": "Exists"}],
    }
    spec[changed[0]] = changed[1]
    labels = {"component": "hub"}
    template = {"metadata": {"labels": labels}, "spec": spec}
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "hub"},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    hub = Hub(stack, stack.values, pools.read(stack)[0])
    found = manifests.check(hub, [manifest], "1.33")
    assert any(said in str(problem) for problem in found), found
    assert {problem.where for problem in found} == {"Deployment/hub"}


def test_a_secret_in_a_render_is_told() -> None:
    """In plain sight, and in the Secret by which the chart hands the values to the hub."""
    stack = layers.stack("prod")
    hub = Hub(stack, stack.values, pools.read(stack)[0])
    plain = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x"},
        "data": {"client_secret": "abc"},
    }
    encoded = "aHViOgogIGNvbmZpZzoKICAgIEE6IHtjbGllbnRfc2VjcmV0OiBhYmN9Cg=="
    handed = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "hub"},
        "data": {"values.yaml": encoded, "hub.config.ConfigurableHTTPProxy.auth_token": "YWJj"},
    }
    lines = [str(problem) for problem in manifests.check(hub, [plain, handed], "1.33")]
    assert [line.rsplit(": ", 1)[0] for line in lines] == [
        "ConfigMap/x: data.client_secret: a secret is rendered",
        "Secret/hub: data.values.yaml.hub.config.A.client_secret: a secret is rendered",
    ]
    assert not any("abc" in line for line in lines)
