"""Real tarballs, and a real HTTP server that misbehaves on demand."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import threading
from collections import deque
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_codeserver_proxy.binaries.download import Limits
from jupyter_codeserver_proxy.binaries.install import Outcome, Request, install
from jupyter_codeserver_proxy.binaries.platforms import platform_name, this_machine
from jupyter_codeserver_proxy.binaries.prefix import Prefix
from jupyter_codeserver_proxy.binaries.progress import Quiet
from jupyter_codeserver_proxy.binaries.releases import Catalogue, Release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

VERSION = "9.9.9"
PLATFORM = platform_name(this_machine())
TOP = f"code-server-{VERSION}-{PLATFORM}"
QUICK = Limits(connect=5, stall=0.5, total=30, tries=3, pause=0.01, longest_pause=0.05)


def entry(name: str, data: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:  # noqa: ANN401 - TarInfo's
    """Make one member of an archive."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = 0o644
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


def tarball(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """Make a .tar.gz, the same bytes each time."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(raw.getvalue(), compresslevel=1, mtime=0)


def release(version: str = VERSION, says: str | None = None, padding: int = 300_000) -> bytes:
    """Make a release whose code-server is a shell script that knows `--version`."""
    top = f"code-server-{version}-{PLATFORM}"
    script = f"#!/bin/sh\necho '{says or version} 0123abc with Code 1.0'\n"
    return tarball(
        entry(f"{top}/bin/code-server", script.encode(), mode=0o755),
        entry(f"{top}/LICENSE", b"MIT\n"),
        entry(f"{top}/ThirdPartyNotices.txt", b"thanks\n"),
        # Not to be compressed, so that the size of the download is known.
        entry(f"{top}/lib/padding", os.urandom(padding)),
        entry(f"{top}/lib/vscode/out/server-main.js.map", b"{}" * 500),
        entry(f"{top}/lib/link", type=tarfile.SYMTYPE, linkname="../bin/code-server"),
    )


def sha256(data: bytes) -> str:
    """Return the hash of bytes in hex."""
    return hashlib.sha256(data).hexdigest()


@dataclass
class Server:
    """Serves one file; each request takes the next behaviour, and the last one stays.

    Attributes:
        data: The file.
        behaviours: Called with the handler instead of serving properly.
        seen: The headers of each request.
        etag: Of the file.
        release: Set to end all stalls.
    """

    data: bytes = field(default=b"", repr=False)
    behaviours: deque[Callable[[Handler], None]] = field(default_factory=deque)
    seen: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    etag: str = '"one"'
    release: threading.Event = field(default_factory=threading.Event)
    stalled: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def url(self, host: str = "127.0.0.1") -> str:
        """Return the file's URL."""
        return f"http://{host}:{self.port}/{{file}}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server_: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer as the next behaviour wants."""
        self.server_.seen.append(dict(self.headers))
        self.server_.paths.append(self.path)
        behaviours = self.server_.behaviours
        behaviour = serve if not behaviours else behaviours.popleft()
        try:
            behaviour(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def begin(self, status: int, length: int | None, **headers: str) -> None:
        """Send the head of an answer."""
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def hang_up(self) -> None:
        """End the connection at once."""
        self.wfile.flush()
        self.close_connection = True


def serve(handler: Handler, keep: float = 1.0, *, ranges: bool = True, stall: bool = False) -> None:
    """Serve the file as it should be, or only a part of it before hanging up or stalling."""
    server = handler.server_
    data, start = server.data, 0
    wanted = handler.headers.get("Range", "")
    if ranges and wanted and handler.headers.get("If-Range") == server.etag:
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        span = f"bytes {start}-{len(data) - 1}/{len(data)}"
        handler.begin(206, len(data) - start, ETag=server.etag, Content_Range=span)
    else:
        handler.begin(200, len(data), ETag=server.etag)
    handler.wfile.write(data[start : max(int(len(data) * keep), start)])
    handler.wfile.flush()
    if stall:
        server.stalled.set()
        server.release.wait(60)
    if keep < 1:
        handler.hang_up()


def answer(status: int, **headers: str) -> Callable[[Handler], None]:
    """Answer with a status and nothing else."""
    return lambda handler: handler.begin(status, 0, **headers)


@pytest.fixture
def start_server() -> Iterator[Callable[[bytes], Server]]:
    """Start servers on free ports; they end with the test."""
    running: list[tuple[Server, ThreadingHTTPServer]] = []

    def start(data: bytes) -> Server:
        server = Server(data)
        handler = type("_Handler", (Handler,), {"server_": server})
        http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.port = http.server_address[1]
        threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True).start()
        running.append((server, http))
        return server

    yield start
    for server, http in running:
        server.release.set()
        http.shutdown()
        http.server_close()


@pytest.fixture(scope="session")
def good() -> bytes:
    """A release that works."""
    return release()


@pytest.fixture
def server(start_server: Callable[[bytes], Server], good: bytes) -> Server:
    """A server of the release that works."""
    return start_server(good)


@pytest.fixture
def prefix(tmp_path: Path) -> Prefix:
    """An empty prefix."""
    return Prefix(tmp_path / "prefix")


def catalogue_of(data: bytes, url: str, size: int | None = None) -> Catalogue:
    """Pin one release."""
    pinned = Release(
        VERSION, PLATFORM, url.format(file=f"{TOP}.tar.gz"), sha256(data), size, "test"
    )
    return Catalogue(VERSION, (pinned,), (), (), ())


@dataclass(frozen=True)
class Fetcher:
    """Installs from the server into the prefix."""

    server: Server
    prefix: Prefix
    good: bytes = field(repr=False)

    def __call__(self, **changes: Any) -> Outcome:  # noqa: ANN401 - Request's
        """Install what is pinned."""
        catalogue = changes.pop("catalogue", catalogue_of(self.good, self.server.url()))
        request = replace(Request(limits=QUICK), **changes)
        return install(request, self.prefix, this_machine(), catalogue, Quiet())

    def works(self) -> bool:
        """Tell whether there is an install that runs."""
        if self.prefix.current() is None or not self.prefix.link.exists():
            return False
        said = subprocess.run([self.prefix.link, "--version"], capture_output=True, check=True)
        return said.stdout.startswith(VERSION.encode())

    def is_empty(self) -> bool:
        """Tell whether there is no install, complete or not."""
        return (
            not self.prefix.link.is_symlink()
            and not list(self.prefix.lib.glob("code-server-*"))
            and not list(self.prefix.work.glob("making-*"))
        )


@pytest.fixture
def fetch(server: Server, prefix: Prefix, good: bytes) -> Fetcher:
    """An installer of the server's release."""
    return Fetcher(server, prefix, good)


def command(*arguments: object) -> list[str]:
    """Return the command line that runs the fetcher in a process of its own."""
    return [sys.executable, "-m", "jupyter_codeserver_proxy.binaries", *map(str, arguments)]


def run(*arguments: object, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the fetcher in a process of its own."""
    return subprocess.run(
        command(*arguments),
        cwd="/",  # not the checkout, which would hide what is installed
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def run_unread(command: list[str]) -> tuple[int, str]:
    """Run a program whose reader has gone; return its exit code and its standard error."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command, cwd="/", stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    return done.returncode, done.stderr
