"""What a deployment would change, as a person reads it, with every secret covered."""

from __future__ import annotations

import difflib
import hashlib
from typing import TYPE_CHECKING, Any

import yaml

from z2jh.check import secrecy
from z2jh.check.manifests import handed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from z2jh.check.problems import KeyPath

_CONTEXT = 3


def between(old: Iterable[dict[str, Any]], new: Iterable[dict[str, Any]]) -> list[str]:
    """The lines of a unified difference of two sets of manifests; none: they are the same.

    What a Secret holds is shown by its hash's first characters: that it changes is seen, what it
    is, is not. The values that the chart hands to its hub in one are shown, but for their secrets.
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
        f"{each.get('kind')}/{(each.get('metadata') or {}).get('name')}": list(_lines(each))
        for each in manifests
    }


def _lines(manifest: dict[str, Any]) -> Iterator[str]:
    if manifest.get("kind") == "Secret":
        shown = {key: _without_secrets(values) for key, values in handed(manifest).items()}
        manifest = {**manifest}
        for section in ("data", "stringData"):
            held = manifest.get(section) or {}
            manifest[section] = {key: shown.get(key, _hash(held[key])) for key in held}
    yield from yaml.safe_dump(manifest, sort_keys=True).splitlines()


def _without_secrets(values: Any, path: KeyPath = ()) -> Any:  # noqa: ANN401 -- any YAML
    """The same values, with a hash in each place of a secret."""
    if isinstance(values, dict):
        return {key: _without_secrets(value, (*path, key)) for key, value in values.items()}
    if isinstance(values, list):
        return [_without_secrets(value, (*path, number)) for number, value in enumerate(values)]
    return _hash(values) if any(secrecy.places(values, path)) else values


def _hash(value: object) -> str:
    return f"(secret {hashlib.sha256(str(value).encode()).hexdigest()[:8]})"
