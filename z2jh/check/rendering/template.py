"""The manifests that helm makes of the chart and the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from z2jh.document import FastLoader
from z2jh.hubvalues.layers import get
from z2jh.problems import UnusableError

from . import helm

if TYPE_CHECKING:
    from pathlib import Path

    from z2jh.hubvalues.layers import Stack

    from .chart import Pin

RELEASE = "hub"
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet")


def namespace(stack: Stack) -> str:
    """Returns the namespace of the hub."""
    return str(get(stack.values, "custom", "cluster", "namespace") or RELEASE)


def files(stack: Stack) -> list[str]:
    """Returns the layers as helm's arguments, in their order."""
    return [part for layer in stack.layers for part in ("--values", str(layer.file))]


def text(chart: Path, stack: Stack, pinned: Pin) -> str:
    """Render all manifests, hooks among them, as YAML.

    Raises:
        HelmError: helm refuses the values or the chart.
    """
    where = ["--namespace", namespace(stack), "--kube-version", pinned.kubernetes]
    return helm.run("template", RELEASE, str(chart), *where, *files(stack))


def manifests(rendered: str) -> list[dict[str, Any]]:
    """Read the manifests of a render.

    Raises:
        UnusableError: it is not YAML.
    """
    try:
        return [manifest for manifest in yaml.load_all(rendered, FastLoader) if manifest]
    except yaml.YAMLError as error:
        raise UnusableError(f"what the chart renders is not YAML: {error}") from error


def pod_template(manifest: dict[str, Any]) -> dict[str, Any] | None:
    """Returns the pod that a manifest makes, if it makes one."""
    if manifest.get("kind") == "Pod":
        return manifest
    if manifest.get("kind") == "CronJob":
        manifest = manifest["spec"]["jobTemplate"]
    elif manifest.get("kind") not in _WORKLOADS:
        return None
    template: dict[str, Any] = manifest["spec"]["template"]
    return template
