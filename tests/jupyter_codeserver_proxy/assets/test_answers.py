"""Answers from disk, by a real Jupyter server, compared with a real code-server's."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import json
import random
import re
import resource
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

import brotli
import pytest
from jupyter_server.utils import url_path_join
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.web import GZipContentEncoding

from jupyter_codeserver_proxy.assets.answers import Assets
from jupyter_codeserver_proxy.assets.compression import compress
from jupyter_codeserver_proxy.assets.files import AssetRoot, find_root, read_root
from jupyter_codeserver_proxy.assets.index import shared_folder, user_folder
from jupyter_codeserver_proxy.forwarding.access import GuardedHandler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytest_plugins = ["pytest_jupyter.jupyter_server"]

COMMIT = "c" * 40
STABLE = f"stable-{COMMIT}/static"
SCRIPT = f"{STABLE}/out/vs/workbench.js"
LARGE = f"{STABLE}/out/vs/large.js"
CONTENT = b"\n".join(b"const name%d = %d;" % (number, number * number) for number in range(9000))
NOISE = random.Random(0).randbytes(5000)  # noqa: S311 - nothing secret
PROXY = 299  # what stands for an answer of code-server's
YEAR = 31536000


@pytest.fixture
def root(tmp_path: Path) -> AssetRoot:
    """An installation with a script, compressed in the shared folder, and one that is not."""
    contents = {
        "package.json": json.dumps({"version": "4.139.1"}).encode(),
        "lib/vscode/product.json": json.dumps({"commit": COMMIT}).encode(),
        "lib/vscode/out/vs/workbench.js": CONTENT,
        "lib/vscode/out/media/noise.ttf": NOISE,
        "out/browser/serviceWorker.js": b"self.addEventListener('fetch', () => {})",
        "src/browser/media/favicon.png": bytes(range(256)) * 8,
    }
    for name, content in contents.items():
        file = tmp_path / "code-server" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    found = read_root(tmp_path / "code-server")
    assert found
    compress(found, shared_folder(found), 5)
    (found.root / "lib/vscode/out/vs/large.js").write_bytes(CONTENT)
    return found


class Handler(GuardedHandler):
    """Serves assets as the extension's handler does."""

    def initialize(self, assets: Assets) -> None:
        """Take the assets to serve."""
        self.assets = assets

    async def get(self, path: str) -> None:
        """Answer from disk, or with `PROXY` if code-server must."""
        prefix = url_path_join(self.base_url, "files-of-vscode/")
        if not await self.assets.answer(self, self.request.path.removeprefix(prefix)):
            self.set_status(PROXY)
            await self.finish(path)

    head = get


@pytest.fixture
def assets(
    jp_serverapp: Any,  # noqa: ANN401 - Jupyter's fixture
    jp_asyncio_loop: asyncio.AbstractEventLoop,
    http_server: object,  # noqa: ARG001 - it is what listens
) -> Iterator[Assets]:
    """The assets of a Jupyter server."""
    served = Assets(seconds_before_compressing=0)
    route = url_path_join(jp_serverapp.base_url, "files-of-vscode/(.*)")
    jp_serverapp.web_app.add_handlers(".*", [(route, Handler, {"assets": served})])
    yield served
    jp_asyncio_loop.run_until_complete(served.close())


@pytest.fixture
def fetch(
    jp_serverapp: Any,  # noqa: ANN401 - Jupyter's fixture
    jp_auth_header: dict[str, str],
) -> Callable[..., Any]:
    """Request a path as it is, below code-server's address."""
    address = f"http://127.0.0.1:{jp_serverapp.port}{jp_serverapp.base_url}files-of-vscode/"

    async def request(path: str, method: str = "GET", **headers: str) -> HTTPResponse:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await AsyncHTTPClient().fetch(
            HTTPRequest(
                address + path,
                method=method,
                headers={**jp_auth_header, **given},
                decompress_response=False,
                follow_redirects=False,
            ),
            raise_error=False,
        )

    return request


