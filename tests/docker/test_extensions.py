"""The image's shared extensions are locked from a gallery, and installed from the lock."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from tests.vsix import make_vsix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.docker.conftest import Run

CHECKOUT = Path(__file__).parents[2]
CODE = "Microsoft.VisualStudio.Code"
MANIFEST = f"{CODE}.Manifest"
VSIX = "Microsoft.VisualStudio.Services.VSIXPackage"


class Gallery(BaseHTTPRequestHandler):
    """Serves the .vsix files of a folder with VS Code's gallery protocol."""

    folder: Path

    def do_POST(self) -> None:
        """Answer with all versions of the requested extension."""
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = query["filters"][0]["criteria"][0]["value"].partition(".")[2]
        versions = [self.version(file) for file in self.folder.glob(f"{name}-*.vsix")]
        publisher = {"publisherName": "Lectures", "publisherId": "1", "displayName": "Lectures"}
        extension = {
            "extensionId": name,
            "extensionName": name,
            "publisher": publisher,
            "flags": "",
            "versions": versions,
        }
        answer = {"results": [{"extensions": [extension] if versions else []}]}
        self.reply(json.dumps(answer).encode())

    def do_GET(self) -> None:
        """Send a file, or the manifest within it."""
        file, kind = self.path[1:].partition("?")[0].split("/")
        if kind == VSIX:
            self.reply((self.folder / file).read_bytes())
            return
        with zipfile.ZipFile(self.folder / file) as archive:
            self.reply(archive.read("extension/package.json"))

    def reply(self, body: bytes) -> None:
        """Send a response."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def version(self, file: Path) -> dict[str, Any]:
        """Return the protocol's description of a file, whose name tells what is uncommon."""
        version, _, platform = file.stem.partition("-")[2].partition("@")
        told = {
            "Engine": "^1.999.0" if version.startswith("9.") else "^1.90.0",
            "ExtensionDependencies": "Lectures.helper,vscode.git" if "greeter" in file.name else "",
            "PreRelease": "true" if version.startswith("8.") else "false",
        }
        uri = f"http://{self.headers['Host']}/{file.name}"
        found = {
            "version": version,
            "assetUri": uri,
            "fallbackAssetUri": uri,
            "files": [{"assetType": kind, "source": f"{uri}/{kind}"} for kind in (VSIX, MANIFEST)],
            "properties": [{"key": f"{CODE}.{key}", "value": told[key]} for key in told],
        }
        return found | ({"targetPlatform": platform} if platform else {})

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Run a gallery of a folder and yield its address."""
    handler = type("_Gallery", (Gallery,), {"folder": folder})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.05,)).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.fixture
def makers(tmp_path: Path) -> Path:
    """Copy the programs that lock and install, with one requested extension."""
    folder = tmp_path / "checkout/docker"
    (folder / "vscode").mkdir(parents=True)
    for name in ("lock.py", "gallery.py", "vscode/extensions.txt"):
        shutil.copy(CHECKOUT / "docker" / name, folder / name)
    shutil.copytree(CHECKOUT / "binaries", folder.parent / "binaries")
    shutil.copy(CHECKOUT / "docker/install_extensions.py", folder.parent)
    shutil.copy(
        CHECKOUT / "jupyter_codeserver_proxy/codeserver/shared_extensions.py", folder.parent
    )
    (folder / "vscode/extensions.in").write_text("# a wish\nlectures.greeter\n")
    return folder


def lock(makers: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `lock.py extensions`."""
    command = [sys.executable, str(makers / "lock.py"), "extensions", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def install(makers: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Install from the lock, as the image's build does."""
    program = makers.parent / "install_extensions.py"
    command = [sys.executable, str(program), str(makers / "vscode/extensions.txt"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_lock_has_the_newest_that_fits(makers: Path, tmp_path: Path) -> None:
    """Dependencies are locked for each platform; previews and later VS Codes' are not."""
    folder = tmp_path / "gallery"
    folder.mkdir()
    for version in ("1.9.0", "1.10.0", "8.0.0", "9.0.0"):
        make_vsix(folder, version)
    for platform in ("linux-x64", "linux-arm64", "darwin-arm64"):
        make_vsix(folder, "2.0.0", platform, "helper")
    with serving(folder) as address:
        done = lock(makers, "--gallery", address)
    assert done.returncode == 0, done.stderr
    head, *locked = (makers / "vscode/extensions.txt").read_text().splitlines()
    assert head.startswith("# ")
    expected = [
        ("lectures.greeter 1.10.0 universal", "greeter-1.10.0.vsix"),
        ("lectures.helper 2.0.0 linux-x64", "helper-2.0.0@linux-x64.vsix"),
        ("lectures.helper 2.0.0 linux-arm64", "helper-2.0.0@linux-arm64.vsix"),
    ]
    digests = [hashlib.sha256((folder / name).read_bytes()).hexdigest() for _, name in expected]
    assert locked == [
        f"{start} {sha256} {address}/{name}/{VSIX}"
        for (start, name), sha256 in zip(expected, digests, strict=True)
    ]


def test_what_is_locked_is_installed(makers: Path, tmp_path: Path) -> None:
    """The building machine's files are installed, and none whose bytes have changed."""
    folder, shared = tmp_path / "gallery", tmp_path / "shared"
    folder.mkdir()
    make_vsix(folder)
    for platform in ("linux-x64", "linux-arm64"):
        make_vsix(folder, "2.0.0", platform, "helper")
    with serving(folder) as address:
        assert lock(makers, "--gallery", address).returncode == 0
        done = install(makers, shared)
        assert done.returncode == 0, done.stderr
        assert {installed.name for installed in shared.iterdir()} == {
            "lectures.greeter-1.0.0",
            "lectures.helper-2.0.0",
        }
        make_vsix(folder, **{"extension/evil.js": ""})
        done = install(makers, shared)
    assert done.returncode == 1
    assert "lectures.greeter 1.0.0" in done.stderr
    assert "has the sha256" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_lock_that_cannot_be_renewed_stays(makers: Path, tmp_path: Path) -> None:
    """One line says why, and the old lock is unchanged."""
    before = (makers / "vscode/extensions.txt").read_text()
    with serving(tmp_path) as address:
        unknown = lock(makers, "--gallery", address)
    gone = lock(makers, "--gallery", address)
    nowhere = lock(makers)
    for done, told in (
        (unknown, "has no lectures.greeter for VS Code 1."),
        (gone, "does not answer as a gallery does"),
        (nowhere, "--gallery says where"),
    ):
        assert done.returncode == 1
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert (makers / "vscode/extensions.txt").read_text() == before


def test_vscode_reads_this_gallery(code_server: Path, tmp_path: Path) -> None:
    """This shows that these tests use the real protocol."""
    folder = tmp_path / "gallery"
    folder.mkdir()
    for name in ("greeter", "helper"):
        make_vsix(folder, name=name)
    with serving(folder) as address:
        where = {"serviceUrl": address, "itemUrl": address, "resourceUrlTemplate": address}
        done = subprocess.run(
            [
                code_server,
                *("--install-extension", "lectures.greeter"),
                *("--user-data-dir", tmp_path / "data", "--extensions-dir", tmp_path / "there"),
            ],
            env=os.environ | {"EXTENSIONS_GALLERY": json.dumps(where)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert "successfully installed" in done.stdout, done.stdout + done.stderr


@pytest.mark.image
def test_the_image_has_what_is_locked(run: Run) -> None:
    """Each one is in the folder of shared extensions."""
    lines = (CHECKOUT / "docker/vscode/extensions.txt").read_text().splitlines()
    locked = {tuple(line.split()[:2]) for line in lines if not line.startswith("#")}
    told = json.loads(run("jupyter", "codeserver", "extensions", "list", "--json").stdout)
    found = {(entry["identifier"], entry["version"]) for entry in told["extensions"]}
    assert found == locked
