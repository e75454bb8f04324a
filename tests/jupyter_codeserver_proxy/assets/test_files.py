"""Which file a request path means, and which installation an executable belongs to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_codeserver_proxy.assets.files import (
    AssetRoot,
    UnsafePathError,
    find_root,
    locate,
    read_root,
    resolve,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COMMIT = "53c2f3253bcf32886706fc023e794bbeb253c90f"
STABLE = f"stable-{COMMIT}/static"
HIDDEN = "not for a browser"


def install(folder: Path) -> Path:
    """Make the files that identify an installation of code-server."""
    (folder / "lib/vscode/out").mkdir(parents=True)
    (folder / "out/browser").mkdir(parents=True)
    (folder / "out/node").mkdir()
    (folder / "package.json").write_text(json.dumps({"version": "4.139.1"}))
    (folder / "lib/vscode/product.json").write_text(json.dumps({"commit": COMMIT}))
    (folder / "lib/vscode/out/main.js").write_text("1")
    (folder / "out/browser/serviceWorker.js").write_text("2")
    (folder / "out/node/entry.js").write_text(HIDDEN)
    return folder


def executable(file: Path, script: str) -> Path:
    """Make an executable file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(script)
    file.chmod(0o755)
    return file


def link(file: Path, target: Path) -> Path:
    """Make a link."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.symlink_to(target)
    return file


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> AssetRoot:
    """An installation with links that lead to everywhere, and secrets around it."""
    around = tmp_path_factory.mktemp("around")
    folder = install(around / "code-server")
    (around / "secret.js").write_text(HIDDEN)
    (folder / "secret.js").write_text(HIDDEN)
    (folder / "lib/vscode-insiders").mkdir()
    (folder / "lib/vscode-insiders/secret.js").write_text(HIDDEN)
    out = folder / "lib/vscode/out"
    link(out / "outside.js", around / "secret.js")
    link(out / "up", around)
    link(out / "inside.js", out / "main.js")
    link(out / "loop.js", out / "loop.js")
    link(out / "beside.js", folder / "lib/vscode-insiders/secret.js")
    (out / "folder.js").mkdir()
    found = read_root(folder)
    assert found
    return found


def release(tmp: Path) -> tuple[Path, Path]:
    """Lay out a release, unpacked."""
    top = install(tmp / "code-server-4.139.1-linux-amd64")
    return executable(
        top / "bin/code-server", '#!/bin/sh\nexec "$ROOT/lib/node" "$ROOT" "$@"\n'
    ), top


def linked_release(tmp: Path) -> tuple[Path, Path]:
    """Lay out a release that a prefix's `bin` links to."""
    file, top = release(tmp)
    return link(tmp / "prefix/bin/code-server", file), top


def debian(tmp: Path) -> tuple[Path, Path]:
    """Lay out Debian's package."""
    script = f'#!/usr/bin/env sh\nexec {tmp}/usr/lib/code-server/bin/code-server "$@"\n'
    return executable(tmp / "usr/bin/code-server", script), install(tmp / "usr/lib/code-server")


def npm_global(tmp: Path) -> tuple[Path, Path]:
    """Lay out what `npm install --global` makes."""
    top = install(tmp / "lib/node_modules/code-server")
    return link(tmp / "bin/code-server", top / "out/node/entry.js"), top


def marked(tmp: Path) -> tuple[Path, Path]:
    """Lay out an install whose marker says where it is."""
    top = install(tmp / "install/somewhere/deep")
    (tmp / "install/install.json").write_text(json.dumps({"root": "somewhere/deep"}))
    return executable(tmp / "install/bin/code-server", "#!/bin/sh\n"), top


def wrapper(tmp: Path) -> tuple[Path, Path]:
    """Lay out a script that calls a script that calls node."""
    top = install(tmp / "opt/modules/code-server")
    inner = executable(
        tmp / "opt/run/bin/code-server", f"#!/bin/sh\nexec node '{top}/out/node/entry.js'\n"
    )
    return executable(tmp / "home/bin/code-server", f'#!/bin/sh\n"{inner}" "$@"'), top


@pytest.mark.parametrize("layout", [release, linked_release, debian, npm_global, marked, wrapper])
def test_an_installation_is_found_by_its_executable(
    layout: Callable[[Path], tuple[Path, Path]], tmp_path: Path
) -> None:
    """Every way to install code-server leads to the folder with its files."""
    file, top = layout(tmp_path)
    assert find_root(file) == AssetRoot(top, COMMIT, "4.139.1")


@pytest.mark.parametrize(
    "script",
    [
        pytest.param('#!/bin/sh\nexec "$HOME/code"\n', id="a wrapper that cannot be followed"),
        pytest.param("#!/bin/sh\nexec /nowhere/bin/code-server\n", id="a wrapper to nowhere"),
        pytest.param("\x7fELF /opt/bin/code-server ", id="a binary"),
    ],
)
def test_an_installation_that_cannot_be_told_is_none(script: str, tmp_path: Path) -> None:
    """Then everything is left to code-server."""
    assert find_root(executable(tmp_path / "bin/code-server", script)) is None


def test_a_wrapper_that_calls_itself_is_none(tmp_path: Path) -> None:
    """The search ends."""
    file = tmp_path / "bin/code-server"
    assert find_root(executable(file, f"#!/bin/sh\nexec {file}\n")) is None


