"""Random requests and responses are the same with and without the proxy."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.jupyter_codeserver_proxy.forwarding.conftest import PATIENCE, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.jupyter_codeserver_proxy.forwarding.conftest import Gateway, Message, RawUpstream

    Serve = Callable[[Callable[[Wire], None]], RawUpstream]

random_requests = settings(
    deadline=None,
    # one server for all examples, as a request leaves nothing behind
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Fields that the proxy sets or removes, and fields that delimit messages.
OURS = {
    b"connection",
    b"content-length",
    b"cookie",
    b"host",
    b"transfer-encoding",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-proto",
}
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
# Every character that Tornado lets pass: no blanks, no control characters.
BYTES = st.lists(
    st.one_of(
        st.sampled_from([b"/", b"//", b"..", b"%2e", b"%2F", b"%", b"+", b"&", b"=", b";", b"a"]),
        st.integers(0x21, 0xFF)
        .filter(lambda code: code not in {0x3F, 0x7F})
        .map(lambda c: bytes([c])),
    ),
    max_size=12,
).map(b"".join)
NAMES = st.from_regex(r"\A[Xx]-[A-Za-z0-9_!#$-]{1,8}\Z").map(str.encode)
# Older Tornados strip Latin-1's blanks (0x85, 0xA0) from both ends.
VALUES = st.from_regex(rb"\A([!-~\xa1-\xff]([!-~\x80-\xff \t]{0,10}[!-~\xa1-\xff])?)?\Z")
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
# An empty 431 is node's own, which is replaced by a page that says what to do.
STATUSES = st.integers(200, 599).filter(lambda status: status != 431)
PATTERNS = st.tuples(st.binary(max_size=300), st.sampled_from([1, 2, 900]))  # and how often
BODIES = st.one_of(st.none(), PATTERNS)


def framed(body: bytes, *, chunked: bool) -> tuple[list[bytes], bytes]:
    """Returns the fields that delimit a body, and the body on the wire."""
    if not chunked:
        return [b"Content-Length: %d" % len(body)], body
    pieces = [body[at : at + 40_000] for at in range(0, len(body), 40_000)]
    wire = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    return [b"Transfer-Encoding: chunked"], wire


def own_fields(message: Message) -> dict[bytes, list[bytes]]:
    """Returns the fields that the proxy neither sets nor removes."""
    return {name: values for name, values in message.fields.items() if name not in OURS}


def given_fields(fields: list[tuple[bytes, bytes]]) -> dict[bytes, list[bytes]]:
    """Returns the fields as a recipient reads them."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        found.setdefault(name.lower(), []).append(value)
    return found


class Script:
    """What an upstream receives, and what it responds."""

    def __init__(self) -> None:
        self.response = b""
        self.heard: list[Message] = []


@pytest.fixture
def script(serve: Serve) -> Script:
    """An upstream that plays the script."""
    script = Script()

    def play(wire: Wire) -> None:
        while True:
            script.heard.append(wire.message())
            wire.send(script.response)

    serve(play)
    return script


