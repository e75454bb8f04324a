"""The connection to the cluster that the options name, with a plan for it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from z2jh.prescale.schedule.meetings import DAY

from .files import files_of, make_plan, read_site

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from z2jh.prescale.cloud.cluster import Cluster
    from z2jh.prescale.planning.plan import Plan


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that name the cluster."""
    add = parser.add_argument
    add("--cluster", metavar="NAME", help="projects/P/locations/L/clusters/C (from the values)")
    add_namespace(parser)


def add_namespace(parser: argparse.ArgumentParser) -> None:
    """Adds the option that names the hub's namespace."""
    parser.add_argument(
        "--namespace", metavar="NAME", help="of the hub (from the values, else default)"
    )


@contextmanager
def connected(options: argparse.Namespace) -> Iterator[tuple[Plan, Cluster]]:
    """Reads the files, plans from yesterday to tomorrow, and connects to the cluster."""
    files = files_of(options)
    site = read_site(files)
    now = int(time.time())
    plan = make_plan(files, site, now - DAY, now + DAY)
    # Loading both clients takes longer than making a plan.
    from z2jh.prescale.cloud import cluster  # noqa: PLC0415

    target = cluster.target_of(site, options.cluster, options.namespace)
    with cluster.connect(site, target) as reached:
        yield plan, reached
