"""The ways to start a server that a student chooses from, as KubeSpawner reads them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .layers import get

if TYPE_CHECKING:
    from collections.abc import Iterator

    from z2jh.problems import KeyPath

    from .layers import Values

PATH = ("singleuser", "profileList")
_OVERRIDE = "kubespawner_override"


@dataclass(frozen=True)
class Override:
    """Options of KubeSpawner that a profile or a choice sets, and where the values set them."""

    path: KeyPath
    options: dict[str, Any]


@dataclass(frozen=True)
class Variant:
    """One way to start a server: a profile, with a choice for each of its options."""

    name: str  # for a person
    slug: str = ""  # the profile's; empty where there are no profiles
    overrides: tuple[Override, ...] = ()  # in the order in which KubeSpawner applies them
    is_default: bool = True  # whether a student who chooses nothing at all gets it
    is_plain: bool = True  # whether a student who chooses the profile alone gets it

    def place(self, option: str, usual: KeyPath) -> KeyPath:
        """Returns where an option's value stands: in the last override of it, or elsewhere."""
        for override in reversed(self.overrides):
            if option in override.options:
                return (*override.path, option)
        return usual

    def applied(self, option: str, usual: Any) -> Any:  # noqa: ANN401 -- an option has any type
        """Returns an option's value: maps are merged, and null takes a key away."""
        for override in self.overrides:
            given = override.options.get(option, usual)
            if isinstance(given, dict) and isinstance(usual, dict):
                given = {key: value for key, value in (usual | given).items() if value is not None}
            usual = given
        return usual


def variants(values: Values) -> list[Variant]:
    """Returns the profiles in their order, each with its default choices and then the others.

    Where there are no profiles, there is one variant.
    """
    profiles = get(values, *PATH) or []
    usual = next((number for number, each in enumerate(profiles) if each.get("default")), 0)
    return [
        variant
        for number, profile in enumerate(profiles)
        for variant in _of_profile(number, profile, is_default=number == usual)
    ] or [Variant("every server")]


def _of_profile(number: int, profile: Values, *, is_default: bool) -> Iterator[Variant]:
    title = str(profile.get("display_name") or number)
    name = f"profile '{profile.get('slug') or title}'"
    slug = str(profile["slug"] if "slug" in profile else _slug(title))
    path = (*PATH, number)
    own = Override((*path, _OVERRIDE), profile.get(_OVERRIDE) or {})
    options = {
        option: choices
        for option, about in (profile.get("profile_options") or {}).items()
        if (choices := (about or {}).get("choices"))
    }
    usual = {option: _default_choice(choices) for option, choices in options.items()}

    def variant(chosen: dict[str, str], shown: dict[str, str], *, is_plain: bool) -> Variant:
        overrides = [
            Override(
                (*path, "profile_options", option, "choices", choice, _OVERRIDE),
                (options[option][choice] or {}).get(_OVERRIDE) or {},
            )
            for option, choice in chosen.items()
        ]
        told = " and ".join(f"{option} '{choice}'" for option, choice in shown.items())
        return Variant(
            f"{name} with {told}" if told else name,
            slug,
            (own, *overrides),
            is_default=is_default and is_plain,
            is_plain=is_plain,
        )

    yield variant(usual, usual, is_plain=True)
    for option, choices in options.items():
        for choice in choices:
            if choice != usual[option]:
                yield variant(usual | {option: choice}, {option: choice}, is_plain=False)


def _default_choice(choices: Values) -> str:
    return next((name for name, each in choices.items() if (each or {}).get("default")),
                next(iter(choices)))  # fmt: skip


def _slug(title: str) -> str:
    """Makes the name that KubeSpawner makes for a profile without one."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")