@settings(random_requests, max_examples=300)
@example(
    method="GET",
    path=b"",
    query=None,
    fields=[],
    body=None,
    chunked=False,
    status=204,
    answer_fields=[],
    answer=(b"", 1),
    answer_chunked=False,
)
@given(
    method=METHODS,
    path=BYTES,
    query=st.one_of(st.none(), BYTES),
    fields=FIELDS,
    body=BODIES,
    chunked=st.booleans(),
    status=STATUSES,
    answer_fields=FIELDS,
    answer=PATTERNS,
    answer_chunked=st.booleans(),
)
def test_both_ends_see_what_the_other_sent(  # noqa: PLR0913 -- each is a part of HTTP
    gateway: Gateway,
    script: Script,
    *,
    method: str,
    path: bytes,
    query: bytes | None,
    fields: list[tuple[bytes, bytes]],
    body: tuple[bytes, int] | None,
    chunked: bool,
    status: int,
    answer_fields: list[tuple[bytes, bytes]],
    answer: tuple[bytes, int],
    answer_chunked: bool,
) -> None:
    """Random requests and random responses arrive unchanged."""
    bodiless = method == "HEAD" or status in {204, 304}
    framing, sent = framed(answer[0] * answer[1], chunked=answer_chunked)
    lines = [name + b": " + value for name, value in answer_fields]
    lines = [b"HTTP/1.1 %d Any reason" % status, *lines]
    tail = b"" if bodiless else sent
    script.response = b"\r\n".join([*lines, *framing, b"", b""]) + tail
    # A 204 may not have a Content-Length (RFC 9110, section 8.6), which is removed.
    kept = [] if status == 204 else framing
    expected = b"\r\n".join([*lines, *kept, b"", b""]) + tail
    script.heard.clear()
    target = b"/" + path + (b"" if query is None else b"?" + query)
    content = b"" if body is None or method in {"GET", "HEAD"} else body[0] * body[1]
    framing, sent = framed(content, chunked=chunked) if content else ([], b"")
    lines = [name + b": " + value for name, value in fields]
    wire = gateway.connect()
    line = method.encode() + b" " + target
    wire.send(gateway.head(line, *lines, *framing, b"Sec-Fetch-Site: same-origin") + sent)
    assert wire.read(len(expected)) == expected
    wire.close()
    heard = script.heard
    assert heard[0].start == line + b" HTTP/1.1"
    given = given_fields([*fields, (b"Sec-Fetch-Site", b"same-origin")])
    assert own_fields(heard[0]) == given
    assert heard[0].content == content


@pytest.fixture(scope="module")
def real(code_server: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Runs a real code-server and returns its socket."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "config.yaml").write_text("auth: none\n")
    path = folder / "s"
    options = {
        "--config": folder / "config.yaml",
        "--auth": "none",
        "--socket": path,
        "--user-data-dir": folder / "data",
        "--extensions-dir": folder / "extensions",
    }
    command = [str(code_server), *(str(word) for pair in options.items() for word in pair)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--disable-update-check", "--disable-telemetry"], stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 60
        while not path.exists():
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        yield path
    finally:
        process.terminate()
        process.wait(PATIENCE)


def directly(path: Path) -> Wire:
    """Opens a connection to a unix socket."""
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(str(path))
    return Wire(sock)


NONCE = re.compile(rb"nonce-?=?\"?'?[A-Za-z0-9+/=_-]{16,}")
PATHS = st.one_of(
    BYTES,
    st.sampled_from(
        [
            b"",
            b"healthz",
            b"manifest.json",
            b"login?a=%2F&to=..%2Fx",
            b"_static/src/browser/media/favicon.ico",
            b"_static/../x",
            b"proxy/1/a",
            b"absproxy/1/a",
            b"logout",
            b"?folder=/a&folder=b",
            b"vscode",
            b"vscode/",
            b"mint-key",
            b"version",
            b"vscode-remote-resource?path=/nowhere",
        ]
    ),
)
RANGES = st.sampled_from([[], [b"Range: bytes=0-9"], [b"If-None-Match: *"], [b"Accept: text/html"]])


@settings(random_requests, max_examples=1000)
@given(method=METHODS, path=PATHS, lines=RANGES)
def test_code_server_answers_as_it_does_directly(
    gateway: Gateway, real: Path, method: str, path: bytes, lines: list[bytes]
) -> None:
    """A thousand random requests get the same status, fields and body."""
    gateway.link.unlink(missing_ok=True)
    gateway.link.symlink_to(real)
    line = method.encode() + b" /" + path
    lines = [*lines, b"Sec-Fetch-Site: same-origin", b"Sec-Fetch-Mode: cors"]
    answers: list[Message] = []
    through, direct = gateway.connect(), directly(real)
    through.send(gateway.head(line, *lines))
    direct.send(b"\r\n".join([line + b" HTTP/1.1", b"Host: " + gateway.host, *lines, b"", b""]))
    for wire in (through, direct):
        with suppress(EOFError):
            answers.append(wire.message(bodiless=method == "HEAD"))
        wire.close()
    proxied, plain = answers
    assert proxied.status == plain.status
    changing = {b"date", b"connection", b"keep-alive", b"content-security-policy"}
    names = (proxied.fields.keys() | plain.fields.keys()) - changing
    for name in names - {b"location", b"service-worker-allowed"}:
        assert proxied.fields.get(name) == plain.fields.get(name), name
    assert NONCE.sub(b"", proxied.content) == NONCE.sub(b"", plain.content)
