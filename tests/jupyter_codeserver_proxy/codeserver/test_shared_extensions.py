"""Extensions that all students share are installed from .vsix files, safely."""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.__main__ import main
from jupyter_codeserver_proxy.codeserver import shared_extensions
from jupyter_codeserver_proxy.codeserver.shared_extensions import ExtensionError
from tests.vsix import make_vsix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HERE = "linux-x64"


def test_a_vsix_is_unpacked(tmp_path: Path) -> None:
    """Its folder is named by identifier and version, and lacks the package's description."""
    shared = tmp_path / "shared"
    extension = shared_extensions.install(make_vsix(tmp_path), shared, platform=HERE)
    assert (extension.identifier, extension.version) == ("lectures.greeter", "1.0.0")
    assert [path.name for path in shared.iterdir()] == ["lectures.greeter-1.0.0"]
    assert sorted(path.name for path in extension.folder.iterdir()) == ["out", "package.json"]
    assert shared_extensions.installed(shared) == [extension]


def test_another_version_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    """Only one version of an extension is installed at a time."""
    shared = tmp_path / "shared"
    for version in ("1.0.0", "1.1.0"):
        shared_extensions.install(make_vsix(tmp_path, version), shared, platform=HERE)
    assert [extension.version for extension in shared_extensions.installed(shared)] == ["1.1.0"]


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
        pytest.param(
            lambda folder: _zipped(folder, {f"extension/{n}": "\0" * 400_000 for n in range(100)}),
            "more than 100 times",
            id="bomb",
        ),
        pytest.param(
            lambda folder: _wrapped(folder, lambda zipped: bytes(50_000_000) + zipped),
            "more than 100 times",
            id="wrapped-bomb",
        ),
        pytest.param(
            lambda folder: _wrapped(folder, lambda zipped: zipped[:-50]), "is no .vsix", id="cut"
        ),
        pytest.param(
            lambda folder: _zipped(folder, {"extension/package.json": "[" * 100_000}, level=0),
            "names its",
            id="nested",
        ),
        pytest.param(lambda folder: _encrypted(make_vsix(folder)), "encrypted", id="encrypted"),
        pytest.param(
            lambda folder: _zipped(folder, {f"extension/{n}": "" for n in range(100_001)}),
            "more than 100,000 files",
            id="many-files",
        ),
    ],
)
def test_what_is_wrong_leaves_nothing_behind(
    tmp_path: Path, make: Callable[[Path], Path], told: str
) -> None:
    """Nothing is left in the folder of extensions or beside it."""
    inside = tmp_path / "inside"
    inside.mkdir()
    vsix = make(inside)
    with pytest.raises(ExtensionError, match=told):
        shared_extensions.install(vsix, inside / "shared", platform=HERE)
    assert list(inside.glob("shared/*")) == []
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def _written(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


def _wrapped(folder: Path, change: Callable[[bytes], bytes] = lambda zipped: zipped) -> Path:
    vsix = make_vsix(folder)
    return _written(vsix, gzip.compress(change(vsix.read_bytes())))


def _zipped(folder: Path, members: dict[str, str], level: int = 9) -> Path:
    vsix = folder / "zipped.vsix"
    with zipfile.ZipFile(vsix, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in {"extension.vsixmanifest": "", **members}.items():
            archive.writestr(name, content)
    return vsix


def _encrypted(vsix: Path) -> Path:
    """The archive's directory understates the size of the last member."""
    content = bytearray(vsix.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    return _written(vsix, bytes(content))


def test_another_sha256_is_refused(tmp_path: Path) -> None:
    """The digest is checked before anything is unpacked."""
    with pytest.raises(ExtensionError, match="has the sha256"):
        shared_extensions.install(
            make_vsix(tmp_path), tmp_path / "shared", platform=HERE, sha256="0" * 64
        )
    assert not (tmp_path / "shared").exists()


@pytest.mark.parametrize("form", ["wrapped", "unwrapped"])
def test_a_vsix_that_is_wrapped_in_gzip_is_unwrapped(tmp_path: Path, form: str) -> None:
    """The sha256 may be that of either form."""
    plain = make_vsix(tmp_path).read_bytes()
    vsix = _wrapped(tmp_path)
    sha256 = hashlib.sha256(vsix.read_bytes() if form == "wrapped" else plain).hexdigest()
    shared = tmp_path / "shared"
    extension = shared_extensions.install(vsix, shared, platform=HERE, sha256=sha256.upper())
    assert shared_extensions.installed(shared) == [extension]
    with pytest.raises(ExtensionError, match=r"has the sha256 \w+, and unwrapped \w+, and not 000"):
        shared_extensions.install(vsix, shared, platform=HERE, sha256="0" * 64)


def test_what_is_refused_leaves_the_old_version(tmp_path: Path) -> None:
    """A file that is too large changes nothing."""
    shared = tmp_path / "shared"
    extension = shared_extensions.install(make_vsix(tmp_path), shared, platform=HERE)
    large = make_vsix(tmp_path, "2.0.0", **{"extension/large": "x"})
    with zipfile.ZipFile(large, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("extension/larger", bytes(5_000_000))
    with pytest.raises(ExtensionError, match="unpacks to more than"):
        shared_extensions.install(large, shared, platform=HERE)
    assert shared_extensions.installed(shared) == [extension]


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[str]:
    """A web server with a .vsix, plain and always with `Content-Encoding: gzip`."""
    folder = tmp_path / "gallery"
    folder.mkdir()
    make_vsix(folder)
    (folder / "wrapped.vsix").write_bytes(gzip.compress(make_vsix(folder).read_bytes()))

    class Quiet(SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            if self.path == "/wrapped.vsix":
                self.send_header("Content-Encoding", "gzip")
            super().end_headers()

        def log_message(self, *_: object) -> None: ...

    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/greeter-1.0.0.vsix"
        server.shutdown()


def test_the_command_line_installs_lists_and_deletes(
    tmp_path: Path, gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A URL needs its sha256."""
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


def test_a_vsix_with_a_content_encoding_is_installed(
    tmp_path: Path, gallery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Marketplaces send gzip even unasked, and publish the digest of the .vsix."""
    sha256 = hashlib.sha256((tmp_path / "gallery/greeter-1.0.0.vsix").read_bytes()).hexdigest()
    url = gallery.replace("greeter-1.0.0", "wrapped")
    where = ["--folder", str(tmp_path / "shared")]
    assert main(["extensions", "install", url, "--sha256", sha256, *where, "--quiet"]) == 0
    assert not capsys.readouterr().err
    assert len(shared_extensions.installed(tmp_path / "shared")) == 1
