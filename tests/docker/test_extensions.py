"""VS Code's extensions for the image are locked from a gallery, and installed by the lock."""

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
    """VS Code's protocol for the .vsix files of a folder."""

    folder: Path

    def do_POST(self) -> None:
        """Answer with all versions of the extension that is asked for."""
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
        """Send what was asked for."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def version(self, file: Path) -> dict[str, Any]:
        """What the protocol says of a file; what is uncommon stands in its name."""
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
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a gallery of what is in a folder."""
    handler = type("_Gallery", (Gallery,), {"folder": folder})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.05,)).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.fixture
def makers(tmp_path: Path) -> Path:
    """The programs that lock and install, with a wish of one extension."""
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
    """Do what the image's build does with the lock."""
    program = makers.parent / "install_extensions.py"
    command = [sys.executable, str(program), str(makers / "vscode/extensions.txt"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_lock_has_the_newest_that_fits(makers: Path, tmp_path: Path) -> None:
    """With what it needs, for each machine; no preview, and nothing for a later VS Code."""
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
    """For the machine that builds; and nothing whose bytes have changed."""
    folder, shared = tmp_path / "gallery", tmp_path / "shared"
    folder.mkdir()
    make_vsix(folder)
    for platform in ("linux-x64", "linux-arm64"):
        make_vsix(folder, "2.0.0", platform, "helper")
    with serving(folder) as address:
        assert lock(makers, "--gallery", address).returncode == 0
        done = install(makers, shared)
        assert done.returncode == 0, done.stderr
        assert {it.name for it in shared.iterdir()} == {
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
    """One line says why."""
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
    """So that what answers in these tests is the protocol."""
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
    """Each in the folder that all share."""
    lines = (CHECKOUT / "docker/vscode/extensions.txt").read_text().splitlines()
    locked = {tuple(line.split()[:2]) for line in lines if not line.startswith("#")}
    told = json.loads(run("jupyter", "codeserver", "extensions", "list", "--json").stdout)
    found = {(it["identifier"], it["version"]) for it in told["extensions"]}
    assert found == locked
