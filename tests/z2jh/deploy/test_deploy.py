"""A deployment is checked, shown and agreed to before anything is touched, and tried afterwards."""

from __future__ import annotations

import base64
import json
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from z2jh.check.rendering import helm
from z2jh.deploy import difference, smoke
from z2jh.deploy.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.z2jh.conftest import Done, Terminal

    Deploy = Callable[..., Done]

FAKE = Path(__file__).with_name("fake_programs.py")
CONTEXT = "gke_own-project_europe-west6-a_hub-staging"


class Hub(BaseHTTPRequestHandler):
    """What of a hub a smoke test sees."""

    def do_GET(self) -> None:
        """The API and the login page."""
        body = b'{"version": "5.5.0"}' if self.path == "/hub/api/" else b"<form></form>"
        self.send_response(200 if self.path in ("/hub/api/", "/hub/login") else 404)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub_url() -> Iterator[str]:
    """A hub that answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Where the programs write down what they were asked."""
    return tmp_path / "calls"


@pytest.fixture
def deploy(folder: Path, terminal: Terminal, chart_folder: Path) -> Deploy:
    """Runs the command with a helm that renders for real and has no cluster."""
    variables = {"REAL_HELM": helm.executable(), "Z2JH_CHART": str(chart_folder)}
    terminal.install(FAKE, "helm", "kubectl")
    for name in ("common", "staging"):
        file = folder / f"{name}.yaml"
        own = file.read_text().replace("example-project", "own-project")
        file.write_text(own.replace("example.org", "own.test"))
    return partial(terminal.run, main, "staging", "--values", str(folder), **variables)


def made(calls: Path) -> list[list[str]]:
    """The calls that change a cluster."""
    found = [json.loads(line) for line in calls.read_text().splitlines()]
    return [
        call
        for call in found
        if call[1] == "rollback" or (call[1] == "upgrade" and "--dry-run=server" not in call)
    ]


def test_it_is_shown_agreed_to_done_and_tried(deploy: Deploy, calls: Path, hub_url: str) -> None:
    """The way of a change from the values to a hub that answers."""
    done = deploy("classes/databases", "--url", hub_url, says="y\n")
    assert done.returncode == 0, done.stderr
    assert "+++ Deployment/hub (then)" in done.stdout
    assert f"deploy this to {CONTEXT}?" in done.stdout
    assert done.stdout.rstrip().endswith(f"{hub_url} is well: JupyterHub 5.5.0")
    (call,) = made(calls)
    files = [Path(part).stem for part in call if part.endswith(".yaml")]
    assert files == ["common", "culling", "staging", "databases"]
    assert call[call.index("--kube-context") + 1] == CONTEXT
    assert call[call.index("--namespace") + 1] == "hub"
    assert "--wait" in call


def test_every_call_names_its_cluster(deploy: Deploy, calls: Path, hub_url: str) -> None:
    """Nothing goes to whichever cluster is current."""
    deploy("--url", hub_url, says="y\n")
    reaching = [json.loads(line) for line in calls.read_text().splitlines()]
    reaching = [call for call in reaching if call[1] not in ("template", "version")]
    assert {call[0] for call in reaching} == {"helm", "kubectl"}
    assert all(CONTEXT in call for call in reaching)


@pytest.mark.parametrize("says", ["n\n", "\n", ""], ids=["no", "nothing", "nobody"])
def test_who_does_not_agree_changes_nothing(deploy: Deploy, calls: Path, says: str) -> None:
    """Only a yes is a yes."""
    assert deploy(says=says).returncode == 1
    assert made(calls) == []


def test_a_plan_stops_after_the_difference(deploy: Deploy, calls: Path) -> None:
    """And what stays the same is not in it."""
    assert deploy("--plan").returncode == 0
    assert made(calls) == []


def test_what_would_change_nothing_is_not_deployed(
    deploy: Deploy, calls: Path, hub_url: str
) -> None:
    """The second time the difference is empty but for what the chart makes up."""
    deploy("--url", hub_url, says="y\n")
    calls.unlink()
    done = deploy("--url", hub_url, says="y\n")
    assert done.stdout == f"nothing would change\n{hub_url} is well: JupyterHub 5.5.0\n"
    assert made(calls) == []


def test_what_has_failed_is_made_again_though_nothing_changed(
    deploy: Deploy, calls: Path, hub_url: str
) -> None:
    """What helm shows as deployed may be there in part."""
    assert deploy("--url", hub_url, says="y\n", FAKE_FAILS="upgrade").returncode == 1
    done = deploy("--url", hub_url, says="y\n")
    assert "the last deployment is 'failed', so it is made again" in done.stdout
    assert done.returncode == 0, done.stderr
    assert len(made(calls)) == 2


def test_wrong_values_stop_before_the_cluster_is_asked(
    deploy: Deploy, calls: Path, folder: Path
) -> None:
    """One line, and no call."""
    with folder.joinpath("staging.yaml").open("a") as file:
        file.write("cull: {timeuot: 3}\n")
    done = deploy(says="y\n")
    assert done.returncode == 1
    assert "cull.timeuot: unknown key; did you mean 'timeout'?" in done.stdout
    assert not calls.exists()


def test_a_plain_secret_file_stops_it(deploy: Deploy, calls: Path, folder: Path) -> None:
    """Beside the values."""
    secrets = folder.with_name("secrets")
    secrets.mkdir()
    secrets.joinpath("staging.yaml").write_text("stringData: {a: plain}")
    done = deploy(says="y\n")
    assert done.returncode == 1
    assert "not encrypted" in done.stdout
    assert not calls.exists()