async def test_an_asset_is_sent_compressed_and_for_ever(
    root: AssetRoot, assets: Assets, fetch: Callable[..., Any]
) -> None:
    """Its address changes with its content, and no shared cache may store it."""
    assets.use(root)
    answer = await fetch(SCRIPT, Accept_Encoding="gzip, br")
    assert answer.code == 200
    assert brotli.decompress(answer.body) == CONTENT
    assert answer.headers["Content-Encoding"] == "br"
    assert answer.headers["Content-Type"] == "text/javascript"
    assert answer.headers["Cache-Control"] == f"private, max-age={YEAR}, immutable"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'self'"


async def test_each_encoding_has_its_own_strong_etag(
    root: AssetRoot, assets: Assets, fetch: Callable[..., Any]
) -> None:
    """A cache cannot mix them up."""
    assets.use(root)
    answers = [await fetch(SCRIPT, Accept_Encoding=one) for one in ("br", "gzip", "identity")]
    assert [one.headers.get("Content-Encoding") for one in answers] == ["br", "gzip", None]
    etags = {one.headers["ETag"] for one in answers}
    assert len(etags) == 3
    assert all(re.fullmatch(r'"[0-9a-f-]+"', etag) for etag in etags)
    assert answers[2].body == CONTENT


async def test_an_asset_that_the_browser_has_is_not_sent_again(
    root: AssetRoot, assets: Assets, fetch: Callable[..., Any]
) -> None:
    """304 comes with the headers that keep it fresh, and without a body."""
    assets.use(root)
    etag = (await fetch(SCRIPT, Accept_Encoding="br")).headers["ETag"]
    again = await fetch(SCRIPT, Accept_Encoding="br", If_None_Match=f'"x", W/{etag}')
    assert (again.code, again.body) == (304, b"")
    assert again.headers["ETag"] == etag
    assert "immutable" in again.headers["Cache-Control"]
    assert again.headers["Vary"] == "Accept-Encoding"
    other = await fetch(SCRIPT, Accept_Encoding="gzip", If_None_Match=etag)
    assert other.code == 200


@pytest.mark.parametrize("encoding", ["br", "identity"])
async def test_head_has_the_headers_of_get_and_no_body(
    root: AssetRoot, assets: Assets, fetch: Callable[..., Any], encoding: str
) -> None:
    """This holds for each encoding."""
    assets.use(root)
    get = await fetch(SCRIPT, Accept_Encoding=encoding)
    head = await fetch(SCRIPT, method="HEAD", Accept_Encoding=encoding, Range="bytes=0-9")
    changing = {"Date", "Set-Cookie"}
    assert (head.code, head.body) == (200, b"")
    assert {(name, value) for name, value in head.headers.get_all() if name not in changing} == {
        (name, value) for name, value in get.headers.get_all() if name not in changing
    }


@pytest.mark.parametrize("encoding", ["br", "identity"])
async def test_a_range_is_one_of_the_bytes_that_are_sent(
    root: AssetRoot, assets: Assets, fetch: Callable[..., Any], encoding: str
) -> None:
    """A compressed file has ranges of compressed bytes, as its ETag tells."""
    assets.use(root)
    whole = await fetch(SCRIPT, Accept_Encoding=encoding)
    size = len(whole.body)
    part = await fetch(SCRIPT, Accept_Encoding=encoding, Range="bytes=1000-2999")
    assert (part.code, part.body) == (206, whole.body[1000:3000])
    assert part.headers["Content-Range"] == f"bytes 1000-2999/{size}"
    assert part.headers["Content-Length"] == "2000"
    assert part.headers["ETag"] == whole.headers["ETag"]
    tail = await fetch(SCRIPT, Accept_Encoding=encoding, Range="bytes=-5")
    assert tail.body == whole.body[-5:]
    behind = await fetch(SCRIPT, Accept_Encoding=encoding, Range=f"bytes={size}-")
    assert (behind.code, behind.headers["Content-Range"]) == (416, f"bytes */{size}")
    several = await fetch(SCRIPT, Accept_Encoding=encoding, Range="bytes=0-1,4-5")
    assert (several.code, several.body) == (200, whole.body)


