"""The API, the pages and the metrics of a real Jupyter server."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import resource
import threading
import time
from contextlib import contextmanager
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from jupyter_server.serverapp import ServerApp
    from tornado.httpclient import HTTPResponse

    Fetch = Callable[..., Awaitable[HTTPResponse]]

pytest_plugins = ["pytest_jupyter.jupyter_server"]

PATIENCE = 60
PAGE = {"Accept": "text/html", "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
POST = {"method": "POST", "allow_nonstandard_methods": True}
WORKSPACE = "week%201/a.code-workspace"
ASSET = {"Accept": "*/*", "Sec-Fetch-Dest": "script", "Sec-Fetch-Mode": "no-cors"}

# Each script answers --help as code-server does, and then behaves as named.
HANGS = "echo 'thinking about <b>it</b>' >&2; exec sleep 1000"
TELLS = "echo 'AWS_SECRET_ACCESS_KEY=s3cret'; printf 'https://ada:s3cret@a.example' >&2; exit 3"
CRASHES = "echo 'Error: <script>alert(1)</script>' >&2; exit 3"


@pytest.fixture
def executable(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Returns the code-server of the server under test: real, or a script that plays a part."""
    if not hasattr(request, "param"):
        return str(request.getfixturevalue("code_server"))
    if request.param == "wrapper":
        return str(request.getfixturevalue("wrapper"))
    path = tmp_path / "code-server"
    path.write_text(f'#!/bin/sh\n[ "$1" = --help ] && echo "  --auth" && exit\n{request.param}\n')
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def wrapper(code_server: Path, tmp_path: Path) -> str:
    """Returns a script around a real code-server, whose node gets none of our flags."""
    path = tmp_path / "code-server"
    path.write_text(f'#!/bin/sh\nexec {code_server} "$@"\n')
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Further options of the extension."""
    return dict(getattr(request, "param", {}))


@pytest.fixture
def jp_server_config(executable: str, options: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """A Jupyter server with the extension, and with JupyterHub's policy for its pages."""
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_codeserver_proxy": True},
            "tornado_settings": {"headers": {"Content-Security-Policy": "frame-ancestors 'none'"}},
        },
        "CodeServer": {
            "executable": executable,
            "user_data_folder": str(tmp_path / "data"),
            "working_folder": str(tmp_path),
            **options,
        },
    }


async def answer(fetch: Fetch, *path: str, **options: Any) -> HTTPResponse:  # noqa: ANN401 -- tornado's
    """Returns a response of any status; without authentication if `Authorization` is empty."""
    options["headers"] = dict(options.get("headers", {}))  # the fixture adds the token to it
    return await fetch(*path, follow_redirects=False, raise_error=False, **options)


async def status(fetch: Fetch) -> dict[str, Any]:
    """Returns the answer of the status API."""
    found: dict[str, Any] = json.loads((await fetch("api", "codeserver")).body)
    return found