def test_a_missing_secret_is_told_first(deploy: Deploy, calls: Path) -> None:
    """Or the hub would start without what it needs."""
    done = deploy(says="y\n", FAKE_FAILS="secret")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "the Secret 'hub-secrets' cannot be seen" in line
    assert made(calls) == []


EXAMPLES = [
    pytest.param(
        "common.yaml: singleuser.image.name: registry.own.test/hub/codeserver-notebook",
        "registry.example.org/hub/codeserver-notebook",
        id="registry",
    ),
    pytest.param(
        "staging.yaml: custom.cluster.project: own-project", "example-project", id="project"
    ),
    pytest.param(
        "staging.yaml: proxy.https.letsencrypt.contactEmail: hub@own.test",
        "hub@example.org",
        id="address",
    ),
]


@pytest.mark.parametrize(("place", "example"), EXAMPLES)
def test_what_is_still_the_examples_is_refused(
    place: str, example: str, deploy: Deploy, folder: Path, calls: Path
) -> None:
    """One line with file, line and path, and the cluster is not asked."""
    name, path, own = place.split(": ")
    layer = folder / name
    layer.write_text(layer.read_text().replace(own, example))
    done = deploy(says="y\n")
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"{layer}:")
    assert line.endswith(f": {path}: '{example}' is the example's: put in your own")
    assert {json.loads(call)[1] for call in calls.read_text().splitlines()} == {"template"}


def test_a_failed_upgrade_says_how_to_go_back(deploy: Deploy) -> None:
    """Helm's words, and the next command to type."""
    done = deploy(says="y\n", FAKE_FAILS="upgrade")
    assert done.returncode == 1
    assert "timed out waiting for the condition" in done.stderr
    back = "deploy: to go back: make rollback ENV=staging VALUES="
    assert done.stderr.splitlines()[-1].startswith(back)


def test_a_rollback_goes_to_the_last_revision_that_was_well(
    deploy: Deploy, calls: Path, hub_url: str, folder: Path
) -> None:
    """Never to one that has failed, however often; and only after it was agreed to."""
    deploy("--url", hub_url, "--yes")
    with folder.joinpath("staging.yaml").open("a") as file:
        file.write("cull: {timeout: 3601}\n")
    for _ in range(2):
        deploy("--url", hub_url, "--yes", FAKE_FAILS="upgrade")
    calls.unlink()
    done = deploy("--rollback", "--url", hub_url, says="y\n")
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()[:3]] == [
        ["1", "deployed"],
        ["2", "failed"],
        ["3", "failed"],
    ]
    assert f"go back to revision 1 on {CONTEXT}?" in done.stdout
    assert done.stdout.rstrip().endswith("is well: JupyterHub 5.5.0")
    (call,) = made(calls)
    assert call[1:4] == ["rollback", "hub", "1"]
    assert deploy("--rollback", says="n\n").returncode == 1
    assert len(made(calls)) == 1


def test_a_rollback_may_name_its_revision(deploy: Deploy, calls: Path, hub_url: str) -> None:
    """One that helm remembers."""
    deploy("--url", hub_url, "--yes")
    done = deploy("--rollback", "7", says="y\n")
    assert done.returncode == 2
    assert done.stderr == "deploy: no revision '7': helm remembers 1\n"
    assert deploy("--rollback", "1", "--url", hub_url, "--yes").returncode == 0
    assert made(calls)[-1][1:4] == ["rollback", "hub", "1"]


def test_without_an_earlier_revision_there_is_nothing_to_go_back_to(
    deploy: Deploy, hub_url: str
) -> None:
    """After the first deployment, and before it."""
    assert "no earlier revision" in deploy("--rollback", says="y\n").stderr
    deploy("--url", hub_url, "--yes")
    done = deploy("--rollback", says="y\n")
    assert done.returncode == 2
    assert "no earlier revision that was well" in done.stderr


def test_a_hub_that_does_not_answer_is_not_well(hub_url: str) -> None:
    """The last reason is told when patience ends."""
    times = iter([0.0, 1.0, 3.0])
    with pytest.raises(smoke.NotWellError, match="is not well after 2 s: hub/api answers 404"):
        smoke.wait(f"{hub_url}/wrong", 2.0, lambda: next(times), lambda _: None)


def test_a_difference_shows_that_a_secret_changes_and_not_what_it_is() -> None:
    """What a Secret holds never reaches the terminal."""

    def secret(value: str) -> list[dict[str, object]]:
        return [{"kind": "Secret", "metadata": {"name": "hub"}, "data": {"token": value}}]

    lines = difference.between(secret("b2xk"), secret("bmV3"))
    changed = [line for line in lines if line.startswith(("-  ", "+  "))]
    assert len(changed) == 2
    assert "b2xk" not in str(lines)
    assert "bmV3" not in str(lines)
    assert difference.between(secret("b2xk"), secret("b2xk")) == []


def test_a_difference_shows_the_values_that_the_hub_is_handed() -> None:
    """What a student is given stands in the hub's Secret alone, and no secret of it is shown."""

    def secret(timeout: int, password: str) -> list[dict[str, object]]:
        values = {"singleuser": {"startTimeout": timeout}, "hub": {"db": {"password": password}}}
        encoded = base64.b64encode(yaml.safe_dump(values).encode()).decode()
        about = {"kind": "Secret", "metadata": {"name": "hub"}}
        return [{**about, "data": {"values.yaml": encoded}}]

    lines = difference.between(secret(600, "old"), secret(700, "new"))
    changed = [line.split() for line in lines if line.startswith(("-  ", "+  "))]
    assert ["-", "startTimeout:", "600"] in changed
    assert ["+", "startTimeout:", "700"] in changed
    assert len(changed) == 4
    assert not any("old" in line or "new" in line for line in lines if "password" in line)
