"""Starting Jupyter in the container."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.docker.conftest import Run, Serve

pytestmark = pytest.mark.image


def test_a_token_is_asked_for_by_default(serve: Serve) -> None:
    """Requests without it are refused; the log shows the address with the token."""
    container = serve()
    assert container.get("/api").json()["version"]
    assert container.get("/api/contents").status_code == 403
    assert "?token=" in container.log


@pytest.mark.parametrize(
    ("command", "variables"),
    [
        pytest.param(("start-notebook.sh", "--ServerApp.base_url=/class/"), {}, id="arguments"),
        pytest.param((), {"NOTEBOOK_ARGS": "--ServerApp.base_url=/class/"}, id="NOTEBOOK_ARGS"),
    ],
)
def test_arguments_reach_the_server(
    serve: Serve, command: tuple[str, ...], variables: dict[str, str]
) -> None:
    """They are on the command line or in a variable."""
    assert serve(*command, variables=variables).get("/class/api").json()["version"]


def test_the_port_is_chosen_by_a_variable(serve: Serve) -> None:
    """JUPYTER_PORT sets it."""
    container = serve(port=9999, variables={"JUPYTER_PORT": "9999"})
    assert container.get("/api", port=9999).ok


@pytest.mark.parametrize("program", ["lab", "notebook", "server"])
def test_another_front_end_is_started(serve: Serve, program: str) -> None:
    """DOCKER_STACKS_JUPYTER_CMD selects it."""
    container = serve(variables={"DOCKER_STACKS_JUPYTER_CMD": program})
    assert container.get("/api").ok
    assert f"jupyter-{program}" in container.execute("ps", "-ef")


def test_an_unknown_front_end_is_told_of(run: Run) -> None:
    """A wrong value ends the container with a message."""
    done = run(check=False, variables={"DOCKER_STACKS_JUPYTER_CMD": "labs"})
    assert done.returncode == 2
    assert "'labs'; it is lab, notebook or server" in done.stderr


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_https_is_spoken_with_a_certificate_of_its_own(serve: Serve) -> None:
    """GEN_CERT creates one."""
    assert serve(variables={"GEN_CERT": "yes"}).get("/api", scheme="https").ok


def test_it_listens_by_ipv4_and_ipv6(serve: Serve) -> None:
    """It listens on all addresses of the container."""
    # An engine may disable IPv6 in its containers.
    container = serve(options=("--sysctl", "net.ipv6.conf.all.disable_ipv6=0"))
    container.get("/api")
    script = "import urllib.request as u; print(u.urlopen('http://{}:8888/api').status)"
    for host in ("127.0.0.1", "[::1]"):
        assert container.execute("python", "-c", script.format(host)) == "200"


def test_tini_is_the_first_process(serve: Serve) -> None:
    """It reaps orphaned processes and forwards signals."""
    assert serve("sleep", "100").execute("cat", "/proc/1/comm") == "tini"


def test_a_server_that_ends_is_started_again(serve: Serve) -> None:
    """RESTARTABLE=yes enables this."""
    container = serve(variables={"RESTARTABLE": "yes"})
    container.get("/api")

    def server() -> str:
        return container.execute("pgrep", "--oldest", "--full", "jupyter-lab")

    first = server()
    container.execute("kill", first)
    container.until(lambda: "starts it again" in container.log, "the restart")
    container.until(lambda: container.get("/api").ok, "the second server")
    assert server() != first


def test_a_hub_gets_a_single_user_server(run: Run) -> None:
    """JUPYTERHUB_API_TOKEN selects it; without a hub, it says what is missing."""
    done = run(check=False, variables={"JUPYTERHUB_API_TOKEN": "none"})
    assert done.returncode != 0
    assert "JUPYTERHUB_" in done.stderr


def test_a_full_home_is_no_reason_not_to_start(serve: Serve) -> None:
    """The server answers, and the log reports the full home."""
    container = serve(options=("--tmpfs", "/home/jovyan:size=64k,uid=1000,gid=100"))
    assert container.get("/api").ok
    assert "the home /home/jovyan is full" in container.log


def test_a_home_of_somebody_else_is_no_reason_not_to_start(serve: Serve) -> None:
    """This happens with a volume that root owns."""
    container = serve(options=("--tmpfs", "/home/jovyan:uid=0,gid=0,mode=755"))
    assert container.get("/api").ok
    assert "cannot be written by uid 1000" in container.log


def test_the_tile_is_there(serve: Serve) -> None:
    """The server announces VS Code to its front ends."""
    container = serve("start-notebook.sh", "--IdentityProvider.token=t")
    offered = container.get("/server-proxy/servers-info?token=t").json()["server_processes"]
    assert [entry["name"] for entry in offered] == ["codeserver"]


def test_what_vscode_fetches_was_compressed_in_the_image(serve: Serve) -> None:
    """Students' servers do not compress VS Code's files again."""
    container = serve("start-notebook.sh", "--IdentityProvider.token=t")
    status = container.get("/api/codeserver?token=t").json()
    assert status["state"] == "stopped"
    found = container.execute(
        "bash",
        "-c",
        "cat /opt/code-server/lib/*/.assets/*/index.json "
        "/opt/code-server/lib/*/*/.assets/*/index.json 2>/dev/null || true",
    )
    assert json.loads(found)["complete"]
