"""gcloud, if installed, against the local GKE."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.z2jh.prescale.google_server import Gke, rest_address, rest_client
from tests.z2jh.prescale.test_gke import PATIENT
from z2jh.prescale.cloud.gke import NodePools

if TYPE_CHECKING:
    from pathlib import Path

GCLOUD = shutil.which("gcloud")
CLUSTER = "projects/example-project/locations/europe-west6-a/clusters/hub"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(GCLOUD is None, reason="gcloud is not installed on this machine"),
]


def gcloud(folder: Path, address: str, verb: str, *options: str) -> Any:
    """Runs `gcloud container node-pools VERB students`, with a separate configuration."""
    assert GCLOUD is not None
    command = [
        GCLOUD, "container", "node-pools", verb, "students", "--cluster=hub",
        "--zone=europe-west6-a", "--project=example-project", "--format=json", *options,
    ]  # fmt: skip
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "CLOUDSDK_CONFIG": str(folder / "gcloud"),
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER": f"http://{address}/",
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_operator_at_gcloud_and_prescale_lose_nothing_of_each_other(tmp_path: Path) -> None:
    """Prescale keeps the maximum that gcloud sets, and gcloud the minimum."""
    gke = Gke()
    gke.pool("students")
    with rest_address(gke) as address, rest_client(address) as client:
        pools = NodePools(client, CLUSTER, PATIENT)
        pools.set_minimum("students", 8)
        seen = gcloud(tmp_path, address, "describe")["autoscaling"]
        assert (seen["totalMinNodeCount"], seen["totalMaxNodeCount"]) == (8, 16)
        gcloud(tmp_path, address, "update", "--enable-autoscaling", "--total-max-nodes=20")
        assert pools.limits()["students"].maximum == 20
        pools.set_minimum("students", 2)
        seen = gcloud(tmp_path, address, "describe")["autoscaling"]
    assert (seen["totalMinNodeCount"], seen["totalMaxNodeCount"]) == (2, 20)
    assert seen["locationPolicy"] == "ANY"
