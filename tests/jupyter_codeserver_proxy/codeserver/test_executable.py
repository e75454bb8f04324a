"""Finding a code-server, and what it can do."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.assets.files import find_root
from jupyter_codeserver_proxy.codeserver import executable
from jupyter_codeserver_proxy.codeserver.executable import (
    ExecutableBrokenError,
    ExecutableNotFoundError,
)
from tests import conda

if TYPE_CHECKING:
    from pathlib import Path

STALE = "--require /nowhere/debugger.js"  # a debugger leaves this behind


def program(path: Path, text: str = "exit 0") -> Path:
    """Writes a small program to a new file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_it_is_found_in_the_order_of_the_design(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order is: configured path, PATH, the environment's own bin, the fetcher's prefix."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "python"))
    variables = {
        "PATH": str(tmp_path / "path"),
        "JUPYTER_CODESERVER_PREFIX": str(tmp_path / "prefix"),
    }
    places = {
        "CodeServer.executable": program(tmp_path / "own" / "my-code-server"),
        "PATH": program(tmp_path / "path" / "code-server"),
        "the Python environment": program(tmp_path / "python" / "bin" / "code-server"),
        "the fetcher's prefix": program(tmp_path / "prefix" / "bin" / "code-server"),
    }
    configured = str(places["CodeServer.executable"])
    for found_in, path in places.items():
        found = executable.find(configured, variables)
        assert (found.path, found.found_in) == (path, found_in)
        path.unlink()
        configured = ""
    with pytest.raises(ExecutableNotFoundError, match="jupyter codeserver install") as raised:
        executable.find("", variables)
    assert str(tmp_path / "prefix") in raised.value.what


def test_a_configured_name_is_looked_up_on_the_path(tmp_path: Path) -> None:
    """`CodeServer.executable` may be a name."""
    path = program(tmp_path / "code-server-next")
    assert executable.find("code-server-next", {"PATH": str(tmp_path)}).path == path


def test_a_configured_file_that_is_missing_is_not_passed_over(tmp_path: Path) -> None:
    """A wrong name does not lead silently to another program."""
    program(tmp_path / "code-server")
    missing = str(tmp_path / "missing")
    with pytest.raises(ExecutableNotFoundError, match=r"CodeServer\.executable is") as raised:
        executable.find(missing, {"PATH": str(tmp_path)})
    assert missing in raised.value.what


@pytest.fixture
def remote_cli(code_server: Path) -> Path:
    """The folder that is first on the PATH of VS Code's terminals."""
    found = find_root(code_server)
    assert found
    return found.root / "lib/vscode/bin/remote-cli"


@pytest.mark.parametrize("configured", ["", "code-server"])
def test_the_command_line_of_vscodes_terminals_is_passed_over(
    tmp_path: Path, remote_cli: Path, configured: str
) -> None:
    """If Jupyter runs in such a terminal, the next code-server on PATH is found."""
    linked = tmp_path / "linked"
    linked.symlink_to(remote_cli)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/code-server").symlink_to(remote_cli / "code-server")
    expected = program(tmp_path / "real" / "code-server")
    folders = (remote_cli, linked, tmp_path / "bin", expected.parent)
    path = os.pathsep.join(map(str, folders))
    assert executable.find(configured, {"PATH": path}).path == expected


def test_the_command_line_of_vscodes_terminals_is_refused(remote_cli: Path) -> None:
    """The error says that it is no code-server."""
    for configured in (str(remote_cli / "code-server"), "code-server"):
        with pytest.raises(ExecutableNotFoundError, match="command line of VS Code's"):
            executable.find(configured, {"PATH": str(remote_cli)})


def test_a_real_code_server_tells_its_version_and_flags(code_server: Path) -> None:
    """Version and flags come from its own help."""
    version = executable.version(code_server)
    assert version is not None
    assert version.startswith("4.")
    known = executable.abilities(code_server).flags
    assert {
        "auth",
        "config",
        "socket",
        "socket-mode",
        "disable-telemetry",
        "session-socket",
    } <= known
    assert "enable-sandbox" not in known  # an example in another flag's text


def test_the_version_is_read_from_the_fetchers_marker(tmp_path: Path) -> None:
    """With the fetcher's marker beside it, the program is not run for its version."""
    path = program(tmp_path / "bin" / "code-server", "exit 1")
    assert executable.version(path) is None
    (tmp_path / "install.json").write_text(json.dumps({"version": "4.139.1"}))
    assert executable.version(path) == "4.139.1"


def test_asking_writes_nothing_into_the_home(
    code_server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading the version leaves no configuration file in a student's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    executable.version(code_server)
    copy = tmp_path / "bin" / "code-server"  # the fetcher's copy of `--help` is not beside it
    program(copy, f'exec {code_server} "$@"')
    executable.abilities(copy)
    (tmp_path / "bin").rename(tmp_path.parent / f"{tmp_path.name}-bin")
    assert list(tmp_path.iterdir()) == []


def test_the_fetchers_answer_spares_the_question(tmp_path: Path) -> None:
    """With the fetcher's copy of `--help` beside it, the program is not run for its flags."""
    path = program(tmp_path / "bin" / "code-server", "exit 1")
    (tmp_path / "help.txt").write_text("code-server 4.13.0 abc\n  -h --help   --x\n     --auth\n")
    assert executable.abilities(path).flags == {"help", "auth"}
    assert executable.abilities(path).version == "4.13.0"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("echo no GLIBC >&2; exit 3", "ended with status 3: no GLIBC", id="fails"),
        pytest.param("exit 4", "ended with status 4", id="silent"),
    ],
)
def test_one_that_does_not_run_says_what_was_tried(tmp_path: Path, text: str, said: str) -> None:
    """The error is one line with the command and the last line of output."""
    path = program(tmp_path / "code-server", text)
    with pytest.raises(ExecutableBrokenError) as raised:
        executable.abilities(path)
    assert said in raised.value.what
    assert f"{path} --help" in raised.value.what


