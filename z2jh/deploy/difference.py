"""The difference between two deployments, for a person, with every secret covered."""

from __future__ import annotations

import difflib
import hashlib
from typing import TYPE_CHECKING, Any

import yaml

from z2jh.check.rules import secret_scan
from z2jh.check.rules.manifests import passed_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from z2jh.problems import KeyPath

_CONTEXT = 3


def between(old: Iterable[dict[str, Any]], new: Iterable[dict[str, Any]]) -> list[str]:
    """Returns the lines of a unified difference of two sets of manifests.

    Each value of a Secret is replaced by the start of its hash, which shows that it changes. The
    values that the chart passes to its hub in a Secret are shown, but for their own secrets.
    """
    before, after = _by_name(old), _by_name(new)
    lines: list[str] = []
    for name in sorted(before | after):
        lines += difflib.unified_diff(
            before.get(name, []),
            after.get(name, []),
            fromfile=f"{name} (now)" if name in before else "(not there)",
            tofile=f"{name} (then)" if name in after else "(taken away)",
            n=_CONTEXT,
            lineterm="",
        )
    return lines


def _by_name(manifests: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    return {
        f"{manifest.get('kind')}/{(manifest.get('metadata') or {}).get('name')}": list(
            _lines(manifest)
        )
        for manifest in manifests
    }


def _lines(manifest: dict[str, Any]) -> Iterator[str]:
    if manifest.get("kind") == "Secret":
        shown = {key: _without_secrets(values) for key, values in passed_values(manifest).items()}
        manifest = {**manifest}
        for section in ("data", "stringData"):
            values = manifest.get(section) or {}
            manifest[section] = {key: shown.get(key, _hash(values[key])) for key in values}
    yield from yaml.safe_dump(manifest, sort_keys=True).splitlines()


def _without_secrets(values: Any, path: KeyPath = ()) -> Any:  # noqa: ANN401 -- any YAML
    """Returns the values with a hash in place of each secret."""
    if isinstance(values, dict):
        return {key: _without_secrets(value, (*path, key)) for key, value in values.items()}
    if isinstance(values, list):
        return [_without_secrets(value, (*path, number)) for number, value in enumerate(values)]
    return _hash(values) if any(secret_scan.places(values, path)) else values


def _hash(value: object) -> str:
    return f"(secret {hashlib.sha256(str(value).encode()).hexdigest()[:8]})"