async def until(fetch: Fetch, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Waits until the condition holds for the status."""
    deadline = time.monotonic() + PATIENCE
    while not condition(found := await status(fetch)):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.05)
    return found


def is_settled(found: dict[str, Any]) -> bool:
    """Whether code-server has started, or given up."""
    return found["state"] in {"ready", "failed"}


async def order(fetch: Fetch, what: str) -> HTTPResponse:
    """Calls the API to start, stop or restart."""
    return await answer(
        fetch, "api", "codeserver", what, method="POST", allow_nonstandard_methods=True
    )


async def test_nothing_runs_before_somebody_asks(jp_fetch: Fetch) -> None:
    """A student who never clicks the tile runs no code-server."""
    found = await status(jp_fetch)
    assert (found["state"], found["pid"], found["memory"]) == ("stopped", None, None)


async def test_a_page_load_starts_it_and_shows_a_page_until_it_is_ready(jp_fetch: Fetch) -> None:
    """A page is shown at once; later the same address shows VS Code."""
    first = await answer(jp_fetch, "codeserver/", headers=PAGE)
    assert first.code == 200
    assert b"VS Code is starting" in first.body
    assert first.headers["Cache-Control"] == "no-store"
    found = await until(jp_fetch, is_settled)
    assert found["failure"] is None
    assert found["version"].startswith("4.")
    assert found["memory"] > 10_000_000
    assert found["uptime"] > 0
    visited, why = found["last_activity"], found["activity"]
    assert (visited is not None, why) == (True, "a person")
    second = await answer(jp_fetch, "codeserver/", headers=PAGE)
    assert (await status(jp_fetch))["last_activity"] > visited
    assert second.code == 200
    assert b"history.replaceState(null, '', \"?folder=" in second.body


async def led_to(fetch: Fetch, **query: str) -> list[str]:
    """Returns the queries that VS Code's page replaces this one by: one, or none."""
    page = await answer(fetch, "codeserver/", params=query, headers=PAGE)
    assert page.code == 200
    return re.findall(r"history\.replaceState\(null, '', \"(\?[^\"]*)", page.body.decode())


async def test_the_tile_opens_the_configured_folder_again_and_again(
    jp_fetch: Fetch, tmp_path: Path
) -> None:
    """It opens neither another server's folder nor that of an earlier link."""
    remembered = tmp_path / "data/coder.json"
    remembered.parent.mkdir(exist_ok=True)
    remembered.write_text(json.dumps({"query": {"folder": "/of/another/server"}}))
    await order(jp_fetch, "start")
    await until(jp_fetch, is_settled)
    assert await led_to(jp_fetch) == [f"?folder={tmp_path}"]
    elsewhere = str(tmp_path / "elsewhere")
    for query in ({"folder": elsewhere}, {"workspace": elsewhere}, {"ew": "true"}):
        assert await led_to(jp_fetch, **query) == []
        assert await led_to(jp_fetch) == [f"?folder={tmp_path}"]


@pytest.mark.parametrize("executable", [HANGS], indirect=True)
async def test_requests_that_show_no_page_get_503_and_when_to_come_back(jp_fetch: Fetch) -> None:
    """API and asset requests during a start get Retry-After."""
    first = await answer(jp_fetch, "codeserver", "some.js", headers=ASSET)
    assert first.code == 503
    assert int(first.headers["Retry-After"]) >= 1
    assert b"<" not in first.body


@pytest.mark.parametrize("executable", [HANGS], indirect=True)
async def test_the_starting_page_shows_the_logs_last_line_as_text(jp_fetch: Fetch) -> None:
    """code-server's output is shown as text, not as HTML."""
    await answer(jp_fetch, "codeserver/", headers=PAGE)
    await until(jp_fetch, lambda found: found["log"])
    page = (await answer(jp_fetch, "codeserver/", headers=PAGE)).body.decode()
    assert "thinking about &lt;b&gt;it&lt;/b&gt;" in page


@pytest.mark.parametrize("executable", [TELLS], indirect=True)
async def test_what_code_server_tells_of_secrets_is_seen_nowhere(
    jp_fetch: Fetch, jp_serverapp: ServerApp, caplog: pytest.LogCaptureFixture
) -> None:
    """The status, the page and Jupyter's log hide them."""
    jp_serverapp.log.setLevel("DEBUG")
    jp_serverapp.log.addHandler(caplog.handler)
    while (page := await answer(jp_fetch, "codeserver/", headers=PAGE)).code == 200:
        await until(jp_fetch, lambda found: found["state"] in {"stopped", "failed"})
    found = await status(jp_fetch)
    shown = ["AWS_SECRET_ACCESS_KEY=[hidden]", "https://ada:[hidden]@a.example"]
    assert found["log"] == shown
    seen = page.body.decode() + caplog.text
    assert all(seen.count(line) > 1 for line in shown)
    assert "s3cret" not in seen


@pytest.mark.parametrize("executable", [CRASHES], indirect=True)
async def test_a_crash_loop_ends_in_a_page_that_says_why(jp_fetch: Fetch) -> None:
    """After a few crashes the page shows what happened, the log's tail and what to do."""
    deadline = time.monotonic() + PATIENCE
    while (page := await answer(jp_fetch, "codeserver/", headers=PAGE)).code == 200:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    assert page.code == 503
    text = page.body.decode()
    assert "could not be started" in text
    assert "Error: &lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "exit status 3" in text
    assert re.search(r'<form method="post" action="[^"]*api/codeserver/start"', text)
    started = await order(jp_fetch, "start")
    # The state is in the answer; a later request may see the next crash.
    assert json.loads(started.body)["state"] == "starting"


def cookies(size: int) -> dict[str, str]:
    """Returns cookies like those of many services on one host."""
    return {"Cookie": "; ".join(f"service-{at}={'x' * 1000}" for at in range(size // 1000))}


async def test_cookies_may_be_as_large_as_jupyter_takes(jp_fetch: Fetch) -> None:
    """VS Code takes as many cookies as Jupyter's own pages."""
    await order(jp_fetch, "start")
    await until(jp_fetch, is_settled)
    shown = await answer(jp_fetch, "codeserver/", headers={**PAGE, **cookies(60_000)})
    assert shown.code == 200
    assert b"vscode-workbench-web-configuration" in shown.body


@pytest.mark.parametrize("executable", ["wrapper"], indirect=True)
async def test_cookies_that_code_server_does_not_take_are_told(jp_fetch: Fetch) -> None:
    """A person gets a page that says what to do, a program gets a line; node sends neither."""
    await order(jp_fetch, "start")
    await until(jp_fetch, is_settled)
    page = await answer(jp_fetch, "codeserver/", headers={**PAGE, **cookies(60_000)})
    assert page.code == 431
    assert b"Delete this site's cookies" in page.body
    line = await answer(jp_fetch, "codeserver/x", headers={**ASSET, **cookies(60_000)})
    assert line.code == 431
    assert line.body.startswith(b"What the browser sends along, mostly this site's cookies, is")
    assert line.body.count(b"\n") == 1
    assert (await answer(jp_fetch, "codeserver/", headers=PAGE)).code == 200


@contextmanager
def few_descriptors(number: int) -> Iterator[None]:
    """Leaves this many descriptors to this process, which is the server's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(os.listdir("/dev/fd"))  # noqa: PTH208 -- each is a number
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + number, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_too_many_open_files_are_told(jp_fetch: Fetch) -> None:
    """A person gets a page, a program gets text; open connections go on, and all recovers."""
    await order(jp_fetch, "start")
    before = await until(jp_fetch, is_settled)
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    with few_descriptors(50):
        page = await answer(jp_fetch, "codeserver/", headers=PAGE)
        refused = await answer(jp_fetch, "codeserver/", headers=upgrade)
        assert (await answer(jp_fetch, "codeserver/healthz")).code == 200
    assert (page.code, refused.code) == (503, 503)
    assert b"<strong>Too many files and connections are open at once.</strong>" in page.body
    assert b"Likely cause: too many open files" in page.body
    assert refused.body == b"Too many files and connections are open at once.\n"
    assert (await answer(jp_fetch, "codeserver/", headers=PAGE)).code == 200
    assert (await status(jp_fetch))["pid"] == before["pid"]


async def test_a_start_without_descriptors_is_told(jp_fetch: Fetch) -> None:
    """The start is refused early, and the reason is not "not installed"."""
    await status(jp_fetch)
    with few_descriptors(8):
        await order(jp_fetch, "start")
        found = await until(jp_fetch, lambda found: found["failure"])
    assert found["failure"]["reason"] == "too many open files"
    assert found["state"] == "stopped"  # the next request starts it


@pytest.mark.parametrize("executable", [HANGS], indirect=True)
async def test_the_pages_load_nothing(jp_fetch: Fetch) -> None:
    """A page is complete and sends no requests."""
    page = await answer(jp_fetch, "codeserver/", headers=PAGE)
    assert not re.findall(rb'(?:src|href)="(?!data:)|url\(|@import|https?://', page.body)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    (nonce,) = set(re.findall(rb'nonce="([^"]+)"', page.body))
    assert f"script-src 'nonce-{nonce.decode()}'" in policy
    assert policy.endswith("frame-ancestors 'self'")  # JupyterLab may have it in a tab


@pytest.mark.parametrize("options", [{}, {"sandboxed_applications": True}], indirect=True)
async def test_an_applications_page_has_an_origin_of_its_own_where_it_is_wanted(
    jp_fetch: Fetch, options: dict[str, Any]
) -> None:
    """Other pages can neither frame nor load it or VS Code; VS Code has no sandbox."""
    await answer(jp_fetch, "codeserver/", headers=PAGE)
    await until(jp_fetch, is_settled)
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as application:
        threading.Thread(target=application.handle_request, daemon=True).start()
        port = str(application.server_port)
        pages = {
            "page": await answer(jp_fetch, "codeserver", "proxy", port, "", headers=PAGE),
            "vscode": await answer(jp_fetch, "codeserver/", headers=PAGE),
        }
    for name, page in pages.items():
        assert page.code == 200
        assert page.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        policies = page.headers.get_list("Content-Security-Policy")
        assert "frame-ancestors 'self'" in policies
        sandboxed = any(policy.startswith("sandbox allow-scripts") for policy in policies)
        assert sandboxed is (name == "page" and bool(options))


async def test_what_was_stopped_stays_so_until_a_person_asks(jp_fetch: Fetch) -> None:
    """Windows that are still open do not start it again."""
    await order(jp_fetch, "start")
    await until(jp_fetch, is_settled)
    stopped = await order(jp_fetch, "stop")
    assert json.loads(stopped.body)["state"] == "stopped"
    for headers in (ASSET, {"Accept": "*/*"}):
        assert (await answer(jp_fetch, "codeserver", "x", headers=headers)).code == 503
    assert (await status(jp_fetch))["state"] == "stopped"
    assert (await answer(jp_fetch, "codeserver/", headers=PAGE)).code == 200
    assert (await status(jp_fetch))["state"] == "starting"


async def test_a_restart_gives_another_process(jp_fetch: Fetch) -> None:
    """`restart` ends the process and starts a new one, on a socket of its own."""
    await order(jp_fetch, "start")
    before = await until(jp_fetch, is_settled)
    await order(jp_fetch, "restart")
    after = await until(jp_fetch, is_settled)
    assert before["pid"] != after["pid"]
    assert before["socket"] != after["socket"]


@pytest.mark.parametrize("executable", [HANGS], indirect=True)
@pytest.mark.parametrize("what", ["start", "stop", "restart"])
async def test_an_order_needs_authentication_and_the_xsrf_token(
    jp_fetch: Fetch, jp_serverapp: ServerApp, what: str
) -> None:
    """Unauthenticated clients and foreign pages with the student's cookie are refused."""
    stranger = {"Authorization": ""}
    refused = await answer(jp_fetch, "api", "codeserver", what, headers=stranger, **POST)
    assert refused.code == 403
    assert json.loads(refused.body)["message"]
    login = await answer(
        jp_fetch, "api", "codeserver", params={"token": jp_serverapp.identity_provider.token}
    )
    cookie = "; ".join(value.split(";")[0] for value in login.headers.get_list("Set-Cookie"))
    headers = {"Authorization": "", "Cookie": cookie}
    assert (await answer(jp_fetch, "api", "codeserver", headers=headers)).code == 200
    refused = await answer(jp_fetch, "api", "codeserver", what, headers=headers, **POST)
    assert refused.code == 403
    assert (await status(jp_fetch))["state"] == "stopped"


@pytest.mark.parametrize("executable", [HANGS], indirect=True)
async def test_without_javascript_retry_is_a_form(jp_fetch: Fetch) -> None:
    """The form's POST leads back to the page."""
    retried = await answer(jp_fetch, "api", "codeserver", "start", headers=PAGE, **POST)
    assert retried.code == 303
    assert retried.headers["Location"].endswith("/codeserver/")


@pytest.mark.parametrize("executable", [HANGS], indirect=True)
async def test_the_address_without_its_slash_leads_to_the_one_with_it(jp_fetch: Fetch) -> None:
    """`codeserver?folder=x` keeps its query."""
    answered = await answer(jp_fetch, "codeserver", params={"folder": "/a b"}, headers=PAGE)
    assert answered.code == 302
    assert answered.headers["Location"].endswith("/codeserver/?folder=%2Fa+b")


async def test_jupyters_metrics_tell_of_it(jp_fetch: Fetch) -> None:
    """Jupyter's endpoint has starts, failures, time to ready, websockets and bytes."""
    await order(jp_fetch, "start")
    await until(jp_fetch, is_settled)
    await answer(jp_fetch, "codeserver/healthz")
    text = (await jp_fetch("metrics")).body.decode()
    assert "codeserver_starts_total 1.0" in text
    assert "codeserver_ready_seconds_count 1.0" in text
    assert "codeserver_open_websockets 0.0" in text
    forwarded = re.search(
        r'codeserver_forwarded_bytes_total{direction="to the browser"} (\S+)', text
    )
    assert forwarded is not None
    assert float(forwarded[1]) > 100


@pytest.mark.parametrize("executable", [HANGS], indirect=True)
@pytest.mark.parametrize("headers", [PAGE, ASSET], ids=["page", "asset"])
async def test_an_answer_of_our_own_keeps_the_connection(
    jp_serverapp: ServerApp, jp_fetch: Fetch, headers: dict[str, str]
) -> None:
    """A page or a 503 leaves the connection open, which saves a slow link a round trip."""
    await status(jp_fetch)  # the server answers by now
    path = f"{jp_serverapp.base_url}codeserver/x?token={jp_serverapp.identity_provider.token}"
    connection = http.client.HTTPConnection("127.0.0.1", jp_serverapp.port, timeout=PATIENCE)

    def ask() -> object:
        connection.request("GET", path, headers=headers)
        connection.getresponse().read()
        return connection.sock

    first = await asyncio.to_thread(ask)
    assert first is not None
    assert await asyncio.to_thread(ask) is first
    connection.close()


@pytest.mark.parametrize("executable", [HANGS], indirect=True)
@pytest.mark.parametrize(
    ("path", "code", "told"),
    [
        pytest.param("codeserver/open", 302, "codeserver/?folder=", id="root"),
        pytest.param("codeserver/open/week%201", 302, "week%201", id="folder"),
        pytest.param("codeserver/open/week%201/lab.py", 302, "payload=", id="file"),
        pytest.param("codeserver/open/week%201/lab.py?line=3", 302, "lab.py%3A3", id="line"),
        pytest.param(f"codeserver/open/{WORKSPACE}", 302, "/?workspace=", id="workspace"),
        pytest.param(f"codeserver/open/{WORKSPACE}?line=3", 302, "/?workspace=", id="its line"),
        pytest.param("codeserver/open/week%202", 404, "'week 2' below", id="missing"),
        pytest.param("codeserver/open/week%201/lab.py/x", 404, "Not a directory", id="in a file"),
        pytest.param("codeserver/open/loop", 404, "symbolic links", id="loop"),
        pytest.param("codeserver/open/pipe", 404, "neither a file nor a folder", id="pipe"),
        pytest.param(f"codeserver/open/{'x' * 300}", 404, "File name too long", id="long"),
        pytest.param("codeserver/open/a%0Ab", 404, r"'a\nb'", id="newline"),
        pytest.param("codeserver/open/a%00b", 404, "no file has such a name", id="NUL"),
        pytest.param("codeserver/open/%FF", 404, "No such file", id="no UTF-8"),
        pytest.param("codeserver/open/%ED%A0%80", 404, "No such file", id="surrogate"),
        pytest.param("codeserver/open/..%2Fetc", 403, "not below", id="outside"),
        pytest.param("codeserver/open/week%201?line=x", 400, "is no line's number", id="no-line"),
        pytest.param(f"codeserver/open?line={'9' * 5000}", 400, "is no line's", id="long line"),
        pytest.param("codeserver/open?line=%FF", 400, "is no line's", id="line of no UTF-8"),
    ],
)
async def test_a_link_opens_a_path_below_the_root(
    jp_serverapp: ServerApp,
    jp_fetch: Fetch,
    path: str,
    code: int,
    told: str,
) -> None:
    """A link that cannot be opened gets the reason."""
    await status(jp_fetch)  # the server answers by now

    def ask() -> tuple[int, str]:
        folder = Path(jp_serverapp.root_dir, "week 1")
        folder.mkdir()
        (folder / "lab.py").write_text("")
        (folder / "a.code-workspace").write_text("{}")
        folder.with_name("loop").symlink_to("loop")
        os.mkfifo(folder.with_name("pipe"))
        # The usual client would normalise the path.
        connection = http.client.HTTPConnection("127.0.0.1", jp_serverapp.port, timeout=PATIENCE)
        headers = {"Authorization": f"token {jp_serverapp.identity_provider.token}"}
        connection.request("GET", jp_serverapp.base_url + path, headers=headers)
        response = connection.getresponse()
        text = response.headers.get("Location") or response.read().decode()
        assert len(text.splitlines()) == 1
        assert len(text) < 500
        connection.close()
        return response.status, text

    status_code, text = await asyncio.to_thread(ask)
    assert status_code == code
    assert told in text
