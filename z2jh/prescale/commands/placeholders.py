"""`placeholders`: the Deployments that `apply` scales, for somebody who may make them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from z2jh.prescale.cloud import placeholders
from z2jh.prescale.inputs.inputs import read_site

from .answer import Answer
from .plan import files_of

if TYPE_CHECKING:
    import argparse


def add_options(made: argparse.ArgumentParser) -> None:
    """Add the options of `placeholders`."""
    made.add_argument(
        "--namespace", metavar="NAME", help="of the hub (from the values, else default)"
    )


def run(options: argparse.Namespace) -> Answer:
    """Do the work of `placeholders`."""
    site = read_site(files_of(options))
    namespace = site.namespace(options.namespace)
    items = [placeholders.manifest(site, pool, namespace) for pool in site.values.pools]
    data = {"apiVersion": "v1", "kind": "List", "items": items}
    return Answer(data, json.dumps(data, indent=2))
