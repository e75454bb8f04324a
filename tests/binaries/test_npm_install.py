"""A real code-server from the npm registry; needs the network that npm and pip are set up for."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
import requests

from jupyter_codeserver_proxy.binaries import npm, program, releases
from jupyter_codeserver_proxy.binaries.errors import VerificationError
from jupyter_codeserver_proxy.binaries.install import Request, install
from jupyter_codeserver_proxy.binaries.platforms import this_machine
from jupyter_codeserver_proxy.binaries.prefix import Prefix
from jupyter_codeserver_proxy.binaries.progress import Quiet
from tests.binaries.conftest import PLATFORM, QUICK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # npm compiles


class Heard(Quiet):
    """Records the lines of a report."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        """Record a line."""
        self.lines.append(text)


@pytest.fixture(scope="session")
def heard() -> Heard:
    """The lines that the install reports."""
    return Heard()


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory, heard: Heard) -> Path:
    """The default version, slim, by `auto` with the release out of reach; made once."""
    prefix = Prefix(tmp_path_factory.mktemp("npm") / "prefix")
    known = releases.load()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: it refuses
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/x.tar.gz"
        pinned = releases.Release(known.default, PLATFORM, url, "0" * 64, None, "test")
        catalogue = releases.Catalogue(known.default, (pinned,), known.npm, known.node, ())
        home = tmp_path_factory.mktemp("home")
        home.chmod(0o500)
        before = os.environ.get("HOME", "")
        os.environ["HOME"] = str(home)
        try:
            request = Request(slim=True, limits=QUICK)
            install(request, prefix, this_machine(), catalogue, heard)
        finally:
            os.environ["HOME"] = before
    written = {path.name for path in home.iterdir()}
    assert not written & {".npm", ".config", ".cache", ".local"}, "a home may be read-only"
    return prefix.folder(f"code-server-{known.default}-{PLATFORM}")


def test_auto_says_that_it_takes_npm(installed: Path, heard: Heard) -> None:
    """One line, with the reason."""
    assert installed.exists()
    assert any("no connection" in line and "from npm instead" in line for line in heard.lines)


def test_its_code_server_tells_the_version(installed: Path, tmp_path: Path) -> None:
    """Through the prefix's link, with the node in its own folder."""
    link = installed.parents[1] / "bin" / "code-server"
    assert program.version_of(link, tmp_path) == releases.load().default
    assert json.loads((installed / "install.json").read_text())["source"] == "npm"
    assert (installed / "LICENSE").exists()
    assert (installed / "ThirdPartyNotices.txt").exists()


def test_what_postinstall_links_is_there(installed: Path) -> None:
    """The terminal's `code-server` command, and the browser helper."""
    bin_ = installed / "lib" / "vscode" / "bin"
    assert (bin_ / "remote-cli" / "code-server").exists()
    assert (bin_ / "helpers" / "browser.sh").exists()


@pytest.fixture
def address(installed: Path, tmp_path: Path) -> Iterator[str]:
    """A running code-server."""
    config = tmp_path / "config.yaml"
    config.touch()
    log = tmp_path / "log"
    arguments: list[str | Path] = [
        "--config",
        config,
        "--auth",
        "none",
        "--bind-addr",
        "127.0.0.1:0",
    ]
    arguments += ["--user-data-dir", tmp_path / "data", "--disable-update-check"]
    arguments += ["--disable-telemetry", "--extensions-dir", tmp_path / "extensions"]
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    with log.open("w") as stream:
        child = subprocess.Popen(
            [installed / "bin" / "code-server", *arguments],
            env=environ,
            stdout=stream,
            stderr=stream,
        )
    try:
        end = time.monotonic() + 60
        while not (found := re.search(r"listening on (http://\S+)", log.read_text())):
            assert child.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield found[1]
    finally:
        child.terminate()
        child.wait(60)


def test_slim_serves_the_workbench_and_its_parts(address: str) -> None:
    """The page, all that it names, and what the workbench loads later."""
    page = requests.get(address, timeout=60)
    assert page.status_code == 200
    names = {name for name in re.findall(r'(?:src|href)="([^"]+)"', page.text) if ":" not in name}
    static = next(name.partition("/static/")[0] for name in names if "/static/" in name)
    later = (
        "out/vs/code/browser/workbench/workbench.js",
        "out/vs/workbench/contrib/webview/browser/pre/index.html",
        "node_modules/vscode-oniguruma/release/onig.wasm",
        "node_modules/@xterm/xterm/lib/xterm.js",
        "extensions/markdown-language-features/package.json",
    )
    names |= {f"{static}/static/{name}" for name in later}
    answers = {
        name: requests.get(requests.compat.urljoin(page.url, name), timeout=60).status_code
        for name in names
    }
    assert set(answers.values()) == {200}, answers
    assert any("workbench.js" in name for name in names)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(
            "const p = require('node-pty').spawn('sh', ['-c', 'echo $((40+2))'], {});"
            "p.onData(data => { if (data.includes('42')) process.exit(0) })",
            id="terminal",
        ),
        pytest.param("require('@parcel/watcher')", id="watcher"),
        pytest.param(
            "import('@vscode/ripgrep-universal').then(m =>"
            "require('child_process').execFileSync(m.rgPath, ['--version']))",
            id="search",
        ),
    ],
)
def test_slim_keeps_this_machine_s_native_parts(installed: Path, script: str) -> None:
    """Prebuilt modules of this platform load and work."""
    done = subprocess.run(
        [installed / "lib" / "node", "-e", script],
        cwd=installed / "lib" / "vscode",
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_another_package_than_pinned_is_refused(tmp_path: Path) -> None:
    """The integrity is compared before a byte is unpacked."""
    package = tmp_path / "code-server-4.139.1.tgz"
    package.write_bytes(b"not the package")
    pinned = releases.load().npm_release("4.139.1")
    assert pinned is not None
    with pytest.raises(VerificationError, match="refused and deleted"):
        npm.check_integrity(package, pinned.integrity)
