"""Fixtures that run containers of the built image with a real engine."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
import requests
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playwright.sync_api import Browser

DOCKER = Path(__file__).parents[2] / "docker"
PATIENCE = 60  # seconds, for a server that starts beside other tests

TOKEN = "t"  # noqa: S105 -- of a container that lives for minutes, on loopback
SERVER = ("start-notebook.sh", f"--IdentityProvider.token={TOKEN}")
EMPTY_HOME = ("--tmpfs", "/home/jovyan:uid=1000,gid=100,mode=770,exec")
READ_ONLY = ("--read-only", "--tmpfs", "/tmp:exec")  # noqa: S108 -- the container's
POWERLESS = ("--cap-drop", "ALL", "--security-opt", "no-new-privileges")
STRANGER = ("--user", "12345", "--group-add", "users")


@dataclass(frozen=True)
class Container:
    """A running container.

    Attributes:
        engine: the engine's program.
        name: the container's name.
    """

    engine: str
    name: str

    def execute(self, *command: str, user: str = "") -> str:
        """Run a command in the container and return its output."""
        options = ["--user", user] if user else []
        return _output([self.engine, "exec", *options, self.name, *command])

    def inspect(self, path: str) -> Any:  # noqa: ANN401 -- JSON
        """Return a part of the engine's description of the container."""
        found = json.loads(_output([self.engine, "inspect", self.name]))[0]
        for part in path.split("."):
            found = found[part]
        return found

    @property
    def log(self) -> str:
        """Return what the container has written so far."""
        done = subprocess.run(
            [self.engine, "logs", self.name],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
        return done.stdout

    def address(self, port: int = 8888) -> str:
        """Return host and port by which this machine reaches a port of the container."""
        if published := _output([self.engine, "port", self.name]):
            return next(
                line.split()[-1] for line in published.splitlines() if line.startswith(f"{port}/")
            )
        # Without a route outside no port is published, but this machine is part of the network.
        (network,) = self.inspect("NetworkSettings.Networks").values()
        return f"{network['IPAddress']}:{port}"

    def write(self, path: str, text: str) -> None:
        """Write a file in the student's home, and the folders above it."""
        script = f"mkdir -p ~/$(dirname {path}) && cat >~/{path}"
        command = [self.engine, "exec", "--interactive", self.name, "bash", "-c", script]
        subprocess.run(command, input=text, text=True, check=True)

    def health(self) -> str:
        """Return the health that the engine reports, once it is known."""
        return str(self.until(self._health, "an opinion on its health"))

    def _health(self) -> str:
        told = str(self.inspect("State.Health.Status"))
        return "" if told == "starting" else told

    def until(self, condition: Any, what: str) -> Any:  # noqa: ANN401 -- any result
        """Call `condition` until its result is true, and return that."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if found := condition():
                    return found
            except requests.RequestException:
                pass
            time.sleep(0.1)
        pytest.fail(f"waited {PATIENCE} s for {what} in vain:\n{self.log}", pytrace=False)

    def get(self, path: str, *, port: int = 8888, scheme: str = "http") -> requests.Response:
        """Return the server's first response; the certificate may be self-signed."""
        url = f"{scheme}://{self.address(port)}{path}"

        def ask() -> requests.Response:
            return requests.get(url, timeout=10, verify=False, allow_redirects=False)  # noqa: S501

        # In a tuple, because a response is true only if it is a success, and any will do.
        found: tuple[requests.Response] = self.until(lambda: (ask(),), url)
        return found[0]


class Run(Protocol):
    """Runs a command in a new container, and waits for its end."""

    def __call__(
        self,
        *command: str,
        options: tuple[str, ...] = (),
        variables: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Return the completed process; `options` are those of `docker run`."""
        ...


class Serve(Protocol):
    """Starts a container that runs until the test ends."""

    def __call__(
        self,
        *command: str,
        options: tuple[str, ...] = (),
        variables: Mapping[str, str] | None = None,
        port: int = 8888,
    ) -> Container:
        """Return the container as soon as it runs; `port` is published."""
        ...


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def _variables(variables: Mapping[str, str] | None) -> list[str]:
    pairs = (variables or {}).items()
    return [option for name, value in pairs for option in ("-e", f"{name}={value}")]


@pytest.fixture(scope="session")
def engine() -> str:
    """Return the program of an engine that answers."""
    done = subprocess.run([DOCKER / "engine", "which"], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"the tests of the image need an engine: {done.stderr}", pytrace=False)
    return done.stdout.strip()


@pytest.fixture(scope="session")
def image(engine: str) -> str:
    """Return the image to test: IMAGE, or what `make image` has built."""
    name = os.environ.get("IMAGE", "jupyter-codeserver:coding")
    command = [engine, "image", "inspect", name]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.fail(f"there is no image {name}: run `make test-image`", pytrace=False)
    return name


@pytest.fixture(scope="session")
def run(engine: str, image: str) -> Run:
    """Return a function that runs a command in a new container."""

    def run(
        *command: str,
        options: tuple[str, ...] = (),
        variables: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [engine, "run", "--rm", *options, *_variables(variables), image, *command],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert not check or done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
        return done

    return run


@contextmanager
def running(
    engine: str, image: str, command: tuple[str, ...], options: tuple[str, ...]
) -> Iterator[Container]:
    """Run a container for a block, and remove it at the end."""
    name = f"test-{secrets.token_hex(6)}"
    _output([engine, "run", "--detach", "--name", name, *options, image, *command])
    try:
        yield Container(engine, name)
    finally:
        subprocess.run(
            [engine, "rm", "--force", "--volumes", name], capture_output=True, check=True
        )


@contextmanager
def isolated(engine: str, image: str, options: tuple[str, ...] = ()) -> Iterator[Container]:
    """Run a server whose network has no route outside, as in an exam."""
    network = f"test-{secrets.token_hex(6)}"
    _output([engine, "network", "create", "--internal", network])
    try:
        with running(engine, image, SERVER, ("--network", network, *options)) as container:
            container.until(lambda: container.health() == "healthy", "the server")
            yield container
    finally:
        subprocess.run([engine, "network", "rm", network], check=True, capture_output=True)


@pytest.fixture(scope="module")
def student(engine: str, image: str) -> Iterator[Container]:
    """Run a server for any uid, without capabilities and without a network."""
    with isolated(engine, image, (*STRANGER, *POWERLESS)) as container:
        yield container


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Start a real Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def serve(engine: str, image: str) -> Iterator[Serve]:
    """Return a function that starts containers, which end with the test."""
    with ExitStack() as stack:

        def serve(
            *command: str,
            options: tuple[str, ...] = (),
            variables: Mapping[str, str] | None = None,
            port: int = 8888,
        ) -> Container:
            published = ("--publish", f"127.0.0.1::{port}")
            all_options = (*published, *options, *_variables(variables))
            return stack.enter_context(running(engine, image, command, all_options))

        yield serve
