"""`placeholders`: prints the Deployments that `apply` scales, for somebody who may create them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from z2jh.prescale.cloud import placeholders

from .files import files_of, read_site
from .result import Result

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> Result:
    """Runs `placeholders`."""
    site = read_site(files_of(options))
    namespace = site.namespace(options.namespace)
    items = [placeholders.manifest(site, pool, namespace) for pool in site.values.pools]
    data = {"apiVersion": "v1", "kind": "List", "items": items}
    return Result(data, json.dumps(data, indent=2))
