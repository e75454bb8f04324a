"""Options from Jupyter's configuration, the environment and the defaults."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from jupyter_server.serverapp import ServerApp

from jupyter_codeserver_proxy.codeserver.command import arguments
from jupyter_codeserver_proxy.config.environment import variables
from jupyter_codeserver_proxy.config.options import CodeServer, ConfigurationError, configured

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def app(tmp_path: Path) -> ServerApp:
    """A Jupyter server that knows its root and is not started."""
    app = ServerApp(log=logging.getLogger(__name__))
    app.root_dir = str(tmp_path)
    return app


def test_configuration_wins_over_the_environment_over_the_default(app: ServerApp) -> None:
    """The precedence is: Jupyter's configuration, environment, default."""
    environment = {"JUPYTER_CODESERVER_TITLE": "from environment"}
    assert configured(app, {}).title == "VS Code"
    assert configured(app, environment).title == "from environment"
    app.config.CodeServer.title = "from configuration"
    assert configured(app, environment).title == "from configuration"


def test_the_command_line_sets_an_option(app: ServerApp) -> None:
    """`--CodeServer.option=value` works like Jupyter's other options."""
    app.parse_command_line(["--CodeServer.timeout=7", "--CodeServer.arguments=--locale"])
    options = configured(app, {})
    assert (options.timeout, options.arguments) == (7.0, ["--locale"])


def test_every_option_has_help_and_can_come_from_the_environment() -> None:
    """`--help-all` explains each option and names the variable that sets it."""
    traits = CodeServer.class_traits(config=True)
    assert len(traits) >= 9
    for name, trait in traits.items():
        assert f"JUPYTER_CODESERVER_{name.upper()}" in variables(name, trait)
        for variable in variables(name, trait):
            assert variable in trait.metadata["help"]


def test_the_environment_gives_values_of_each_type(app: ServerApp) -> None:
    """Numbers, lists, dictionaries and switches are read from their text."""
    environment = {
        "JUPYTER_CODESERVER_TIMEOUT": "9.5",
        "JUPYTER_CODESERVER_ARGUMENTS": "--locale 'de'",
        "JUPYTER_CODESERVER_ENVIRONMENT": "{'CLASS': 'physics'}",
        "JUPYTER_CODESERVER_NEW_BROWSER_TAB": "false",
    }
    options = configured(app, environment)
    assert options.timeout == 9.5
    assert options.arguments == ["--locale", "de"]
    assert options.environment == {"CLASS": "physics"}
    assert options.new_browser_tab is False


MAPS = [
    pytest.param('{"a": false, "b": {"c": [null, 1]}}', id="json"),
    pytest.param("{'a': False, 'b': {'c': [None, 1]}}", id="python"),
    pytest.param(' {"a": False, "b": {"c": [None, 1]},} ', id="python-with-spaces"),
]


@pytest.mark.parametrize("text", MAPS)
def test_a_map_is_written_in_json_or_as_in_python(app: ServerApp, text: str) -> None:
    """Both forms work in the environment and on the command line."""
    expected = {"a": False, "b": {"c": [None, 1]}}
    assert configured(app, {"JUPYTER_CODESERVER_SETTINGS": text}).settings == expected
    app.parse_command_line([f"--CodeServer.settings={text}"])
    assert configured(app, {}).settings == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param('{"TOKEN": fals}', "line 1 column 11", id="word"),
        pytest.param('{"TOKEN": "a=b"', "line 1 column 16", id="no-end"),
        pytest.param('["TOKEN"]', "it is no {…}", id="list"),
        pytest.param("TOKEN", "line 1 column 1", id="text"),
        pytest.param("[" * 100_000, "recursion", id="nested"),
    ],
)
def test_a_map_that_cannot_be_read_says_where(app: ServerApp, text: str, why: str) -> None:
    """The message is one line with the option, and without the text, which may be a token."""
    with pytest.raises(ConfigurationError) as raised:
        configured(app, {"JUPYTER_CODESERVER_ENVIRONMENT": text})
    said = str(raised.value)
    assert said.startswith("CodeServer.environment is neither JSON nor a dictionary as in Python")
    assert why in said
    assert "TOKEN" not in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        pytest.param("timeout", 0, "CodeServer.timeout is 0; allowed is", id="range"),
        pytest.param("job_limit", -1, "CodeServer.job_limit is -1; allowed is", id="below 0"),
        pytest.param("timeout", "soon", "expected a float, not the str 'soon'", id="type"),
        pytest.param("arguments", 3, "expected a list", id="list"),
        pytest.param(
            "environment", {"A": 1}, "must be a unicode string, but a value of 1", id="nested"
        ),
    ],
)
def test_a_wrong_value_says_what_was_given_and_what_is_allowed(
    app: ServerApp, option: str, value: object, said: str
) -> None:
    """The error names the value, the option and the allowed values."""
    app.config.CodeServer[option] = value
    with pytest.raises(ConfigurationError) as raised:
        configured(app, {})
    assert said in str(raised.value)
    assert option in str(raised.value)


