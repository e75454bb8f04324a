"""The kernels socket of a real Jupyter server, with real kernels."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import IdentityProvider

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from jupyter_server.serverapp import ServerApp
    from tornado.httpclient import HTTPResponse

    from tests.jupyter_codeserver_proxy.kernels.conftest import Client

    Fetch = Callable[..., Awaitable[HTTPResponse]]

pytest_plugins = ["pytest_jupyter.jupyter_server"]

NOBODY = "12345678-1234-1234-1234-123456789012"


class Stranger(IdentityProvider):
    """Knows nobody, as JupyterHub's does without a login."""

    def get_user(self, handler: Any) -> None:  # noqa: ANN401 -- Jupyter's signature
        """Returns no user."""


class Denial(Authorizer):
    """Allows nothing."""

    def is_authorized(self, *_: object) -> bool:
        """Returns False."""
        return False


async def test_a_kernel_of_vs_code_is_the_servers_own(client: Client, jp_fetch: Fetch) -> None:
    """JupyterLab lists it with its notebook, and it runs cells."""
    session = await client.begin("week1/dice.ipynb")
    (listed,) = json.loads((await jp_fetch("api", "sessions")).body)
    assert (listed["id"], listed["path"]) == (session["id"], "week1/dice.ipynb")
    assert listed["kernel"]["id"] == session["kernel"]["id"]
    assert await client.execute(session["kernel"]["id"], "1 + 1") == {"text/plain": "2"}


async def test_a_notebook_of_jupyterlab_has_one_kernel(client: Client, jp_fetch: Fetch) -> None:
    """VS Code gets the session that exists."""
    body = {"path": "a.ipynb", "type": "notebook", "kernel": {"name": "python3"}}
    answer = await jp_fetch("api", "sessions", method="POST", body=json.dumps(body))
    session = await client.begin("a.ipynb")
    assert session["id"] == json.loads(answer.body)["id"]


async def test_a_session_is_renamed_and_given_another_kernel(client: Client) -> None:
    """A notebook that moves keeps its kernel until another is chosen."""
    session = await client.begin("a.ipynb")
    target = f"/api/sessions/{session['id']}"
    moved = await client.send("PATCH", target, {"path": "b.ipynb"})
    assert (moved.status, moved.body["path"]) == (200, "b.ipynb")
    assert moved.body["kernel"]["id"] == session["kernel"]["id"]
    changed = await client.send("PATCH", target, {"kernel": {"name": "python3"}})
    assert changed.body["kernel"]["id"] != session["kernel"]["id"]
    assert (await client.send("DELETE", target)).status == 204
    assert (await client.send("GET", "/api/kernels")).body == []


async def test_a_kernel_is_interrupted_and_restarted(client: Client) -> None:
    """An interrupt ends the cell; a restart forgets the variables."""
    kernel = (await client.begin("a.ipynb"))["kernel"]["id"]
    target = f"/api/kernels/{kernel}"
    assert await client.execute(kernel, "a = 1; a") == {"text/plain": "1"}
    endless = asyncio.create_task(client.execute(kernel, "while True: pass"))
    await client.wait_until(kernel, "busy")
    assert (await client.send("POST", f"{target}/interrupt")).status == 204
    assert (await endless)["ename"] == "KeyboardInterrupt"
    assert (await client.send("POST", f"{target}/restart")).status == 200
    assert (await client.execute(kernel, "a"))["ename"] == "NameError"


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/"),
        ("GET", "/api"),
        ("GET", "/api/config/notebook"),
        ("GET", "/api/contents"),
        ("GET", "/api/status"),
        ("GET", "/api/terminals"),
        ("GET", "/api/codeserver"),
        ("GET", "/api/kernels/../contents"),
        ("GET", "/files/a.ipynb"),
        ("GET", "/metrics"),
        ("GET", "/static/style/style.min.css"),
        ("GET", "/favicon.ico"),
        ("POST", "/api/shutdown"),
    ],
)
async def test_nothing_else_is_served(client: Client, method: str, target: str) -> None:
    """The socket has kernels, sessions and kernel specifications alone."""
    assert (await client.send(method, target)).status == 404


@pytest.mark.parametrize(
    "options",
    [
        {"ServerApp": {"identity_provider_class": Stranger}},
        {"ServerApp": {"authorizer_class": Denial}},
    ],
    indirect=True,
    ids=["identity provider", "authorizer"],
)
async def test_who_may_do_what_over_tcp_is_another_question(
    client: Client, jp_fetch: Fetch
) -> None:
    """Jupyter's identity provider, such as a hub's, is not asked here, and still is there."""
    over_tcp = await jp_fetch("api", "kernels", raise_error=False)
    assert over_tcp.code == 403
    session = await client.begin("a.ipynb")
    assert await client.execute(session["kernel"]["id"], "2") == {"text/plain": "2"}


async def test_over_tcp_a_token_is_needed_as_before(client: Client, jp_fetch: Fetch) -> None:
    """The socket opens no way for browsers."""
    stranger = {"Authorization": ""}
    assert (await jp_fetch("api", "kernels", headers=stranger, raise_error=False)).code == 403
    assert (await client.send("GET", "/api/kernels")).status == 200


async def test_a_kernel_that_does_not_exist_is_named(client: Client) -> None:
    """VS Code can show the message as it is."""
    body = {"path": "a.ipynb", "type": "notebook", "kernel": {"name": "fortran"}}
    answer = await client.send("POST", "/api/sessions", body)
    assert answer.status == 501
    assert answer.body["message"].startswith("The 'fortran' kernel is not available.")
    lost = await client.send("GET", f"/api/kernels/{NOBODY}/channels")
    assert (lost.status, lost.body["message"]) == (404, f"Kernel does not exist: {NOBODY}")


@pytest.mark.parametrize(
    "options", [{"KernelSpecManager": {"allowed_kernelspecs": ["none"]}}], indirect=True
)
async def test_no_kernel_at_all_can_be_told(client: Client) -> None:
    """Without ipykernel the list is empty, and the default is not in it."""
    answer = await client.send("GET", "/api/kernelspecs")
    assert answer.body == {"default": "python3", "kernelspecs": {}}


async def test_what_a_poll_reads_is_no_activity(client: Client, jp_serverapp: ServerApp) -> None:
    """An open window does not keep a server; what changes something does, as in JupyterLab."""
    session = await client.begin("a.ipynb")
    kernel = session["kernel"]["id"]
    assert await client.execute(kernel, "1") == {"text/plain": "1"}
    await client.wait_until(kernel, "idle")
    last: Callable[[], datetime] = jp_serverapp.web_app.last_activity
    before = last()
    for target in ("sessions", "kernels", "kernelspecs", f"sessions/{session['id']}"):
        assert (await client.send("GET", f"/api/{target}")).status == 200
    assert last() == before
    await client.send("PATCH", f"/api/sessions/{session['id']}", {"path": "b.ipynb"})
    changed = last()
    assert changed > before
    await client.execute(kernel, "1")
    await client.wait_until(kernel, "idle")
    assert last() > changed
