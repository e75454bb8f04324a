"""Starts a server of each contender in a home of its own."""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from jupyter_core.paths import jupyter_path

from .link import CHECKOUT, HOST
from .measurements import Contender
from .process import OUTPUT, awaited, running_process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import psutil

    # The process, its port on loopback, and Jupyter's token: empty for code-server by itself.
    Started = tuple[psutil.Popen, int, str]

BASE_URL = "/user/alice/"

# The flags that the server extension passes for a clean first screen. code-server by itself gets
# them too, so that only the way to it differs. The peer is as a student gets it.
CLEAN_START = (
    "--disable-getting-started-override",
    "--disable-telemetry",
    "--disable-update-check",
    "--disable-workspace-trust",
    "--ignore-last-opened",
    "--vscode-option",
    "force-disable-user-env",
)

_TIMEOUT = 60  # seconds
_LISTENING = re.compile(rb"HTTP server listening on http://[\d.]+:(\d+)/")

_CONFIGURATION = """\
import sys
sys.path.append({checkout!r})
c.ServerApp.extra_services = ["benchmarks.empty"]
"""


@dataclass(frozen=True)
class Setup:
    """The files that all servers share."""

    code_server: Path  # the executable, which is called `code-server`
    workspace: Path
    assets: Path  # compressed for ours, as an image has them


def started(
    setup: Setup,
    contender: Contender,
    home: Path,
    options: Mapping[str, object],
    *,
    extension: bool,
) -> AbstractContextManager[Started]:
    """Starts a server in a new home, waits until it answers, and ends it with the block.

    `options` are Jupyter's.

    Raises:
        MeasurementError: it does not answer.
    """
    if contender in {Contender.DIRECT, Contender.DEFAULTS}:
        return _code_server(setup, home, CLEAN_START if contender is Contender.DIRECT else ())
    return _jupyter(setup, contender, home, options, extension=extension)


@contextmanager
def _code_server(setup: Setup, home: Path, flags: Sequence[str]) -> Iterator[Started]:
    log = home / OUTPUT
    command = (
        *(str(setup.code_server), "--auth", "none", "--bind-addr", f"{HOST}:0"),
        *("--config", str(home / "config.yaml"), *flags, str(setup.workspace)),
    )

    def port() -> int | None:
        found = _LISTENING.search(log.read_bytes())
        return int(found[1]) if found else None

    with running_process(command, home, setup.workspace, {}) as process:
        found = awaited(port, process)
        url = f"http://{HOST}:{found}/healthz"
        awaited(lambda: _answers(url, {}), process)
        yield process, found, ""


@contextmanager
def _jupyter(
    setup: Setup,
    contender: Contender,
    home: Path,
    options: Mapping[str, object],
    *,
    extension: bool,
) -> Iterator[Started]:
    token, runtime = os.urandom(16).hex(), home / "runtime"
    settings: dict[str, object] = {
        "ServerApp.allow_root": True,
        "ServerApp.base_url": BASE_URL,
        "ServerApp.ip": HOST,
        "ServerApp.jpserver_extensions": {"jupyter_codeserver_proxy": extension},
        "ServerApp.open_browser": False,
        "ServerApp.port": 0,
        "ServerApp.root_dir": str(setup.workspace),
        "IdentityProvider.token": token,
        **options,
    }
    # The peer and ours find the same code-server on PATH.
    path = f"{setup.code_server.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    variables = {"JUPYTER_RUNTIME_DIR": str(runtime), "PATH": path}
    if contender is Contender.PEER_SOCKET:
        variables["JUPYTER_VSCODE_PROXY_USE_SOCKET"] = "true"
    if contender is Contender.OURS:
        cache = home / ".cache" / "jupyter-codeserver-proxy"
        cache.mkdir(parents=True)
        (cache / "assets").symlink_to(setup.assets)
    if contender is Contender.JUPYTER:
        _configure_empty_handler(home)
    if not extension:
        settings["LabApp.labextensions_path"] = _other_labextensions(home)
    arguments = (f"--{name}={value}" for name, value in settings.items())
    command = (sys.executable, "-m", "jupyter_server", *arguments)
    with running_process(command, home, setup.workspace, variables) as process:
        description = runtime / f"jpserver-{process.pid}.json"
        port = awaited(lambda: _described_port(description), process)
        url = f"http://{HOST}:{port}{BASE_URL}api/status"
        awaited(lambda: _answers(url, {"Authorization": f"token {token}"}), process)
        yield process, port, token


def _other_labextensions(home: Path) -> Path:
    """Returns a folder with all of JupyterLab's extensions but ours."""
    folder = home / "labextensions"
    folder.mkdir()
    for place in map(Path, jupyter_path("labextensions")):
        for extension in place.glob("*"):
            link = folder / extension.name
            if extension.name != "jupyter-codeserver-proxy" and not link.exists():
                link.symlink_to(extension)
    return folder


def _configure_empty_handler(home: Path) -> None:
    # The checkout is last on the path, so that the installed package is measured.
    configuration = _CONFIGURATION.format(checkout=str(CHECKOUT))
    (home / ".jupyter").mkdir()
    (home / ".jupyter" / "jupyter_server_config.py").write_text(configuration, encoding="utf-8")


def _described_port(description: Path) -> int | None:
    try:
        return int(json.loads(description.read_text())["port"])
    except (FileNotFoundError, ValueError):  # not written yet, or only in part
        return None


def _answers(url: str, headers: Mapping[str, str]) -> bool:
    try:
        return requests.get(url, headers=headers, timeout=_TIMEOUT).status_code == HTTPStatus.OK
    except requests.ConnectionError:
        return False
