"""The entry for jupyter-server-proxy."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_server.serverapp import ServerApp
from jupyter_server_proxy.config import ServerProcess, get_entrypoint_server_processes
from tornado.web import HTTPError
from traitlets.config import Config

from jupyter_codeserver_proxy import setup_codeserver
from jupyter_codeserver_proxy.config.options import CodeServer, configured
from jupyter_codeserver_proxy.server_process import server_process
from tests import conda

if TYPE_CHECKING:
    from collections.abc import Mapping


def entry(options: Mapping[str, Any], inherited: Mapping[str, str]) -> dict[str, Any]:
    """Returns the entry for some options and variables."""
    config = Config({"CodeServer": {"executable": "/bin/true", **options}})
    return server_process(lambda: CodeServer(config=config), inherited)


def test_jupyter_server_proxy_takes_every_key() -> None:
    """No key is unknown to jupyter-server-proxy, which would only warn and ignore it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        process = ServerProcess(name="codeserver", **setup_codeserver())
    assert process.launcher_entry.title == "VS Code"
    assert process.launcher_entry.path_info == "codeserver/"
    assert Path(process.launcher_entry.icon_path).read_text().startswith("<svg")
    assert process.unix_socket is True


def test_the_entry_point_is_found() -> None:
    """The installed distribution names the entry point under `codeserver`."""
    assert "codeserver" in [process.name for process in get_entrypoint_server_processes()]


def test_without_a_server_there_is_an_entry_and_still_no_server() -> None:
    """Asking for the entry does not create a Jupyter server."""
    assert not ServerApp.initialized()
    setup_codeserver()
    assert not ServerApp.initialized()


def test_options_reach_the_entry(tmp_path: Path) -> None:
    """Title, category, time-out and the kind of tab follow the options."""
    options = {"title": "Editor", "timeout": 7.0, "new_browser_tab": False, "category": "Console"}
    result = entry({**options, "working_folder": str(tmp_path)}, {})
    assert result["launcher_entry"]["title"] == "Editor"
    assert (result["timeout"], result["new_browser_tab"]) == (7.0, False)
    launcher_entry = result["launcher_entry"]
    assert (launcher_entry["category"], launcher_entry["enabled"]) == ("Console", True)


@pytest.mark.parametrize("options", [{"category": "Other"}, {"rank": 1}, {"category": ""}])
def test_there_is_never_a_second_tile(options: dict[str, Any]) -> None:
    """This tile is off if our JupyterLab extension draws it, or if none is wanted."""
    result = entry(options, {})
    assert result["launcher_entry"]["enabled"] is False
    assert CodeServer(config=Config({"CodeServer": options})).is_drawn_by_us() == any(
        options.values()
    )


def test_braces_are_taken_literally(tmp_path: Path, code_server: Path) -> None:
    """A brace in a path, an argument or a variable survives jupyter-server-proxy's templates."""
    folder = tmp_path / "{port} {oops"
    folder.mkdir()
    options = {
        "executable": str(code_server),
        "working_folder": str(folder),
        "arguments": ["--app-name", "{{base_url}}"],
        "environment": {"BRACES": "{x}"},
    }
    result = entry(options, {"PATH": "/usr/bin:/bin", "PORT": "80"})
    values = {"unix_socket": "/run/s{0}", "port": 0, "base_url": "/"}
    arguments = [word.format(**values) for word in result["command"](unix_socket="/run/s{0}")]
    assert arguments[-1] == str(folder)
    assert arguments[-2] == "{{base_url}}"
    assert arguments[arguments.index("--socket") + 1] == "/run/s{0}"
    assert arguments[:4] == ["env", "-u", "PORT", str(code_server)]
    assert result["environment"]["BRACES"].format(**values) == "{x}"


def test_a_script_that_would_split_words_is_not_run(tmp_path: Path, code_server: Path) -> None:
    """The entry avoids the script, as our own handlers do."""
    script = conda.install(tmp_path / "env", code_server)
    options = {"executable": str(script), "working_folder": str(tmp_path)}
    words = entry(options, {"NODE_OPTIONS": "--x"})["command"](unix_socket="/run/s")
    assert words[:3] == ["env", "-u", "NODE_OPTIONS"]
    assert words[3] == str((script.parent / "node").resolve())
    assert words[words.index("--app-name") + 1] == "VS Code"


def test_what_this_entry_cannot_hold_is_told_at_the_click(
    tmp_path: Path, code_server: Path
) -> None:
    """Without the server extension, VS Code would have the assistant."""
    options = {"executable": str(code_server), "working_folder": str(tmp_path), "ai": False}
    with pytest.raises(HTTPError, match=r"ai = False.*jupyter server extension enable"):
        entry(options, {})["command"](unix_socket="/run/socket")


def test_without_an_executable_the_click_is_answered(tmp_path: Path) -> None:
    """The tile exists, and a click on it says what is missing and how to install it."""
    missing = str(tmp_path / "missing")
    result = entry({"executable": missing, "working_folder": str(tmp_path)}, {})
    assert result["launcher_entry"]["title"] == "VS Code"
    with pytest.raises(HTTPError) as raised:
        result["command"](unix_socket="/run/socket")
    assert raised.value.status_code == 503
    assert missing in str(raised.value)
    assert "jupyter codeserver install" in str(raised.value)


def test_code_server_installed_later_is_found_at_the_next_click(tmp_path: Path) -> None:
    """Jupyter need not be restarted."""
    path = tmp_path / "code-server"
    result = entry({"executable": str(path), "working_folder": str(tmp_path)}, {})
    with pytest.raises(HTTPError):
        result["command"](unix_socket="/run/socket")
    path.write_text("#!/bin/sh\necho '  --auth'\n")
    path.chmod(0o755)
    assert str(path) in result["command"](unix_socket="/run/socket")


def test_a_wrong_option_keeps_the_tile(caplog: pytest.LogCaptureFixture) -> None:
    """A wrong value is logged in one line, and shown at a click."""
    variables = {"JUPYTER_CODESERVER_TIMEOUT": "soon"}
    result = server_process(lambda: configured(None, variables), {})
    assert ServerProcess(name="codeserver", **result).launcher_entry.title == "VS Code"
    assert "not the str 'soon'" in caplog.text
    with pytest.raises(HTTPError, match="not the str 'soon'"):
        result["command"]()
