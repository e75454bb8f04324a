"""The cluster is made by calls of gcloud: each is seen, none is made twice, none without asking."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import kubernetes_validate
import pytest
import yaml

from tests.z2jh.conftest import CHECKOUT
from z2jh.cluster.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.z2jh.conftest import Done, Terminal

    Cluster = Callable[..., Done]

FAKE = Path(__file__).with_name("fake_gcloud.py")
CHANGING = (
    "create",
    "update",
    "delete",
    "enable",
    "add-iam-policy-binding",
    "get-credentials",
    "apply",
)


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Where the fake programs write down what they were asked, a list of arguments on each line."""
    return tmp_path / "calls"


@pytest.fixture
def cluster(folder: Path, terminal: Terminal) -> Cluster:
    """Runs the command with a gcloud that remembers what was made, and knows nothing at first."""
    terminal.install(FAKE, "gcloud", "kubectl")
    prod = folder / "prod.yaml"
    prod.write_text(prod.read_text().replace("example-project", "own-project"))
    return partial(terminal.run, main, "prod", "--values", str(folder))


def made(calls: Path) -> list[list[str]]:
    """The calls that change something, of all that were made."""
    lines = calls.read_text().splitlines() if calls.exists() else []
    found = [json.loads(line) for line in lines]
    return [call for call in found if any(word in CHANGING for word in call)]


def test_a_dry_run_prints_every_call_and_makes_none(cluster: Cluster, calls: Path) -> None:
    """Not even a look: it needs no gcloud."""
    done = cluster("--all", "--billing-account", "0-0-0", PATH=os.environ["PATH"])
    assert done.returncode == 0, done.stderr
    assert not calls.exists()
    printed = [shlex.split(line) for line in done.stdout.splitlines() if not line.startswith("#")]
    kinds = [" ".join(call[1:4]) for call in printed if call[0] == "gcloud"]
    for wanted in (
        "services enable artifactregistry.googleapis.com",
        "compute networks create",
        "iam service-accounts create",
        "artifacts repositories create",
        "container clusters create",
        "container node-pools create",
        "container backup-restore backup-plans",
        "billing budgets create",
    ):
        assert wanted in kinds
    assert all("own-project" in call for call in printed if call[0] == "gcloud")


def test_pools_are_made_as_the_values_say(cluster: Cluster) -> None:
    """Provisioning, taint, label, machine and sizes of the whole pool."""
    done = cluster("--all", "--json")
    calls = {each["what"]: each["call"] for each in json.loads(done.stdout)}
    students, ondemand, core = (calls[f"pool {name}"] for name in ("students", "ondemand", "core"))
    assert "--spot" in students
    assert "--spot" not in ondemand
    assert "--spot" not in core
    for call, taint, purpose in (
        (students, "hub.jupyter.org_dedicated=user:NoSchedule", "user"),
        (core, "components.gke.io/gke-managed-components=true:NoSchedule", "core"),
    ):
        assert call[call.index("--node-taints") + 1] == taint
        assert call[call.index("--node-labels") + 1] == f"hub.jupyter.org/node-purpose={purpose}"
        assert call[call.index("--workload-metadata") + 1] == "GKE_METADATA"
        assert "--enable-image-streaming" in call
    assert students[students.index("--total-max-nodes") + 1] == "16"
    assert students[students.index("--machine-type") + 1] == "n2-highmem-8"


def test_a_sandbox_is_a_property_of_its_pools(cluster: Cluster) -> None:
    """GKE adds label and taint to such nodes by itself."""
    done = cluster("sandbox", "--all", "--json")
    calls = {each["what"]: each["call"] for each in json.loads(done.stdout)}
    assert "type=gvisor" in calls["pool students"]
    assert "type=gvisor" not in calls["pool core"]


def test_a_plan_looks_and_changes_nothing(cluster: Cluster, calls: Path) -> None:
    """Without --apply."""
    done = cluster()
    assert done.returncode == 0, done.stderr
    assert "# cluster: is not there" in done.stdout
    assert made(calls) == []


