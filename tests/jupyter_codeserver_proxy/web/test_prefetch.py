"""Assets that a browser may prefetch, on a real Jupyter server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_codeserver_proxy.assets.compression import compress
from jupyter_codeserver_proxy.assets.files import find_root, read_root
from jupyter_codeserver_proxy.assets.index import shared_folder
from jupyter_codeserver_proxy.assets.workbench import first_load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from jupyter_server.serverapp import ServerApp
    from tornado.httpclient import HTTPResponse

    Fetch = Callable[..., Awaitable[HTTPResponse]]

pytest_plugins = ["pytest_jupyter.jupyter_server"]

COMMIT = "c" * 40
STATIC = f"stable-{COMMIT}/static"
WORKBENCH = "out/vs/code/browser/workbench/workbench.js"
WITHOUT_COMPRESSED = "out/nls.messages.js"
AHEAD = {"Sec-Purpose": "prefetch", "Sec-Fetch-Dest": "script", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def code_server_of_ours(tmp_path: Path) -> Path:
    """Makes a code-server whose program fails, with one compressed and one plain asset."""
    top = tmp_path / "installed"
    contents = {
        "package.json": json.dumps({"version": "4.139.1"}),
        "lib/vscode/product.json": json.dumps({"commit": COMMIT}),
        f"lib/vscode/{WORKBENCH}": "const name = 1;\n" * 1000,
        "bin/code-server": "#!/bin/sh\nexit 1\n",
    }
    for name, content in contents.items():
        file = top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    root = read_root(top)
    assert root is not None
    compress(root, shared_folder(root), quality=1)
    (top / f"lib/vscode/{WITHOUT_COMPRESSED}").write_text("const messages = 1;\n" * 1000)
    (top / "bin/code-server").chmod(0o755)
    return top / "bin" / "code-server"


@pytest.fixture
def options() -> dict[str, Any]:
    """Returns the options of the server under test."""
    return {}


@pytest.fixture
def jp_server_config(code_server_of_ours: Path, options: dict[str, Any]) -> dict[str, Any]:
    """A Jupyter server with the extension."""
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_codeserver_proxy": True}},
        "CodeServer": {"executable": str(code_server_of_ours), **options},
    }


async def assets(fetch: Fetch) -> list[str]:
    """Returns the assets that the API lists."""
    found: list[str] = json.loads((await fetch("api", "codeserver", "assets")).body)["assets"]
    return found


async def state(fetch: Fetch) -> str:
    """Returns code-server's state."""
    return str(json.loads((await fetch("api", "codeserver")).body)["state"])


async def test_what_is_listed_is_answered_and_nothing_is_started(jp_fetch: Fetch) -> None:
    """The list has the compressed assets; fetching one does not start code-server."""
    assert await assets(jp_fetch) == [f"{STATIC}/{WORKBENCH}"]
    headers = {**AHEAD, "Accept-Encoding": "br"}
    answer = await jp_fetch(
        "codeserver", STATIC, WORKBENCH, headers=headers, decompress_response=False
    )
    assert answer.headers["Content-Encoding"] == "br"
    assert "immutable" in answer.headers["Cache-Control"]
    assert await state(jp_fetch) == "stopped"


@pytest.mark.parametrize(
    ("path", "destination"),
    [
        pytest.param(f"{STATIC}/{WITHOUT_COMPRESSED}", "script", id="asset"),
        pytest.param("", "document", id="page"),
    ],
)
async def test_what_is_fetched_ahead_never_starts_code_server(
    jp_fetch: Fetch, path: str, destination: str
) -> None:
    """A prefetch starts nothing, even if only code-server could answer it."""
    headers = {**AHEAD, "Sec-Fetch-Dest": destination}
    answer = await jp_fetch(f"codeserver/{path}", headers=headers, raise_error=False)
    assert (answer.code, answer.body) == (503, b"")
    assert await state(jp_fetch) == "stopped"


@pytest.mark.parametrize("options", [{"prefetch": False}], ids=["off"])
async def test_an_operator_can_switch_it_off(jp_serverapp: ServerApp, jp_fetch: Fetch) -> None:
    """Without prefetch the list is empty, and JupyterLab's page says so."""
    assert await assets(jp_fetch) == []
    told = jp_serverapp.web_app.settings["page_config_data"]["codeserver"]
    assert told["prefetch"] is False


def test_the_list_is_that_of_a_real_installation(code_server: Path) -> None:
    """The code-server of the tests has each file of the list."""
    root = find_root(code_server)
    assert root is not None
    vscode = root.root / "lib" / "vscode"
    listed = [path.partition("/static/")[2] for path in first_load.addresses(root)]
    assert [path for path in listed if not (vscode / path).is_file()] == []
