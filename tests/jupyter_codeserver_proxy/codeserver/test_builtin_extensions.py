"""VS Code gets its own built-in extensions and ours, and the originals are not changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.codeserver import builtin_extensions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of built-in extensions, which share the files beside them."""
    own = tmp_path / "own"
    (own / "git").mkdir(parents=True)
    (own / "copilot").mkdir()
    (own / "package.json").write_text("{}")
    return own


@pytest.mark.parametrize(
    ("ai", "names"),
    [
        pytest.param(False, {"git", "package.json"}, id="without"),
        pytest.param(True, {"git", "package.json", "copilot"}, id="with"),
    ],
)
def test_ours_stands_among_its_own(own: Path, tmp_path: Path, names: set[str], *, ai: bool) -> None:
    """Ours contributes the defaults, and the assistant is there only if the operator wants it."""
    before = sorted(own.iterdir())
    defaults = {"editor.fontSize": 16}
    builtin_extensions.lay_out(own, tmp_path / "nowhere", tmp_path / "all", defaults, ai=ai)
    assert sorted(own.iterdir()) == before
    assert {path.name for path in (tmp_path / "all").iterdir()} == {
        *names,
        "jupyter-codeserver-proxy",
    }
    ours = tmp_path / "all/jupyter-codeserver-proxy"
    manifest = json.loads((ours / "package.json").read_text())
    assert (ours / manifest["main"]).is_file()
    assert manifest["contributes"]["configurationDefaults"] == defaults
    assert manifest["contributes"]["commands"]
    assert (ours / "package.nls.json").is_file()


def test_the_debugger_describes_node_alone(own: Path, tmp_path: Path) -> None:
    """The copy is complete, can be removed, and debugs the same programs."""
    debugger = own / "ms-vscode.js-debug"
    (debugger / "src").mkdir(parents=True)
    (debugger / "src/extension.js").write_text("code")
    properties = {"port": {"type": "number", "description": "where"}}
    node = {"type": "node", "configurationAttributes": {"launch": {"properties": properties}}}
    kinds = [node, {**node, "type": "chrome"}]
    (debugger / "package.json").write_text(json.dumps({"contributes": {"debuggers": kinds}}))
    for part in (debugger / "src/extension.js", debugger / "src", debugger):
        part.chmod(0o555)
    builtin_extensions.lay_out(own, tmp_path / "nowhere", tmp_path / "all", {}, ai=False)
    copy = tmp_path / "all/ms-vscode.js-debug"
    manifest = json.loads((copy / "package.json").read_text())
    assert manifest["contributes"]["debuggers"] == [
        node,
        {"type": "chrome", "configurationAttributes": {"launch": {"properties": {"port": {}}}}},
    ]
    assert (copy / "src/extension.js").resolve() == copy / "src/extension.js"
    assert all(part.stat().st_mode & 0o200 for part in (copy, *copy.rglob("*")))


def test_shared_extensions_stand_among_them(own: Path, tmp_path: Path) -> None:
    """Each is a link to its folder, and incomplete extensions are skipped."""
    shared = tmp_path / "shared"
    one = shared / "lectures.greeter-1.0.0"
    one.mkdir(parents=True)
    manifest = {"publisher": "lectures", "name": "greeter", "version": "1.0.0"}
    (one / "package.json").write_text(json.dumps(manifest))
    (shared / ".unfinished-x").mkdir()
    builtin_extensions.lay_out(own, shared, tmp_path / "all", {}, ai=False)
    assert (tmp_path / "all" / one.name).resolve() == one
    assert not list((tmp_path / "all").glob(".unfinished*"))
