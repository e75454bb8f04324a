"""Downloads from a server that misbehaves: a working install or none, never half of one."""

from __future__ import annotations

import base64
import functools
import json
import socket
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.binaries.download import Limits
from jupyter_codeserver_proxy.binaries.errors import (
    FetchError,
    NetworkError,
    VerificationError,
)
from jupyter_codeserver_proxy.binaries.partial import Partial
from jupyter_codeserver_proxy.binaries.urls import Token, public_url
from tests.binaries.conftest import TOP, answer, catalogue_of, serve, sha256

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.binaries.conftest import Fetcher, Handler, Server

    Behaviour = Callable[[Handler], None]

cut = functools.partial(serve, keep=0.97)
stall = functools.partial(serve, keep=0.5, stall=True)


def reset(handler: Handler) -> None:
    """End the connection before a byte of an answer."""
    handler.hang_up()


def other_part(handler: Handler) -> None:
    """Answer a Range with another one."""
    handler.begin(206, 3, Content_Range="bytes 0-2/300", ETag=handler.server_.etag)
    handler.wfile.write(b"xyz")


def ignores_range(handler: Handler) -> None:
    """Serve the whole file whatever was asked for."""
    serve(handler, ranges=False)


@pytest.mark.parametrize(
    "behaviours",
    [
        pytest.param([], id="well-behaved"),
        pytest.param([cut], id="cut-at-97-percent"),
        pytest.param([stall], id="stall"),
        pytest.param([answer(503)], id="503"),
        pytest.param([answer(500), answer(502)], id="500-and-502"),
        pytest.param([answer(429, Retry_After="0")], id="429-with-seconds"),
        pytest.param(
            [answer(429, Retry_After="Mon, 01 Jan 2001 00:00:00 GMT")], id="429-with-date"
        ),
        pytest.param([reset], id="reset"),
        pytest.param([cut, ignores_range], id="ignores-range"),
        pytest.param([cut, other_part], id="other-part"),
        pytest.param([cut, answer(416)], id="416"),
        pytest.param(
            [functools.partial(serve, keep=0.3), reset, stall, answer(503), cut],
            id="one-after-another",
        ),
    ],
)
def test_a_server_that_recovers_gives_a_working_install(
    fetch: Fetcher, behaviours: list[Behaviour]
) -> None:
    """Transient failures are retried, and the install is complete and runs."""
    fetch.server.behaviours.extend(behaviours)
    assert fetch().fresh
    assert fetch.works()
    assert not list(fetch.prefix.downloads.iterdir()), "downloads are deleted after the install"
    assert not fetch.server.behaviours, "every behaviour was met"


@pytest.mark.parametrize(
    ("behaviours", "error"),
    [
        pytest.param([answer(503)] * 3, NetworkError, id="503-for-ever"),
        pytest.param([answer(404)], NetworkError, id="404"),
        pytest.param([answer(403)], NetworkError, id="403"),
        pytest.param([answer(429, Retry_After="9999")], NetworkError, id="429-for-hours"),
        pytest.param([reset] * 3, NetworkError, id="reset-for-ever"),
        pytest.param([answer(302, Location="/again")] * 10, NetworkError, id="redirects-for-ever"),
        pytest.param(
            [functools.partial(serve, keep=0.97, ranges=False)] * 3, NetworkError, id="cut-for-ever"
        ),
    ],
)
def test_a_server_that_does_not_recover_leaves_nothing(
    fetch: Fetcher, behaviours: list[Behaviour], error: type[FetchError]
) -> None:
    """The retries end with an error that names the address, and without an install."""
    fetch.server.behaviours.extend(behaviours)
    with pytest.raises(error, match=r"^http://127\.0\.0\.1:\d+/code-server-9\.9\.9"):
        fetch()
    assert fetch.is_empty()
    assert not fetch.server.behaviours, "every behaviour was met"
    assert fetch().fresh, "the next try works"
    assert fetch.works()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: data[:-1] + bytes([data[-1] ^ 1]), id="wrong-byte"),
        pytest.param(lambda data: data[:-100], id="too-short"),
        pytest.param(lambda data: data + b"more", id="too-long"),
        pytest.param(lambda _: b"<html>Sign in to the hotel's network</html>", id="a-web-page"),
        pytest.param(lambda _: b"", id="empty"),
    ],
)
@pytest.mark.parametrize("sized", [pytest.param(True, id="size"), pytest.param(False, id="hash")])
def test_wrong_bytes_are_refused_and_deleted(
    fetch: Fetcher, change: Callable[[bytes], bytes], *, sized: bool
) -> None:
    """Neither another size nor another hash is ever unpacked, or kept, or tried again."""
    size = len(fetch.good) if sized else None
    pinned = catalogue_of(fetch.good, fetch.server.url(), size)
    fetch.server.data = change(fetch.good)
    with pytest.raises(VerificationError, match="refused and deleted"):
        fetch(catalogue=pinned)
    assert fetch.is_empty()
    assert not list(fetch.prefix.downloads.iterdir())
    assert len(fetch.server.seen) == 1