async def test_if_range_gives_a_part_only_of_what_the_browser_has(
    root: AssetRoot, assets: Assets, fetch: Callable[..., Any]
) -> None:
    """With another ETag it gets the whole file."""
    assets.use(root)
    etag = (await fetch(SCRIPT, Accept_Encoding="br")).headers["ETag"]
    asked = {"Range": "bytes=0-9"}
    assert (await fetch(SCRIPT, Accept_Encoding="br", If_Range=etag, **asked)).code == 206
    assert (await fetch(SCRIPT, Accept_Encoding="gzip", If_Range=etag, **asked)).code == 200
    assert (await fetch(SCRIPT, Accept_Encoding="br", If_Range=f"W/{etag}", **asked)).code == 200


async def test_code_servers_own_files_are_asked_for_again(
    jp_serverapp: Any,  # noqa: ANN401 - Jupyter's fixture
    root: AssetRoot,
    assets: Assets,
    fetch: Callable[..., Any],
) -> None:
    """Their address stays when they change; the service worker may serve all of VS Code."""
    assets.use(root)
    worker = await fetch("_static/out/browser/serviceWorker.js")
    assert worker.headers["Cache-Control"] == "private, no-cache"
    assert worker.headers["Service-Worker-Allowed"] == f"{jp_serverapp.base_url}codeserver/"
    image = await fetch("_static/src/browser/media/favicon.png", Accept_Encoding="br, gzip")
    assert image.body == bytes(range(256)) * 8
    assert "Service-Worker-Allowed" not in image.headers
    known = await fetch(
        "_static/src/browser/media/favicon.png", If_None_Match=image.headers["ETag"]
    )
    assert known.code == 304


async def test_what_is_not_compressed_yet_is_code_servers_to_answer(
    root: AssetRoot, assets: Assets, fetch: Callable[..., Any]
) -> None:
    """It compresses on the fly. A client without compression gets the file from disk."""
    assets.use(root)
    assert (await fetch(LARGE, Accept_Encoding="br")).code == PROXY
    plain = await fetch(LARGE)
    assert (plain.code, plain.body) == (200, CONTENT)


async def test_what_gains_nothing_is_sent_as_it_is(
    root: AssetRoot,
    assets: Assets,
    fetch: Callable[..., Any],
    jp_serverapp: Any,  # noqa: ANN401 - Jupyter's fixture
) -> None:
    """Tornado's own compression, if it is on, does not change that."""
    jp_serverapp.web_app.transforms.append(GZipContentEncoding)
    assets.use(root)
    answer = await fetch(f"{STABLE}/out/media/noise.ttf", Accept_Encoding="br, gzip")
    assert (answer.code, answer.body) == (200, NOISE)
    assert answer.headers["Content-Length"] == str(len(NOISE))
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"{STABLE}/out/missing.js", id="a file that is not there"),
        pytest.param(f"stable-{'d' * 40}/static/out/vs/workbench.js", id="another commit"),
        pytest.param("_static/package.json", id="another folder"),
    ],
)
async def test_what_is_not_known_is_code_servers_to_answer(
    root: AssetRoot, assets: Assets, fetch: Callable[..., Any], path: str
) -> None:
    """code-server may know the file."""
    assets.use(root)
    assert (await fetch(path)).code == PROXY


async def test_a_file_that_has_gone_is_code_servers_to_answer(
    root: AssetRoot, assets: Assets, fetch: Callable[..., Any]
) -> None:
    """That happens during an upgrade."""
    assets.use(root)
    assert (await fetch(SCRIPT)).code == 200
    (root.root / "lib/vscode/out/vs/workbench.js").unlink()
    assert (await fetch(SCRIPT)).code == PROXY


async def test_without_an_installation_everything_is_code_servers_to_answer(
    assets: Assets, fetch: Callable[..., Any]
) -> None:
    """That happens if its folder cannot be found from its executable."""
    assert (await fetch(SCRIPT)).code == PROXY
    assets.use(None)
    assert (await fetch(SCRIPT)).code == PROXY


@pytest.mark.parametrize(
    "name",
    [
        "../../../package.js", "%2e%2e/%2e%2e/secret.js", "..%2f..%2fsecret.js", "out%00.js",
        "out%2fvs%2fworkbench.js", "out/%5c..%5csecret.js", "out/outside.js", "out/vs",
    ],
)  # fmt: skip
async def test_a_path_that_leads_outside_gets_404(
    root: AssetRoot, assets: Assets, fetch: Callable[..., Any], name: str
) -> None:
    """The request never reaches code-server."""
    (root.root / "secret.js").write_text("not for a browser")
    (root.root / "lib/vscode/out/outside.js").symlink_to(root.root / "secret.js")
    assets.use(root)
    expected = PROXY if name == "out/vs" else 404
    assert (await fetch(f"{STABLE}/{name}")).code == expected


