"""Extensions that all students share are installed from .vsix files, safely."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy import shared_extensions
from jupyter_codeserver_proxy.__main__ import main
from jupyter_codeserver_proxy.shared_extensions import ExtensionError
from tests.vsix import make_vsix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HERE = "linux-x64"


def test_a_vsix_is_unpacked(tmp_path: Path) -> None:
    """Into a folder with its name and version; what describes the package stays outside."""
    shared = tmp_path / "shared"
    extension = shared_extensions.install(make_vsix(tmp_path), shared, platform=HERE)
    assert (extension.identifier, extension.version) == ("lectures.greeter", "1.0.0")
    assert [it.name for it in shared.iterdir()] == ["lectures.greeter-1.0.0"]
    assert sorted(it.name for it in extension.folder.iterdir()) == ["out", "package.json"]
    assert shared_extensions.installed(shared) == [extension]


def test_another_version_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    """One version of an extension is there at a time."""
    shared = tmp_path / "shared"
    for version in ("1.0.0", "1.1.0"):
        shared_extensions.install(make_vsix(tmp_path, version), shared, platform=HERE)
    assert [each.version for each in shared_extensions.installed(shared)] == ["1.1.0"]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        pytest.param(
            lambda folder: make_vsix(folder, target="darwin-arm64"),
            "is for darwin-arm64, and this machine is linux-x64",
            id="platform",
        ),
        pytest.param(
            lambda folder: make_vsix(folder, **{"extension/../../evil": ""}), "hostile", id="evil"
        ),
        pytest.param(
            lambda folder: make_vsix(folder, **{"extension//etc/evil": ""}), "hostile", id="root"
        ),
        pytest.param(lambda folder: make_vsix(folder, version="../1"), "names its", id="version"),
        pytest.param(
            lambda folder: _written(folder / "text.vsix", b"no zip"), "is no .vsix", id="no-zip"
        ),
    ],
)
def test_what_is_wrong_leaves_nothing_behind(
    tmp_path: Path, make: Callable[[Path], Path], told: str
) -> None:
    """Neither in the folder of extensions nor beside it."""
    inside = tmp_path / "inside"
    inside.mkdir()
    vsix = make(inside)
    with pytest.raises(ExtensionError, match=told):
        shared_extensions.install(vsix, inside / "shared", platform=HERE)
    assert list((inside / "shared").iterdir()) == []
    assert [it.name for it in tmp_path.iterdir()] == ["inside"]


def _written(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


def test_another_sha256_is_refused(tmp_path: Path) -> None:
    """Before anything is unpacked."""
    with pytest.raises(ExtensionError, match="has the sha256"):
        shared_extensions.install(
            make_vsix(tmp_path), tmp_path / "shared", platform=HERE, sha256="0" * 64
        )
    assert not (tmp_path / "shared").exists()


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[str]:
    """A web server with a .vsix."""
    folder = tmp_path / "gallery"
    folder.mkdir()
    make_vsix(folder)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/greeter-1.0.0.vsix"
        server.shutdown()


def test_the_command_line_installs_lists_and_deletes(
    tmp_path: Path, gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a URL with its sha256, which is not optional."""
    where = ["--folder", str(tmp_path / "shared")]
    assert main(["extensions", "install", gallery, *where]) == 2
    assert "needs --sha256" in capsys.readouterr().err
    sha256 = hashlib.sha256((tmp_path / "gallery/greeter-1.0.0.vsix").read_bytes()).hexdigest()
    assert main(["extensions", "install", gallery, "--sha256", sha256, *where]) == 0
    assert capsys.readouterr().out == "installed lectures.greeter 1.0.0\n"
    assert main(["extensions", "list", "--json", *where]) == 0
    (found,) = json.loads(capsys.readouterr().out)["extensions"]
    assert found["identifier"] == "lectures.greeter"
    assert main(["extensions", "uninstall", "Lectures.Greeter", *where]) == 0
    capsys.readouterr()
    assert main(["extensions", "uninstall", "lectures.greeter", *where]) == 3
    assert "is not in" in capsys.readouterr().err
