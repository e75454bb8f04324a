"""One thing that is to exist in Google's cloud: how to look for it and how to make it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from z2jh.check.pools import Pool

    from .place import Place


@dataclass(frozen=True)
class Resource:
    """One thing that is to exist.

    Attributes:
        what: for a person.
        look: the call that succeeds when it exists; empty when making it twice does no harm.
        make: the call that makes it.
        named: for a call that lists: what its answer contains when the thing exists.
        pool: the pool that it is, so that a change of its size is seen.
        comes_with: what brings it along, unwanted: `make` takes it away again.
    """

    what: str
    look: tuple[str, ...]
    make: tuple[str, ...]
    named: str = ""
    pool: Pool | None = None
    comes_with: str = ""


def gcloud(where: Place, *arguments: str) -> tuple[str, ...]:
    """A call in the cluster's project, which asks nothing back."""
    return ("gcloud", *arguments, "--project", where.project, "--quiet")


def looked(
    where: Place,
    what: str,
    kind: tuple[str, ...],
    named: tuple[str, ...],
    *options: str,
) -> Resource:
    """A resource of the usual kind: `describe` tells whether it is there, `create` makes it.

    Args:
        where: the project.
        what: for a person.
        kind: gcloud's group of commands.
        named: its name, and the options that say where it is.
        options: what it is to be like.
    """
    look = gcloud(where, *kind, "describe", *named, "--format", "json")
    return Resource(what, look, gcloud(where, *kind, "create", *named, *options))