def test_an_interrupted_download_goes_on_where_it_stopped(fetch: Fetcher) -> None:
    """The second request asks with Range and If-Range, in the same process or in the next."""
    fetch.server.behaviours.extend([cut, answer(404)])
    with pytest.raises(NetworkError):
        fetch()
    kept = int(len(fetch.good) * 0.97)
    assert fetch.server.seen[1]["Range"] == f"bytes={kept}-"
    fetch()
    assert fetch.server.seen[2]["Range"] == f"bytes={kept}-"
    assert fetch.server.seen[2]["If-Range"] == fetch.server.etag
    assert fetch.works()


def test_a_file_that_changed_meanwhile_is_fetched_anew(fetch: Fetcher) -> None:
    """If-Range keeps parts of two different files from being joined."""
    good, fetch.server.data = fetch.server.data, b"x" * 200_000
    fetch.server.behaviours.append(cut)

    def changed(handler: Handler) -> None:
        fetch.server.data, fetch.server.etag = good, '"two"'
        serve(handler)

    fetch.server.behaviours.append(changed)
    fetch()
    assert fetch.works()


def test_a_part_without_validator_is_not_continued(fetch: Fetcher) -> None:
    """A weak ETag does not promise the same bytes, so the whole file is fetched."""
    fetch.server.etag = 'W/"weak"'
    fetch.server.behaviours.append(cut)
    fetch()
    assert "Range" not in fetch.server.seen[1]
    assert fetch.works()


def test_a_part_that_is_already_whole_is_not_fetched_again(fetch: Fetcher) -> None:
    """A process that died between download and install has done the download."""
    fetch.prefix.downloads.mkdir(parents=True)
    partial = Partial(fetch.prefix.downloads / f"{sha256(fetch.good)}.tar.gz")
    url = fetch.server.url().format(file=f"{TOP}.tar.gz")
    partial.path.write_bytes(fetch.good)
    notes = {"url": url, "validator": "", "total": len(fetch.good)}
    partial.path.with_name(partial.path.name + ".json").write_text(json.dumps(notes))
    assert fetch().fresh
    assert not fetch.server.seen


def test_a_trickle_is_stopped_by_the_total_alone(fetch: Fetcher) -> None:
    """A slow transfer never stalls, but the limit of the whole download ends it."""

    def trickle(handler: Handler) -> None:
        handler.begin(200, len(fetch.good), ETag='"one"')
        for at in range(200):
            handler.wfile.write(fetch.good[at : at + 1])
            handler.wfile.flush()
            if fetch.server.release.wait(0.05):
                break
        handler.hang_up()

    fetch.server.behaviours.append(trickle)
    with pytest.raises(NetworkError, match=r"in 1 s, which is the limit"):
        fetch(limits=Limits(stall=0.5, total=1, pause=0.01))
    assert fetch.is_empty()


