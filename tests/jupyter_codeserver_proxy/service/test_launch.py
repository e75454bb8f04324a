"""The command of a start, for a real code-server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.codeserver.builtin_extensions import PolicyError
from jupyter_codeserver_proxy.codeserver.shared_extensions import install
from jupyter_codeserver_proxy.config.options import CodeServer
from jupyter_codeserver_proxy.service.launch import Launcher
from tests import conda
from tests.vsix import make_vsix

if TYPE_CHECKING:
    from jupyter_codeserver_proxy.supervision.child import Command


def start(executable: Path, folder: Path, **options: object) -> Command:
    """Returns the command and its environment."""
    chosen = CodeServer(executable=str(executable), working_folder=str(folder), **options)
    (beside := folder / "start").mkdir()
    launcher = Launcher(chosen.values().start, chosen.workspace, os.environ)
    return launcher.launch(beside / "socket").command


def program(executable: Path, folder: Path) -> tuple[str, ...]:
    """Returns the words before code-server's own arguments, which begin with --auth."""
    arguments = start(executable, folder).arguments
    return arguments[: arguments.index("--auth")]


@pytest.fixture
def untold(tmp_path: Path, code_server: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script that starts a code-server and keeps our probe from its node."""
    monkeypatch.setenv("REAL", str(code_server))
    script = tmp_path / "code-server"
    script.write_text('#!/bin/sh\nNODE_OPTIONS= exec "$REAL" "$@"\n')
    script.chmod(0o755)
    return script


def test_a_release_is_run_by_its_own_node_with_flags_for_it(
    code_server: Path, tmp_path: Path
) -> None:
    """It runs as by its script, but with less memory, and accepts heads as large as Jupyter's."""
    top = code_server.resolve().parent.parent
    if not (top / "lib/node").exists():
        pytest.skip("this code-server is not a release, but npm's")
    node, memory, heads, root = program(code_server, tmp_path)
    assert (node, root) == (str(top / "lib/node"), str(top))
    assert memory.startswith("--max-semi-space-size=")
    assert heads.startswith("--max-http-header-size=")


def test_a_script_around_code_server_is_run_as_it_is(code_server: Path, tmp_path: Path) -> None:
    """The author of the script wants what it does."""
    script = tmp_path / "code-server"
    script.write_text(f'#!/bin/sh\nexec {code_server} "$@"\n')
    script.chmod(0o755)
    assert program(script, tmp_path) == (str(script),)


def test_what_a_script_would_split_is_run_without_it(code_server: Path, tmp_path: Path) -> None:
    """A folder and a title with spaces reach code-server, with the script's own arguments."""
    script = conda.install(tmp_path / "env", code_server)
    (work := tmp_path / "two words").mkdir()
    arguments = start(script, work, own_extensions=False).arguments
    top = tmp_path / "env/share/code-server"
    before = arguments[: arguments.index("--auth")]
    assert before[0] == str((script.parent / "node").resolve())
    assert before[3:] == (str(top), "--extensions-dir", str(top / "extensions"))
    assert arguments[-1] == str(work)
    assert arguments[arguments.index("--app-name") + 1] == "VS Code"
    ours = arguments[len(before) :]  # the last of two counts
    assert ours[ours.index("--extensions-dir") + 1].endswith("socket.extensions")
    built_in = Path(ours[ours.index("--builtin-extensions-dir") + 1])
    assert (built_in / "jupyter-codeserver-proxy").is_dir()


def test_what_cannot_be_held_is_not_started(untold: Path, tmp_path: Path) -> None:
    """An operator's decision against the assistant is never violated."""
    with pytest.raises(PolicyError, match="have its assistant") as raised:
        start(untold, tmp_path, ai=False)
    assert str(untold) in raised.value.what
    assert "CodeServer.executable" in raised.value.advice


def test_shared_extensions_that_cannot_be_had_are_not_passed_over(
    untold: Path, tmp_path: Path
) -> None:
    """An operator learns of missing extensions before the class begins."""
    shared = tmp_path / "shared"
    install(make_vsix(tmp_path), shared, platform="linux-x64")
    with pytest.raises(PolicyError, match=f"lack the extensions in {shared}"):
        start(untold, tmp_path, shared_extensions_folder=str(shared))


def test_what_nobody_has_asked_for_is_done_without(untold: Path, tmp_path: Path) -> None:
    """VS Code opens without the companion extension, and Jupyter's log says so."""
    arguments = start(untold, tmp_path).arguments
    assert arguments[0] == str(untold)
    assert "--builtin-extensions-dir" not in arguments
