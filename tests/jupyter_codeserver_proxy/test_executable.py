"""Which code-server is used, and what it can do."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy import executable
from jupyter_codeserver_proxy.executable import ExecutableBrokenError, ExecutableNotFoundError

if TYPE_CHECKING:
    from pathlib import Path


def program(path: Path, text: str = "exit 0") -> Path:
    """A small program in a new file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_it_is_found_in_the_order_of_the_design(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Configured path, PATH, the environment's own bin, the fetcher's prefix."""
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
    """Who names an executable does not silently get another one."""
    program(tmp_path / "code-server")
    missing = str(tmp_path / "missing")
    with pytest.raises(ExecutableNotFoundError, match=r"CodeServer\.executable is") as raised:
        executable.find(missing, {"PATH": str(tmp_path)})
    assert missing in raised.value.what


def test_a_real_code_server_tells_its_version_and_flags(code_server: Path) -> None:
    """Version and flags are those of its own help."""
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
    assert "enable-sandbox" not in known  # only an example in another flag's text


def test_the_version_is_read_from_the_fetchers_marker(tmp_path: Path) -> None:
    """Where the fetcher's marker lies beside it, the program is not run for its version."""
    path = program(tmp_path / "bin" / "code-server", "exit 1")
    assert executable.version(path) is None
    (tmp_path / "install.json").write_text(json.dumps({"version": "4.139.1"}))
    assert executable.version(path) == "4.139.1"


def test_asking_writes_nothing_into_the_home(
    code_server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look at the version leaves no configuration file in a student's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    executable.version(code_server)
    copy = tmp_path / "bin" / "code-server"  # beside it there is no answer of the fetcher's
    program(copy, f'exec {code_server} "$@"')
    executable.abilities(copy)
    (tmp_path / "bin").rename(tmp_path.parent / f"{tmp_path.name}-bin")
    assert list(tmp_path.iterdir()) == []


def test_the_fetchers_answer_spares_the_question(tmp_path: Path) -> None:
    """Where the fetcher has left the `--help` beside it, the program is not run for its flags."""
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
    """A broken code-server is one line with the command and its last words."""
    path = program(tmp_path / "code-server", text)
    with pytest.raises(ExecutableBrokenError) as raised:
        executable.abilities(path)
    assert said in raised.value.what
    assert f"{path} --help" in raised.value.what


def test_a_file_that_is_no_program_is_named(tmp_path: Path) -> None:
    """An executable file that the system cannot run does not end in a traceback."""
    path = tmp_path / "code-server"
    path.write_bytes(b"\x7fELF nonsense")
    path.chmod(0o755)
    with pytest.raises(ExecutableBrokenError, match="Exec format error"):
        executable.abilities(path)