def test_nobody_there_is_found_out_at_once(fetch: Fetcher) -> None:
    """A refused connection is retried less often than a busy server."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: it refuses
        pinned = catalogue_of(fetch.good, f"http://127.0.0.1:{closed.getsockname()[1]}/{{file}}")
        # With the patience for a busy server there would be no time left after some tries.
        with pytest.raises(NetworkError, match=r"no connection \([\w ]+\)$"):
            fetch(catalogue=pinned, limits=Limits(pause=1, longest_pause=1, total=2))
    assert fetch.is_empty()


def test_an_encoding_on_the_way_does_not_change_what_is_hashed(fetch: Fetcher) -> None:
    """The file is requested without an encoding, as its hash is that of its bytes."""
    fetch()
    assert fetch.server.seen[0]["Accept-Encoding"] == "identity"


# Tokens


def redirect_to(url: str) -> Behaviour:
    """Redirect to a URL."""
    return answer(302, Location=url)


def token_for(server: Server) -> Token:
    """A token that is shown to this server as if it were GitHub."""
    return Token("s3cret", frozenset({f"http://127.0.0.1:{server.port}"}))


def test_a_token_is_shown_to_its_own_origin(fetch: Fetcher) -> None:
    """GitHub's limits are higher for requests with a token."""
    fetch(token=token_for(fetch.server))
    assert fetch.server.seen[0]["Authorization"] == "Bearer s3cret"


def test_a_token_follows_no_redirect(
    fetch: Fetcher, start_server: Callable[[bytes], Server]
) -> None:
    """The host that stores a release does not get the token of another host."""
    store = start_server(fetch.good)
    fetch.server.behaviours.append(redirect_to(f"http://localhost:{store.port}/file"))
    fetch(token=token_for(fetch.server))
    assert "Authorization" in fetch.server.seen[0]
    assert "Authorization" not in store.seen[0]
    assert fetch.works()


def test_a_token_does_not_go_to_a_mirror(fetch: Fetcher) -> None:
    """A mirror is another origin than GitHub."""
    fetch(source=fetch.server.url(), token=Token("s3cret"))
    assert "Authorization" not in fetch.server.seen[0]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("https://github.com/coder/x", True, id="github"),
        pytest.param("https://api.github.com/repos", True, id="api"),
        pytest.param("http://github.com/coder/x", False, id="without-tls"),
        pytest.param("https://github.com.evil.example/x", False, id="longer-name"),
        pytest.param("https://github.com@evil.example/x", False, id="as-user"),
        pytest.param("https://github.com:444/x", False, id="other-port"),
        pytest.param("https://mirror.example/github.com", False, id="mirror"),
    ],
)
def test_a_token_is_for_github_over_tls_alone(url: str, *, shown: bool) -> None:
    """An address that only looks like GitHub's gets nothing."""
    assert (Token("s3cret").authorise(url) is not None) is shown


def test_a_token_is_not_in_its_repr() -> None:
    """A log that has it by accident holds no secret."""
    assert "s3cret" not in repr(Token("s3cret"))


def test_a_netrc_entry_stays_with_its_host(
    fetch: Fetcher,
    start_server: Callable[[bytes], Server],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A user's password for a mirror does not follow a redirect to another host."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login me password hidden\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    store = start_server(fetch.good)
    fetch.server.behaviours.append(redirect_to(f"http://127.0.0.1:{store.port}/file"))
    fetch(source=fetch.server.url("localhost"))
    expected = "Basic " + base64.b64encode(b"me:hidden").decode()
    assert fetch.server.seen[0]["Authorization"] == expected
    assert "Authorization" not in store.seen[0]


def test_a_password_in_a_mirror_s_address_is_used_and_told_to_nobody(
    fetch: Fetcher, start_server: Callable[[bytes], Server]
) -> None:
    """It is not in the marker nor in a message, and not sent to the target of a redirect."""
    store = start_server(fetch.good)
    fetch.server.behaviours.append(redirect_to(f"http://localhost:{store.port}/file"))
    source = f"http://me:hidden@127.0.0.1:{fetch.server.port}/{{file}}?key=hidden"
    outcome = fetch(source=source)
    assert "Authorization" in fetch.server.seen[0]
    assert "Authorization" not in store.seen[0]
    assert outcome.install.url == f"http://127.0.0.1:{fetch.server.port}/{TOP}.tar.gz"
    marker = fetch.prefix.folder(outcome.install.name) / "install.json"
    assert "hidden" not in marker.read_text()


def test_a_public_url_has_no_secret() -> None:
    """User, password and query are left out."""
    assert public_url("https://me:pw@host:8/a/b?sig=1#f") == "https://host:8/a/b"