async def test_a_stranger_gets_nothing(
    root: AssetRoot, assets: Assets, fetch: Callable[..., Any]
) -> None:
    """That includes files that anybody can download elsewhere."""
    assets.use(root)
    assert (await fetch(SCRIPT, Authorization="token wrong")).code == 403


async def test_assets_are_compressed_in_the_background(
    root: AssetRoot,
    assets: Assets,
    fetch: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are kept in the user's own cache if the installation has none, and then sent."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (shared_folder(root) / COMMIT / "index.json").unlink()
    assets.use(root)
    end = time.monotonic() + 60
    while (answer := await fetch(LARGE, Accept_Encoding="br")).code == PROXY:
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    assert brotli.decompress(answer.body) == CONTENT
    assert (user_folder() / COMMIT).is_dir()


@pytest.fixture
def connect(
    jp_serverapp: Any,  # noqa: ANN401 - Jupyter's fixture
    jp_auth_header: dict[str, str],
) -> Callable[[str], Any]:
    """Request a path; return the head of the answer, the reader and the writer."""

    async def request(path: str) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", jp_serverapp.port)
        writer.write(
            f"GET {jp_serverapp.base_url}files-of-vscode/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: {jp_auth_header['Authorization']}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        return await reader.readuntil(b"\r\n\r\n"), reader, writer

    return request


async def test_a_slow_reader_does_not_fill_memory(
    root: AssetRoot, assets: Assets, connect: Callable[[str], Any]
) -> None:
    """A file of 256 MiB is read from disk no faster than the browser takes it."""
    size = 256 << 20
    with (root.root / "lib/vscode/out/vs/huge.js").open("wb") as file:
        file.truncate(size)
    assets.use(root)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    head, reader, writer = await connect(f"{STABLE}/out/vs/huge.js")
    assert f"Content-Length: {size}".encode() in head
    received = 0
    while block := await reader.read(1 << 16):
        received += len(block)
    writer.close()
    await writer.wait_closed()
    assert received == size
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 32 << 10  # KiB


async def test_a_reader_that_leaves_is_no_error(
    root: AssetRoot,
    assets: Assets,
    fetch: Callable[..., Any],
    connect: Callable[[str], Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The server continues, and logs no traceback."""
    with (root.root / "lib/vscode/out/vs/huge.js").open("wb") as file:
        file.truncate(64 << 20)
    assets.use(root)
    _, _, writer = await connect(f"{STABLE}/out/vs/huge.js")
    writer.transport.abort()
    assert (await fetch(SCRIPT)).code == 200
    assert not [record for record in caplog.records if record.exc_info]


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


@pytest.fixture(scope="module")
def direct(
    code_server: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], tuple[int, str | None, bytes]]]:
    """Ask a real code-server directly: status, type and body."""
    folder = tmp_path_factory.mktemp("code-server")
    (folder / "config.yaml").write_text("auth: none\n")
    # A socket's path is short, a test's folder is not.
    path = str(tmp_path_factory.mktemp("s") / "s")
    command = [str(code_server), "--socket", path, "--auth", "none"]
    command += ["--config", str(folder / "config.yaml"), "--user-data-dir", str(folder / "data")]
    command += ["--extensions-dir", str(folder / "ext"), "--disable-update-check"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*command, "--disable-telemetry"], stdout=log, stderr=log)

    def ask(target: str) -> tuple[int, str | None, bytes]:
        connection = UnixConnection(path)
        try:
            connection.request("GET", f"/{target}")
            answer = connection.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read()
        finally:
            connection.close()

    def is_ready() -> bool:
        try:
            return ask("healthz")[0] == 200
        except OSError:
            return False

    end = time.monotonic() + 60
    while not is_ready():
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < end
        time.sleep(0.05)
    yield ask
    process.terminate()
    process.wait(timeout=30)


# What a real load fetched, with an editor, a preview of Markdown and a terminal.
LOADED = [
    "out/media/codicon.ttf",
    "out/media/letterpress-light.svg",
    "out/nls.messages.js",
    "out/vs/code/browser/workbench/workbench.css",
    "out/vs/code/browser/workbench/workbench.js",
    "out/vs/editor/common/services/editorWebWorkerMain.js",
    "out/vs/workbench/api/worker/extensionHostWorkerMain.js",
    "out/vs/workbench/contrib/webview/browser/pre/fake.html",
    "out/vs/workbench/contrib/webview/browser/pre/index.html",
    "out/vs/workbench/contrib/webview/browser/pre/service-worker.js",
    "out/vs/workbench/services/extensions/worker/webWorkerExtensionHostIframe.html",
    "out/vs/workbench/services/keybinding/browser/keyboardLayouts/layout.contribution.linux.js",
    "out/vs/platform/accessibilitySignal/browser/media/error.mp3",
    "node_modules/@xterm/addon-clipboard/lib/addon-clipboard.js",
    "node_modules/@xterm/addon-webgl/lib/addon-webgl.js",
    "node_modules/@xterm/xterm/lib/xterm.js",
    "node_modules/vscode-oniguruma/release/main.js",
    "node_modules/vscode-oniguruma/release/onig.wasm",
    "node_modules/vscode-textmate/release/main.js",
]
OWN = [
    "_static/out/browser/serviceWorker.js",
    "_static/src/browser/media/favicon-dark-support.svg",
    "_static/src/browser/media/favicon.ico",
    "_static/src/browser/media/pwa-icon-192.png",
    "_static/src/browser/media/templates.png",
]


async def test_the_answers_are_code_servers_own(
    assets: Assets,
    fetch: Callable[..., Any],
    direct: Callable[[str], tuple[int, str | None, bytes]],
    code_server: Path,
) -> None:
    """Status, type and bytes are equal for all files of a load and of the first page."""
    root = find_root(code_server)
    assert root
    assets.use(root)
    await assets.close()  # it is not to be compressed here
    prefix = f"stable-{root.commit}/static"
    _, _, page = await asyncio.to_thread(direct, "?folder=/")
    named = set(re.findall(rf'"(?:\./)?((?:{prefix}|_static)/[^"&]+\.\w+)"', page.decode()))
    assert {f"{prefix}/{LOADED[2]}", f"{prefix}/{LOADED[4]}", OWN[1]} <= named
    for path in named | {f"{prefix}/{name}" for name in LOADED} | set(OWN):
        expected = await asyncio.to_thread(direct, path)
        answer = await fetch(path)
        assert (path, answer.code) == (path, expected[0])
        assert (path, answer.headers["Content-Type"]) == (path, expected[1])
        assert hashlib.sha256(answer.body).digest() == hashlib.sha256(expected[2]).digest(), path


async def test_no_kind_of_file_gets_another_type_than_code_servers(
    assets: Assets,
    fetch: Callable[..., Any],
    direct: Callable[[str], tuple[int, str | None, bytes]],
    code_server: Path,
) -> None:
    """One file of each kind is sent with code-server's type, or left to code-server."""
    root = find_root(code_server)
    assert root
    assets.use(root)
    await assets.close()
    vscode = root.root / "lib/vscode"
    kinds = {
        file.suffix: file.relative_to(vscode).as_posix()
        for folder in ("out", "node_modules/katex", "node_modules/vscode-oniguruma")
        for file in vscode.joinpath(folder).rglob("*.*")
        if file.is_file() and " " not in file.name
    }
    assert {".js", ".css", ".html", ".json", ".mp3", ".svg", ".wasm"} <= set(kinds)
    ours = set()
    for kind, name in kinds.items():
        path = f"stable-{root.commit}/static/{name}"
        answer = await fetch(path, Accept_Encoding="identity")
        if answer.code == PROXY:
            continue
        ours.add(kind)
        expected = await asyncio.to_thread(direct, path)
        assert (path, answer.headers["Content-Type"]) == (path, expected[1])
    assert {".js", ".css", ".html", ".json", ".mp3", ".svg", ".wasm"} <= ours