def test_applied_twice_everything_is_made_once(cluster: Cluster, calls: Path) -> None:
    """The second run finds everything, and repeats only what does no harm."""
    first = cluster("--apply", "--yes", "--billing-account", "0-0-0")
    assert first.returncode == 0, first.stderr
    done = made(calls)
    assert len(done) >= 19
    calls.unlink()
    second = cluster("--apply", "--yes", "--billing-account", "0-0-0")
    assert second.returncode == 0, second.stderr
    again = made(calls)
    assert not [call for call in again if "create" in call or "delete" in call]
    assert all(call in done for call in again)


def test_gkes_first_pool_goes_when_ours_are_there(cluster: Cluster, calls: Path) -> None:
    """It is the one thing that is ever deleted."""
    cluster("--apply", "--yes")
    deleted = [call for call in made(calls) if "delete" in call]
    assert [call[:5] for call in deleted] == [
        ["gcloud", "container", "node-pools", "delete", "default-pool"]
    ]
    order = made(calls)
    assert order.index(deleted[0]) > max(
        number for number, call in enumerate(order) if call[2:4] == ["node-pools", "create"]
    )


def test_who_says_no_changes_nothing(cluster: Cluster, calls: Path) -> None:
    """And so does who says nothing."""
    done = cluster("--apply")
    assert done.returncode == 1
    assert made(calls) == []


def test_a_call_that_fails_stops_the_rest_and_is_gone_on_from(
    cluster: Cluster, calls: Path
) -> None:
    """One line with Google's words; the next run makes what is missing."""
    done = cluster("--apply", "--yes", FAKE_FAILS="pool students")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("cluster: pool students: ")
    assert "Quota 'CPUS' exceeded" in last
    before = made(calls)
    assert before[-1][4] == "students"
    calls.unlink()
    assert cluster("--apply", "--yes").returncode == 0
    created = [call for call in made(calls) if "create" in call]
    assert created[0][4] == "students"
    assert not [call for call in created if call in before[:-1]]


def test_a_look_that_fails_is_not_taken_for_missing(cluster: Cluster, calls: Path) -> None:
    """Who is not logged in does not create a second cluster."""
    done = cluster("--apply", "--yes", FAKE_FAILS="login")
    assert done.returncode == 1
    assert "Reauthentication failed" in done.stderr
    assert made(calls) == []


def test_a_pool_is_made_larger_and_its_minimum_left_to_the_scaler(
    cluster: Cluster, calls: Path, folder: Path
) -> None:
    """The values' maximum is applied; what the scaler has raised stays."""
    cluster("--apply", "--yes")
    calls.unlink()
    common = folder / "common.yaml"
    common.write_text(common.read_text().replace("maxNodes: 16", "maxNodes: 20"))
    done = cluster("--apply", "--yes", FAKE_MINIMUM="6")
    assert done.returncode == 0, done.stderr
    (update,) = [call for call in made(calls) if "update" in call]
    assert update[4] == "students"
    assert update[update.index("--total-min-nodes") + 1] == "6"
    assert update[update.index("--total-max-nodes") + 1] == "20"


def test_what_gke_cannot_change_is_told(cluster: Cluster, folder: Path) -> None:
    """A machine type is for a pool's life."""
    cluster("--apply", "--yes")
    common = folder / "common.yaml"
    common.write_text(common.read_text().replace("n2-highmem-8", "n2-highmem-16"))
    done = cluster()
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "pool students: its machine type is n2-highmem-8, the values say n2-highmem-16" in line


def test_the_examples_project_is_refused(cluster: Cluster, folder: Path) -> None:
    """Where the operator has not put in one."""
    shutil.copy(CHECKOUT / "z2jh/values/prod.yaml", folder)
    done = cluster()
    assert done.returncode == 3
    assert "custom.cluster.project: is the example's: put in your own" in done.stderr


def test_homes_are_kept_and_may_grow() -> None:
    """The storage class that the values name, and a class of snapshots."""
    text = (CHECKOUT / "z2jh/cluster/homes.yaml").read_text()
    storage, snapshots = yaml.safe_load_all(text)
    kubernetes_validate.validate(storage, "1.33", strict=True)
    assert storage["metadata"]["name"] == snapshots["metadata"]["name"] == "homes"
    assert (storage["reclaimPolicy"], storage["allowVolumeExpansion"]) == ("Retain", True)
