"""`apply` and `status` as an operator types them, against local servers."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
import yaml
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import container_v1

from tests.z2jh.prescale.conftest import deployments
from tests.z2jh.prescale.google_server import Gke, rest_address, rest_transport
from tests.z2jh.prescale.kubernetes_server import Api, kubeconfig, serving
from z2jh.prescale.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from z2jh.prescale.commands.files import Files
    from z2jh.prescale.planning.site import Site


@pytest.fixture
def gke(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gke]:
    """A local GKE, which Google's client connects to."""
    gke = Gke()
    gke.pool("students")
    gke.pool("ondemand", most=10)
    real = container_v1.ClusterManagerClient
    with rest_address(gke) as address:
        # The client has no setting for another address.
        monkeypatch.setattr(
            container_v1, "ClusterManagerClient", lambda: real(transport=rest_transport(address))
        )
        yield gke


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A local Kubernetes, which KUBECONFIG names."""
    api = Api()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with serving(api) as address:
        (tmp_path / "kubeconfig").write_text(yaml.dump(kubeconfig(address)))
        yield api


@pytest.fixture
def options(files: Callable[..., Files], tmp_path: Path) -> Callable[[float], list[str]]:
    """Writes files with an event of 56 students in some minutes, and names them as options."""

    def write(minutes: float) -> list[str]:
        start = datetime.now(timezone.utc) + timedelta(minutes=minutes)
        end = start + timedelta(hours=1)
        event = {"name": "Talk", "students": 56, "start": str(start), "end": str(end)}
        found = files(yaml.dump({"timezone": "UTC", "events": [event]}))
        named = ["--schedule", str(found.schedule), "--values", str(found.values[0])]
        return [*named, "--copies", str(tmp_path / "copies")]

    return write


def minimum(gke: Gke, pool: str = "students") -> int:
    """Returns the autoscaler's minimum of a pool."""
    return int(gke.pools[pool].autoscaling.total_min_node_count)


@pytest.fixture
def applied(api: Api, site: Callable[..., Site]) -> None:
    """Applies the Deployments of placeholders."""
    api.apply(deployments(site()))


def test_the_deployments_are_printed_for_kubectl(
    files: Callable[..., Files], site: Callable[..., Site], capsys: pytest.CaptureFixture[str]
) -> None:
    """`placeholders` prints each pool's Deployment, in the hub's namespace or another."""
    named = ["--schedule", str(files().schedule), "--values", str(files().values[0])]
    assert main(["placeholders", *named]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["apiVersion"], printed["kind"]) == ("v1", "List")
    assert printed["items"] == deployments(site())
    names = [item["metadata"]["name"] for item in printed["items"]]
    assert names == ["prescale-placeholder-students", "prescale-placeholder-ondemand"]
    assert main(["placeholders", *named, "--namespace", "other", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert {item["metadata"]["namespace"] for item in printed["items"]} == {"other"}


@pytest.mark.usefixtures("applied")
def test_a_class_is_previewed_prepared_and_looked_at(
    gke: Gke,
    api: Api,
    options: Callable[[float], list[str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A dry run changes nothing, the run makes its changes, and `status` shows them."""
    soon = options(15)
    assert main(["apply", *soon, "--dry-run"]) == 0
    assert "minimum 0 -> 2 (Talk at " in (said := capsys.readouterr().out)
    assert minimum(gke) == 0
    assert not api.all("leases")
    metrics = tmp_path / "prescale.prom"
    assert main(["apply", *soon, "--metrics", str(metrics)]) == 0
    assert capsys.readouterr().out == said.replace("would be done", "done")
    assert minimum(gke) == 2
    assert "prescale_exit_code 0.0" in metrics.read_text()
    assert main(["status", *soon, "--json"]) == 0
    (meeting,) = json.loads(capsys.readouterr().out)["meetings"]
    assert (meeting["name"], meeting["state"], meeting["nodes"]) == ("Talk", "starting", 2)


@pytest.mark.usefixtures("applied")
def test_a_class_without_its_seats_is_an_error(
    gke: Gke, api: Api, options: Callable[[float], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """A class without its seats exits with 7, a line on standard error and a warning."""
    late = options(5)
    assert main(["status", *late]) == 7
    assert capsys.readouterr().err == "prescale: not ready: Talk\n"
    assert main(["apply", *late]) == 7
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("prescale: pool 'students': 2 of 2 nodes are not ready for Talk at ")
    assert minimum(gke, "ondemand") == 2
    assert [event["reason"] for event in api.all("events") if event["type"] == "Warning"] == [
        "NotReady"
    ]


def test_a_refusal_has_its_exit_code(
    gke: Gke,
    api: Api,
    options: Callable[[float], list[str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A refusal by either API exits with 5, which the metrics report as well."""
    gke.faults["GetCluster"].append("PERMISSION_DENIED")
    metrics = tmp_path / "prescale.prom"
    assert main(["apply", *options(15), "--metrics", str(metrics)]) == 5
    assert "may not read the cluster" in capsys.readouterr().err
    assert "prescale_exit_code 5.0" in metrics.read_text()
    api.faults["LIST", "nodes"].append(403)
    assert main(["status", *options(15), "--json"]) == 5
    assert json.loads(capsys.readouterr().out)["error"] == "ForbiddenError"


def test_a_lease_of_another_has_its_exit_code(
    gke: Gke, api: Api, options: Callable[[float], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """A lease of another run exits with 6."""
    now = datetime.now(timezone.utc).isoformat()
    spec = {"holderIdentity": "other", "leaseDurationSeconds": 240, "renewTime": now}
    api.put("leases", "prescale", {"spec": spec})
    assert main(["apply", *options(15)]) == 6
    assert "prescale: other is at work since" in capsys.readouterr().err
    assert minimum(gke) == 0


@pytest.mark.usefixtures("api")
def test_without_google_s_credentials_it_is_said_where_they_come_from(
    options: Callable[[float], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Missing Google credentials are reported with the command to get them."""

    def none() -> None:
        raise DefaultCredentialsError("none")  # type: ignore[no-untyped-call]

    monkeypatch.setattr(container_v1, "ClusterManagerClient", none)
    assert main(["status", *options(15)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "gcloud auth application-default login" in line


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param([], "no Kubernetes to be found", id="no KUBECONFIG"),
        pytest.param(["--cluster", "hub"], "'hub' is no cluster", id="cluster"),
    ],
)
def test_what_cannot_be_reached_is_a_wrong_argument(
    options: Callable[[float], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    said: str,
) -> None:
    """A cluster that cannot be found exits with 2, and one line says why."""
    monkeypatch.setenv("KUBECONFIG", "none")
    assert main(["apply", *options(15), *more]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
