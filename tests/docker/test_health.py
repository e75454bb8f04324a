"""The health check distinguishes a server that answers from one that does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.docker.conftest import Serve

pytestmark = pytest.mark.image

ROOT = ("--user", "root")
ADA = {"NB_USER": "ada", "CHOWN_HOME": "1"}
BASE_URL = ("start-notebook.sh", "--ServerApp.base_url=/test")
PROXY = {"HTTP_PROXY": "http://nowhere.invalid", "HTTPS_PROXY": "http://nowhere.invalid"}


@pytest.mark.parametrize(
    ("command", "options", "variables"),
    [
        pytest.param((), (), {}, id="default"),
        pytest.param((), (), {"DOCKER_STACKS_JUPYTER_CMD": "notebook"}, id="notebook"),
        pytest.param((), (), {"DOCKER_STACKS_JUPYTER_CMD": "server"}, id="server"),
        pytest.param((), (), {"RESTARTABLE": "yes"}, id="restartable"),
        pytest.param((), (), {"JUPYTER_PORT": "8171"}, id="port"),
        pytest.param(BASE_URL, (), {}, id="base-url"),
        pytest.param((*BASE_URL[:1], "--ServerApp.base_url=/test/"), (), {}, id="base-url-slash"),
        pytest.param(BASE_URL, (), {"GEN_CERT": "1"}, id="https"),
        pytest.param(BASE_URL, (), {"GEN_CERT": "1", "JUPYTER_PORT": "7891"}, id="https-port"),
        pytest.param((), ROOT, ADA, id="root"),
        pytest.param(BASE_URL, ROOT, {**ADA, "JUPYTER_PORT": "8123"}, id="root-port"),
        pytest.param((), (), {"JUPYTER_RUNTIME_DIR": "/tmp/elsewhere"}, id="runtime"),  # noqa: S108
        pytest.param((), (), PROXY, id="proxy"),
        pytest.param(BASE_URL, ROOT, {**ADA, **PROXY}, id="root-proxy"),
    ],
)
def test_a_server_that_answers_is_healthy(
    serve: Serve, command: tuple[str, ...], options: tuple[str, ...], variables: dict[str, str]
) -> None:
    """The address, the user and proxies do not matter."""
    container = serve(*command, options=(*options, "--health-interval=1s"), variables=variables)
    assert container.health() == "healthy", container.log


def test_a_container_without_a_server_is_unhealthy(serve: Serve) -> None:
    """A process runs, but none that answers."""
    # A start period of 0 would mean the image's own.
    quick = ("--health-interval=1s", "--health-start-period=1s", "--health-retries=1")
    assert serve("sleep", "100", options=quick).health() == "unhealthy"


def test_a_server_that_has_stopped_is_unhealthy(serve: Serve) -> None:
    """A server that hangs is unhealthy, although its process exists."""
    quick = ("--health-interval=1s", "--health-retries=1")
    container = serve(options=quick)
    assert container.health() == "healthy"
    container.execute("pkill", "--signal", "STOP", "--full", "jupyter-lab")
    container.until(lambda: container.health() == "unhealthy", "the engine to notice")