def test_a_file_that_is_no_program_is_named(tmp_path: Path) -> None:
    """The error has no traceback if the system cannot run the file."""
    path = tmp_path / "code-server"
    path.write_bytes(b"\x7fELF nonsense")
    path.chmod(0o755)
    with pytest.raises(ExecutableBrokenError, match="Exec format error"):
        executable.abilities(path)


def test_a_secret_in_its_last_words_is_hidden(tmp_path: Path) -> None:
    """The page shows them."""
    path = program(tmp_path / "code-server", "echo 'Error: API_KEY=s3cret' >&2; exit 3")
    with pytest.raises(ExecutableBrokenError) as raised:
        executable.abilities(path)
    assert "API_KEY=[hidden]" in raised.value.what


def test_words_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    """A program may write any bytes."""
    path = program(tmp_path / "code-server", r"printf '\377\n  --auth\n'")
    assert executable.abilities(path).flags == {"auth"}


@pytest.mark.parametrize(
    "script",
    [
        pytest.param('exec {} "$@"', id="absolute"),
        pytest.param('exec "$(dirname "$0")/../real" "$@"', id="relocatable"),
        pytest.param('export A=1; nice {} --locale de "$@"', id="with more of its own"),
        pytest.param('exec sh -c \'exec "$REAL" "$@"\' "$0" "$@"', id="by a variable"),
    ],
)
def test_a_script_tells_which_code_server_it_starts(
    tmp_path: Path, code_server: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All kinds of scripts work."""
    monkeypatch.setenv("REAL", str(code_server))
    (tmp_path / "real").symlink_to(code_server)
    path = program(tmp_path / "bin/code-server", script.format(code_server))
    assert executable.installation(path) == find_root(code_server)
    wrapped = executable.abilities(path).wrapped
    assert wrapped is not None
    assert not wrapped.is_split


def test_a_script_that_splits_words_tells_what_to_run_instead(
    tmp_path: Path, code_server: Path
) -> None:
    """The script's arguments for node and for code-server are known, and its variables."""
    found = find_root(code_server)
    assert found
    script = f'export COURSE="a b" CACHE="$HOME/x"; exec {code_server} $* --locale de'
    wrapped = executable.abilities(program(tmp_path / "code-server", script)).wrapped
    assert wrapped is not None
    assert wrapped.is_split
    assert (wrapped.root, wrapped.arguments) == (found.root, ("--locale", "de"))
    assert wrapped.environment == {"COURSE": "a b"}  # without the temporary home


def test_conda_forges_code_server_is_recognised(tmp_path: Path, code_server: Path) -> None:
    """This also works if its environment is not activated and another node is on PATH."""
    path = conda.install(tmp_path / "env", code_server)
    top = tmp_path / "env/share/code-server"
    found = executable.installation(path)
    assert found is not None
    assert found.root == top
    known = executable.abilities(path)
    assert known.version == found.version
    assert known.wrapped is not None
    assert known.wrapped.is_split
    assert known.wrapped.node == (path.parent / "node").resolve()
    assert known.wrapped.arguments == ("--extensions-dir", str(top / "extensions"))


def test_a_script_that_starts_another_one_by_now_is_asked_again(
    tmp_path: Path, code_server: Path
) -> None:
    """Jupyter need not be restarted after an upgrade."""
    conda.install(tmp_path / "1", code_server)
    (current := tmp_path / "current").symlink_to("1")
    path = program(tmp_path / "code-server", f'exec {current}/bin/code-server "$@"')
    before = executable.installation(path)
    conda.install(tmp_path / "2", code_server)
    current.unlink()
    current.symlink_to("2")
    (tmp_path / "1").rename(tmp_path / "gone")
    after = executable.installation(path)
    assert before is not None
    assert after is not None
    assert (before.root, after.root) == tuple(tmp_path / n / "share/code-server" for n in "12")


@pytest.mark.parametrize(
    "script",
    [
        pytest.param('NODE_OPTIONS= exec "$REAL" "$@"', id="node is not asked"),
        pytest.param('[ -z "$NODE_OPTIONS" ] && exec "$REAL" "$@"', id="node cannot be asked"),
    ],
)
def test_a_script_that_does_not_tell_is_asked_for_its_flags_all_the_same(
    tmp_path: Path, code_server: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only its target is unknown."""
    monkeypatch.setenv("REAL", str(code_server))
    path = program(tmp_path / "code-server", script)
    assert "session-socket" in executable.abilities(path).flags
    assert executable.installation(path) is None


def test_a_debuggers_stale_options_do_not_reach_it(
    tmp_path: Path, code_server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With these options, its node would not start."""
    monkeypatch.setenv("NODE_OPTIONS", STALE)
    path = program(tmp_path / "code-server", f'exec {code_server} "$@"')
    assert executable.version(path) == executable.version(code_server)
