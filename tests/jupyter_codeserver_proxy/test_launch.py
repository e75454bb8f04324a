"""What is run, for a real code-server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.config import CodeServer
from jupyter_codeserver_proxy.launch import Launch

if TYPE_CHECKING:
    from pathlib import Path


def program(executable: Path, folder: Path) -> tuple[str, ...]:
    """What comes before code-server's own arguments, of which the first is --auth."""
    options = CodeServer(executable=str(executable), working_folder=str(folder))
    (beside := folder / "start").mkdir()
    arguments = Launch(options, os.environ)(beside / "socket").arguments
    return arguments[: arguments.index("--auth")]


def test_a_release_is_run_by_its_own_node_with_flags_for_it(
    code_server: Path, tmp_path: Path
) -> None:
    """As its script would, but with less memory, and for heads as large as Jupyter's."""
    top = code_server.resolve().parent.parent
    if not (top / "lib/node").exists():
        pytest.skip("this code-server is not a release, but npm's")
    node, memory, heads, root = program(code_server, tmp_path)
    assert (node, root) == (str(top / "lib/node"), str(top))
    assert memory.startswith("--max-semi-space-size=")
    assert heads.startswith("--max-http-header-size=")


def test_a_script_around_code_server_is_run_as_it_is(code_server: Path, tmp_path: Path) -> None:
    """Whoever wrote it wants what it does."""
    script = tmp_path / "code-server"
    script.write_text(f'#!/bin/sh\nexec {code_server} "$@"\n')
    script.chmod(0o755)
    assert program(script, tmp_path) == (str(script),)
