"""Each start of code-server has a kernels socket of its own."""

from __future__ import annotations

import asyncio
import stat
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_codeserver_proxy.kernels.kernels_socket import KernelsSocket
from tests.jupyter_codeserver_proxy.kernels.conftest import PATIENCE, Client

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from jupyter_server.serverapp import ServerApp
    from tornado.httpclient import HTTPResponse

    Fetch = Callable[..., Awaitable[HTTPResponse]]

pytest_plugins = ["pytest_jupyter.jupyter_server"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """Where the code-server of the server under test writes its environment."""
    return tmp_path / "told"


@pytest.fixture
def jp_server_config(folder: Path, told: Path, options: dict[str, Any]) -> dict[str, Any]:
    """A Jupyter server with the extension, and with a script in the part of code-server."""
    script = told.with_name("code-server")
    script.write_text(
        "#!/bin/sh\n[ \"$1\" = --help ] && echo '  --auth' && exit\n"
        f"env >{told}.new && mv {told}.new {told} && exec sleep 1000\n"
    )
    script.chmod(0o755)
    chosen = {"executable": str(script), "runtime_folder": str(folder), **options}
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_codeserver_proxy": True}},
        "CodeServer": chosen,
    }


async def variables(fetch: Fetch, told: Path) -> dict[str, str]:
    """Starts code-server, and returns its environment."""
    start = ("api", "codeserver", "start")
    await fetch(*start, method="POST", allow_nonstandard_methods=True)
    deadline = time.monotonic() + PATIENCE
    while not told.exists():  # noqa: ASYNC240 -- a local file
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    lines = told.read_text().splitlines()  # noqa: ASYNC240 -- likewise
    return dict(line.split("=", 1) for line in lines if "=" in line)


async def test_code_server_is_told_its_socket(jp_fetch: Fetch, told: Path) -> None:
    """The socket is in the folder of the start, which only the student can enter."""
    socket = Path((await variables(jp_fetch, told))["JUPYTER_CODESERVER_KERNELS_SOCKET"])
    assert (await Client(socket).send("GET", "/api/kernels")).body == []
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (socket.parent, socket)]
    assert modes == [0o700, 0o600]
    stop = ("api", "codeserver", "stop")
    await jp_fetch(*stop, method="POST", allow_nonstandard_methods=True)
    assert not socket.parent.exists()


@pytest.mark.parametrize("options", [{"kernels": False, "languages": []}], indirect=True)
async def test_an_operator_switches_kernels_and_languages_off(
    jp_fetch: Fetch, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VS Code is told so, even if Jupyter runs in a terminal of another VS Code."""
    monkeypatch.setenv("JUPYTER_CODESERVER_KERNELS_SOCKET", "/another")
    found = await variables(jp_fetch, told)
    assert found["JUPYTER_CODESERVER_KERNELS_SOCKET"] == ""
    assert found["JUPYTER_CODESERVER_LANGUAGE_SUPPORT"] == ""


async def test_a_new_socket_takes_the_place_of_the_old_one(
    jp_serverapp: ServerApp, folder: Path
) -> None:
    """The kernels of the server are the same on both."""
    kernels = KernelsSocket(jp_serverapp.web_app)
    first, second = Client(folder / "1"), Client(folder / "2")
    await kernels.open(first.path)
    session = await first.begin("a.ipynb")
    await kernels.open(second.path)
    with pytest.raises(ConnectionRefusedError):
        await first.send("GET", "/api/sessions")
    (found,) = (await second.send("GET", "/api/sessions")).body
    assert found["kernel"]["id"] == session["kernel"]["id"]
    await kernels.close()


# tornado does not close the socket that it cannot bind.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_socket_that_cannot_be_made_is_told(
    jp_serverapp: ServerApp, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """VS Code starts without kernels then."""
    kernels = KernelsSocket(jp_serverapp.web_app)
    await kernels.open(folder / ("long" * 30))
    assert "VS Code has no kernels: " in caplog.text
    caplog.clear()  # which has the error, and so the socket
    await kernels.close()
