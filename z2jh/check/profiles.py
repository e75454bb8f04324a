"""What a student chooses from, as KubeSpawner reads it: profiles, and choices within one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .layers import get

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .layers import Values
    from .problems import KeyPath

PATH = ("singleuser", "profileList")
_OVERRIDE = "kubespawner_override"


@dataclass(frozen=True)
class Variant:
    """One way to start a server.

    Attributes:
        name: for a person.
        path: where `own` stands in the values.
        own: what this profile or choice overrides.
        override: the same over what its profile overrides; applied by `applied`.
        is_default: whether those who do not choose get it.
    """

    name: str
    path: KeyPath
    own: dict[str, Any]
    override: dict[str, Any]
    is_default: bool = False

    def place(self, option: str, usual: KeyPath) -> KeyPath:
        """Where an option's value stands: here, or where all profiles have it from."""
        return (*self.path, option) if option in self.own else usual


def variants(values: Values) -> list[Variant]:
    """The profiles in their order, then each choice of their options; one where there are none."""
    profiles = get(values, *PATH) or []
    usual = next((number for number, each in enumerate(profiles) if each.get("default")), 0)
    found = [_profile(number, each, usual) for number, each in enumerate(profiles)]
    choices = [
        choice
        for variant, profile in zip(found, profiles, strict=True)
        for choice in _choices(variant, profile)
    ]
    return [*found, *choices] or [Variant("every server", ("singleuser",), {}, {}, is_default=True)]


def applied(usual: Any, override: dict[str, Any], option: str) -> Any:  # noqa: ANN401 -- an option has any type
    """An option's value with the override: maps are merged, null takes a key away."""
    given = override.get(option, usual)
    if isinstance(given, dict) and isinstance(usual, dict):
        given = {key: value for key, value in (usual | given).items() if value is not None}
    return given


def _profile(number: int, profile: dict[str, Any], usual: int) -> Variant:
    name = profile.get("slug") or profile.get("display_name") or str(number)
    own = profile.get(_OVERRIDE) or {}
    path = (*PATH, number, _OVERRIDE)
    return Variant(f"profile '{name}'", path, own, own, is_default=number == usual)


def _choices(variant: Variant, profile: dict[str, Any]) -> Iterator[Variant]:
    """Each choice by itself, over its profile."""
    options = profile.get("profile_options") or {}
    for option, about in options.items():
        for choice, values in (about.get("choices") or {}).items():
            own = (values or {}).get(_OVERRIDE) or {}
            inside = ("profile_options", option, "choices", choice, _OVERRIDE)
            path = (*variant.path[:-1], *inside)
            name = f"{variant.name} with {option} '{choice}'"
            over = {key: applied(variant.override.get(key), own, key) for key in own}
            yield Variant(name, path, own, variant.override | over)
