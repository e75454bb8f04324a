"""The values that an operator deploys are those that the documentation gives."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_the_values_say_what_the_documentation_says() -> None:
    """Whoever has no Kubernetes sets the same in jupyterhub_config.py."""
    values = yaml.safe_load((ROOT / "z2jh/values/culling.yaml").read_text())
    text = (ROOT / "docs/culling.md").read_text()
    interval = values["hub"]["config"]["JupyterHub"]["last_activity_interval"]
    assert f"c.JupyterHub.last_activity_interval = {interval}\n" in text
    assert values["hub"]["extraConfig"]["proxyWithoutClock"] in text
    (seconds,) = re.findall(r'"JUPYTERHUB_ACTIVITY_INTERVAL": "(\d+)"', text)
    assert values["singleuser"]["extraEnv"]["JUPYTERHUB_ACTIVITY_INTERVAL"] == seconds
    assert int(seconds) < values["cull"]["every"] < values["cull"]["timeout"]