def test_the_real_installation_is_found(code_server: Path) -> None:
    """The code-server of the tests is found, too."""
    found = find_root(code_server)
    assert found
    assert (found.root / "lib/vscode/out/nls.messages.js").is_file()


@pytest.mark.parametrize(
    ("path", "file", "content_type"),
    [
        pytest.param(
            f"{STABLE}/out/main.js", "lib/vscode/out/main.js", "text/javascript", id="VS Code's"
        ),
        pytest.param(
            f"{STABLE}/out/%40xterm/a%20b.wasm",
            "lib/vscode/out/@xterm/a b.wasm",
            "text/plain",
            id="encoded characters",
        ),
        pytest.param(
            "_static/out/browser/serviceWorker.js",
            "out/browser/serviceWorker.js",
            "text/javascript; charset=utf-8",
            id="code-server's",
        ),
    ],
)
def test_a_path_means_a_file(root: AssetRoot, path: str, file: str, content_type: str) -> None:
    """The path is decoded once, the type is code-server's, and a commit makes it immutable."""
    asset = locate(root, path)
    assert asset
    assert (asset.path, asset.content_type) == (file, content_type)
    assert asset.immutable == path.startswith("stable-")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"stable-{'0' * 40}/static/out/main.js", id="another commit"),
        pytest.param(f"{STABLE}/out/main.tiktoken", id="an unknown kind"),
        pytest.param(f"{STABLE}/out//main.js", id="an empty segment"),
        pytest.param(f"stable-{COMMIT}/vscode-remote-resource", id="a resource"),
        pytest.param("_static/package.json", id="another folder of code-server's"),
        pytest.param("_static/out/node/entry.js", id="code of the server"),
        pytest.param("_static/out/browser/.hidden.js", id="a hidden file"),
        pytest.param("healthz", id="something else"),
    ],
)
def test_what_only_code_server_can_tell_is_left_to_it(root: AssetRoot, path: str) -> None:
    """None means: ask code-server."""
    assert locate(root, path) is None


@pytest.mark.parametrize(
    "name",
    [
        "../package.js", "out/../../secret.js", "./out/main.js", "out/%2e%2e/main.js",
        "out/.%2E/main.js", "out%2Fmain.js", "out%5cmain.js", "out\\main.js", "out/main.js%00",
        "out/\0main.js", "out/%ff.js", "out/..",
    ],
)  # fmt: skip
@pytest.mark.parametrize("folder", [STABLE, "_static"])
def test_a_path_that_climbs_or_hides_its_segments_is_unsafe(
    root: AssetRoot, folder: str, name: str
) -> None:
    """No browser sends such a path."""
    with pytest.raises(UnsafePathError):
        locate(root, f"{folder}/{name}")


def resolved(root: AssetRoot, path: str) -> Path | None:
    """Return the file on disk that a request path means."""
    asset = locate(root, path)
    return resolve(root, asset) if asset else None


@pytest.mark.parametrize(
    "name", ["outside.js", "up/secret.js", "up/code-server/package.json", "beside.js", "folder.js"]
)
def test_a_link_that_leads_outside_and_a_folder_are_unsafe(root: AssetRoot, name: str) -> None:
    """The resolved path of a file counts."""
    with pytest.raises(UnsafePathError):
        resolved(root, f"{STABLE}/out/{name}")


def test_a_link_within_the_installation_is_followed(root: AssetRoot) -> None:
    """It leads only to files that are served anyway."""
    assert resolved(root, f"{STABLE}/out/inside.js") == root.root / "lib/vscode/out/main.js"


@pytest.mark.parametrize("name", ["missing.js", "loop.js", "main.js/below.js", "x" * 5000 + ".js"])
def test_a_file_that_is_not_there_is_none(root: AssetRoot, name: str) -> None:
    """Code-server says so itself."""
    assert resolved(root, f"{STABLE}/out/{name}") is None


SEGMENTS = st.sampled_from(
    [
        "..", ".", "", "%2e%2e", "%2E.", "%252e%252e", "%2f", "..%2f", "%5c..", "%00", "~", "up",
        "out", "lib", "vscode", "vscode-insiders", "browser", "src", "node", "code-server",
        "main.js", "secret.js", "outside.js", "beside.js", "inside.js", "entry.js", "package.json",
        "serviceWorker.js", "product.json", STABLE, "_static", "é", "%c3%a9", "%ff",
    ]
)  # fmt: skip
PREFIXES = st.sampled_from([f"{STABLE}/", f"{STABLE}/out/", "_static/", "_static/out/browser/", ""])


@given(prefix=PREFIXES, segments=st.lists(SEGMENTS | st.text(max_size=6), max_size=7))
@settings(max_examples=1500, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_outside_is_ever_served(root: AssetRoot, prefix: str, segments: list[str]) -> None:
    """For any path, the file is in one of code-server's public folders."""
    try:
        file = resolved(root, prefix + "/".join(segments))
    except UnsafePathError:
        return
    if file:
        public = [root.root / name for name in ("lib/vscode", "out/browser", "src/browser")]
        assert any(file.resolve().is_relative_to(folder) for folder in public)
        assert file.read_text() != HIDDEN
