"""Rules of images: each is pinned, by a tag that does not move or by its digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from z2jh.hubvalues.layers import parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from z2jh.check.hub import Hub
    from z2jh.hubvalues.layers import Values
    from z2jh.problems import KeyPath, Problem

_MOVING = ("", "latest", "main", "master", "edge", "stable", "dev", "nightly")


def check(hub: Hub) -> Iterator[Problem]:
    """Yields the images in the values that are not pinned."""
    for path, image in _named(hub.values):
        if not is_pinned(image):
            yield hub.problem(
                f"the image '{image}' is not pinned: give a tag that does not move, or a digest",
                *path,
            )


def is_pinned(image: str) -> bool:
    """Returns whether an image's name means the same image tomorrow."""
    if "@sha256:" in image:
        return True
    _, _, tag = image.rpartition("/")[2].partition(":")
    return tag not in _MOVING


def _named(values: Values) -> Iterator[tuple[KeyPath, str]]:
    """Yields every image that values name, as `name:tag` or in one word, with its place."""
    for path, part in parts(values):
        image = part.get("image") if isinstance(part, dict) else None
        if isinstance(image, str) and image:
            yield (*path, "image"), image
        elif isinstance(image, dict) and image.get("name"):
            yield (*path, "image"), f"{image['name']}:{image.get('tag') or ''}"