def test_an_unknown_option_is_not_swallowed(
    app: ServerApp, caplog: pytest.LogCaptureFixture
) -> None:
    """A misspelt option causes a warning that suggests the right one."""
    app.config.CodeServer.exectuable = "code-server"
    configured(app, {})
    assert "`exectuable` not recognized" in caplog.text
    assert "Did you mean `executable`?" in caplog.text


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        pytest.param(None, ".", id="default"),
        pytest.param("class", "class", id="relative"),
        pytest.param("{tmp_path}/class", "class", id="absolute"),
    ],
)
def test_the_working_folder_is_below_the_servers_root(
    app: ServerApp, tmp_path: Path, variable: str | None, expected: str
) -> None:
    """VS Code opens the root of the Jupyter server, or what CODE_WORKINGDIR names."""
    (tmp_path / "class").mkdir()
    environment = {"CODE_WORKINGDIR": variable.format(tmp_path=tmp_path)} if variable else {}
    assert configured(app, environment).workspace().folder == tmp_path / expected


def test_a_workspace_may_be_what_is_opened(app: ServerApp, tmp_path: Path) -> None:
    """CODE_WORKINGDIR may name a workspace file; code-server runs in the file's folder."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class/a.code-workspace").write_text("{}")
    options = configured(app, {"CODE_WORKINGDIR": "class/a.code-workspace"})
    workspace = options.workspace()
    assert workspace.folder == tmp_path / "class"
    assert workspace.file == tmp_path / "class/a.code-workspace"
    socket = tmp_path / "socket"
    assert arguments(options.values().start, workspace, (), socket)[-1] == str(workspace.file)


@pytest.mark.parametrize("name", ["a.txt", "none.code-workspace", "x" * 300, "\0"])
def test_what_is_neither_folder_nor_workspace_is_refused(
    app: ServerApp, tmp_path: Path, name: str
) -> None:
    """The message is the same, whatever is wrong with the path."""
    (tmp_path / "a.txt").write_text("")
    app.config.CodeServer.working_folder = name
    with pytest.raises(ConfigurationError, match=r"neither a folder nor a \.code-workspace file"):
        configured(app, {}).workspace()


def test_a_working_folder_that_is_not_there_is_named(app: ServerApp, tmp_path: Path) -> None:
    """The error names the missing folder and the option."""
    app.config.CodeServer.working_folder = "nowhere"
    with pytest.raises(
        ConfigurationError, match=r"CodeServer\.working_folder is 'nowhere'"
    ) as raised:
        configured(app, {}).workspace()
    assert str(tmp_path / "nowhere") in str(raised.value)


def test_a_tilde_is_the_home(
    app: ServerApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path may begin with a tilde, as in a shell."""
    monkeypatch.setenv("HOME", str(tmp_path))
    app.config.CodeServer.extensions_folder = "~/extensions"
    assert configured(app, {}).values().start.extensions_folder == tmp_path / "extensions"
