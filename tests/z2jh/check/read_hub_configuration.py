"""Runs a chart's jupyterhub_config.py, and prints what it says to the spawner as JSON."""

from __future__ import annotations

import json
import sys

from kubernetes_asyncio.client import ApiClient
from tornado.httpclient import AsyncHTTPClient
from traitlets.config.loader import PyFileConfigLoader


def main(folder: str) -> None:
    """Print one line, the last."""
    # The hub's image has pycurl, which makes no difference to the configuration.
    AsyncHTTPClient.configure = lambda *_: None  # type: ignore[method-assign]
    found = PyFileConfigLoader("jupyterhub_config.py", path=folder).load_config()
    client = ApiClient.__new__(ApiClient)  # without its session: nobody is called
    options = {**found["Spawner"], **found["KubeSpawner"]}
    sys.stdout.write(json.dumps(options, default=client.sanitize_for_serialization))


if __name__ == "__main__":
    main(sys.argv[1])
