"""What Helm makes of the chart and the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from . import helm
from .layers import FastLoader, get
from .problems import UnusableError

if TYPE_CHECKING:
    from pathlib import Path

    from .chart import Pin
    from .layers import Stack

RELEASE = "hub"
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet")


def namespace(stack: Stack) -> str:
    """Where the hub is deployed."""
    return str(get(stack.values, "custom", "cluster", "namespace") or RELEASE)


def files(stack: Stack) -> list[str]:
    """The layers as Helm's arguments, in their order."""
    return [part for layer in stack.layers for part in ("--values", str(layer.file))]


def text(chart: Path, stack: Stack, pinned: Pin) -> str:
    """All manifests, hooks among them, as YAML.

    Raises:
        HelmError: helm refuses the values or the chart.
    """
    where = ["--namespace", namespace(stack), "--kube-version", pinned.kubernetes]
    return helm.run("template", RELEASE, str(chart), *where, *files(stack))


def manifests(rendered: str) -> list[dict[str, Any]]:
    """The documents in a render.

    Raises:
        UnusableError: it is no YAML.
    """
    try:
        return [each for each in yaml.load_all(rendered, FastLoader) if each]
    except yaml.YAMLError as error:
        raise UnusableError(f"what the chart renders is not YAML: {error}") from error


def pod_template(manifest: dict[str, Any]) -> dict[str, Any] | None:
    """The pod that a manifest leads to, if it leads to one."""
    if manifest.get("kind") == "Pod":
        return manifest
    if manifest.get("kind") == "CronJob":
        manifest = manifest["spec"]["jobTemplate"]
    elif manifest.get("kind") not in _WORKLOADS:
        return None
    template: dict[str, Any] = manifest["spec"]["template"]
    return template
