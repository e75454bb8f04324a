"""One thing that is to exist in Google's cloud: how to look it up and how to make it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from z2jh.hubvalues.pools import Pool

    from .place import Place


@dataclass(frozen=True)
class Resource:
    """One thing that is to exist."""

    what: str  # its name for a person
    look: tuple[str, ...]  # succeeds when it exists; empty when making it twice does no harm
    make: tuple[str, ...]
    named: str = ""  # for a call that lists: the line that its answer has when the thing exists
    pool: Pool | None = None  # the pool that it is, so that a change of its size is seen
    deleted_with: str = ""  # the resource that brings it along unwanted; `make` deletes it again


def gcloud(where: Place, *arguments: str) -> tuple[str, ...]:
    """Returns a call in the cluster's project that asks no questions."""
    return ("gcloud", *arguments, "--project", where.project, "--quiet")


def describable(
    where: Place, what: str, kind: tuple[str, ...], named: tuple[str, ...], *options: str
) -> Resource:
    """Returns a resource of the usual kind: `describe` looks it up, `create` makes it.

    `kind` is gcloud's group of commands; `named` is its name, and the options that say where it is.
    """
    look = gcloud(where, *kind, "describe", *named, "--format", "json")
    return Resource(what, look, gcloud(where, *kind, "create", *named, *options))
