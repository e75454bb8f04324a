"""Options become arguments and environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_codeserver_proxy.codeserver.command import (
    NODE_OPTIONS,
    CannotSwitchOffError,
    StartOptions,
    Workspace,
    arguments,
    environment,
)

WORK = Workspace(Path("/work"))
SOCKET = Path("/run/private/socket")
PROGRAMS = Path("/opt/jupyter/bin")
ALL_FLAGS = {
    "disable-getting-started-override",
    "disable-telemetry",
    "disable-update-check",
    "disable-workspace-trust",
    "ignore-last-opened",
    "session-socket",
    "vscode-option",
}


def test_it_listens_on_the_private_socket_alone() -> None:
    """The socket is code-server's only address, and only its owner may use it."""
    result = arguments(StartOptions(), WORK, ALL_FLAGS, SOCKET)
    assert result[:6] == ("--auth", "none", "--socket", str(SOCKET), "--socket-mode", "0600")
    assert not {"--bind-addr", "--port", "--host"} & set(result)


def test_configuration_and_session_socket_lie_beside_the_socket() -> None:
    """They do not depend on the home, which may be read-only or on NFS."""
    result = arguments(StartOptions(), WORK, ALL_FLAGS, SOCKET)
    assert result[result.index("--config") + 1] == f"{SOCKET}.yaml"
    assert result[result.index("--session-socket") + 1] == f"{SOCKET}.session"


@pytest.mark.parametrize("flag", sorted(ALL_FLAGS))
def test_a_flag_that_it_does_not_know_is_left_out(flag: str) -> None:
    """An older code-server gets no flag that would keep it from starting."""
    options = StartOptions()
    assert f"--{flag}" in arguments(options, WORK, ALL_FLAGS, SOCKET)
    assert f"--{flag}" not in arguments(options, WORK, ALL_FLAGS - {flag}, SOCKET)


def test_further_arguments_come_before_the_folder() -> None:
    """Configured arguments win over ours, and the folder stays the last."""
    options = StartOptions(
        extensions_folder=Path("/extensions"),
        user_data_folder=Path("/data"),
        arguments=("--locale", "de"),
    )
    result = arguments(options, WORK, ALL_FLAGS, SOCKET)
    assert result[-3:] == ("--locale", "de", "/work")
    assert result[result.index("--extensions-dir") + 1] == "/extensions"
    assert result[result.index("--user-data-dir") + 1] == "/data"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(StartOptions(switched_off=("disable-proxy",)), ("--disable-proxy",), id="off"),
        pytest.param(StartOptions(title="Editor"), ("--app-name", "Editor"), id="title"),
        pytest.param(
            StartOptions(extensions_folder=Path("/extensions"), own_extensions=False),
            ("--extensions-dir", f"{SOCKET}.extensions"),
            id="no own extensions",
        ),
    ],
)
def test_what_is_chosen_stands_in_the_arguments(
    options: StartOptions, expected: tuple[str, ...]
) -> None:
    """Each argument appears once, with its value."""
    result = arguments(options, WORK, ALL_FLAGS | {"app-name", "disable-proxy"}, SOCKET)
    at = result.index(expected[0])
    assert result[at : at + len(expected)] == expected
    assert result.count(expected[0]) == 1


def test_trust_is_asked_for_where_it_is_wanted() -> None:
    """Otherwise VS Code does not ask."""
    result = arguments(StartOptions(workspace_trust=True), WORK, ALL_FLAGS, SOCKET)
    assert "--disable-workspace-trust" not in result


def test_what_cannot_be_switched_off_is_not_started() -> None:
    """An old code-server does not give an exam what its configuration forbids."""
    options = StartOptions(switched_off=("disable-proxy",))
    with pytest.raises(CannotSwitchOffError, match="does not know --disable-proxy"):
        arguments(options, WORK, ALL_FLAGS, SOCKET)


@pytest.mark.parametrize(
    "name",
    [
        "CODE_SERVER_COOKIE_SUFFIX",
        "CODE_SERVER_HOST",
        "CODE_SERVER_PARENT_PID",
        "CS_DISABLE_FILE_DOWNLOADS",
        "EXTENSIONS_GALLERY",
        "GITHUB_TOKEN",
        "HASHED_PASSWORD",
        "JPY_API_TOKEN",
        "JUPYTERHUB_API_TOKEN",
        "JUPYTER_TOKEN",
        "PASSWORD",
        "PORT",
        "VSCODE_IPC_HOOK_CLI",
        "VSCODE_PROXY_URI",
    ],
)
def test_what_derails_it_and_what_is_secret_is_withheld(name: str) -> None:
    """These variables reach code-server only if the option sets them."""
    inherited = {name: "inherited", "HOME": "/home/alice"}
    assert environment({}, inherited, PROGRAMS).keys() == {"HOME", "PATH"}
    assert environment({name: "given"}, inherited, PROGRAMS)[name] == "given"


def test_node_options_pass_code_server_by() -> None:
    """Only terminals get them, unless the operator sets some."""
    inherited = {"NODE_OPTIONS": "--require /nowhere/debugger.js"}
    result = environment({}, inherited, PROGRAMS)
    assert "NODE_OPTIONS" not in result
    assert result[NODE_OPTIONS] == inherited["NODE_OPTIONS"]
    assert environment({"NODE_OPTIONS": "-x"}, inherited, PROGRAMS)["NODE_OPTIONS"] == "-x"


@pytest.mark.parametrize(
    ("inherited", "expected"),
    [
        pytest.param({"PATH": "/usr/bin"}, "/opt/jupyter/bin:/usr/bin", id="not activated"),
        pytest.param(
            {"PATH": "/usr/bin:/opt/jupyter/bin"}, "/usr/bin:/opt/jupyter/bin", id="on it"
        ),
        pytest.param({}, f"/opt/jupyter/bin:{os.defpath}", id="no PATH"),
    ],
)
def test_jupyters_programs_are_on_the_path(inherited: dict[str, str], expected: str) -> None:
    """The terminal finds Jupyter's `python`, and a chosen order of PATH stays."""
    assert environment({}, inherited, PROGRAMS)["PATH"] == expected
