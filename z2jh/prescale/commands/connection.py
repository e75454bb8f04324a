"""The cluster that the options name, with the plan for it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from z2jh.prescale.inputs.inputs import make_plan, read_site

from .plan import files_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from z2jh.prescale.cloud.lease import Hold
    from z2jh.prescale.errors import PrescaleError
    from z2jh.prescale.planning.cluster_state import World
    from z2jh.prescale.planning.decision import Action
    from z2jh.prescale.planning.plan import Plan

_AHEAD = 24 * 3600
_BEFORE = 24 * 3600


class Visible(Protocol):
    """A cluster that can be looked at."""

    def observe(self) -> World:
        """The pools as they are."""


class Reachable(Visible, Protocol):
    """A cluster that can be changed as well."""

    def held(self) -> AbstractContextManager[Hold]:
        """Keep others from changing it."""

    def carry_out(self, actions: Sequence[Action], hold: Hold) -> list[PrescaleError | None]:
        """Change it; gives for each action why it failed, or None."""

    def tell(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Write an event."""


def add_options(made: argparse.ArgumentParser) -> None:
    """Add the options that say which cluster is meant."""
    add = made.add_argument
    add("--cluster", metavar="NAME", help="projects/P/locations/L/clusters/C (from the values)")
    add("--namespace", metavar="NAME", help="of the hub (from the values, else default)")


@contextmanager
def prepared(options: argparse.Namespace) -> Iterator[tuple[Plan, Reachable]]:
    """Read the files, plan the time around now, and reach the cluster.

    Raises:
        PrescaleError: one of them cannot be had.
    """
    files = files_of(options)
    site = read_site(files)
    now = int(time.time())
    plan = make_plan(files, site, now - _BEFORE, now + _AHEAD)
    # Both clients take longer to load than a plan to make.
    from z2jh.prescale.cloud import cluster  # noqa: PLC0415

    where = cluster.place(site, options.cluster, options.namespace)
    with cluster.connect(site, where) as reached:
        yield plan, reached
