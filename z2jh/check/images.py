"""Every image is pinned: by a tag that does not move, or by its digest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .invariants import Hub
    from .problems import KeyPath, Problem

_MOVING = ("", "latest", "main", "master", "edge", "stable", "dev", "nightly")


def check(hub: Hub) -> Iterator[Problem]:
    """Images in the values that are not pinned."""
    for path, image in named(hub.values):
        if not is_pinned(image):
            yield hub.problem(
                f"the image '{image}' is not pinned: give a tag that does not move, or a digest",
                *path,
            )


def named(values: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:  # noqa: ANN401 -- any YAML
    """Every image that values name, as `name:tag` or in one word, with where they do."""
    if isinstance(values, dict):
        image = values.get("image")
        if isinstance(image, str) and image:
            yield (*path, "image"), image
        elif isinstance(image, dict) and image.get("name"):
            yield (*path, "image"), f"{image['name']}:{image.get('tag') or ''}"
        for key, value in values.items():
            yield from named(value, (*path, key))
    elif isinstance(values, list):
        for number, value in enumerate(values):
            yield from named(value, (*path, number))


def is_pinned(image: str) -> bool:
    """Whether the same image is meant tomorrow."""
    if "@sha256:" in image:
        return True
    _, _, tag = image.rpartition("/")[2].partition(":")
    return tag not in _MOVING
