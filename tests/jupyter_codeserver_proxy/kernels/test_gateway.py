"""Kernels that run on another machine, behind a gateway."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests
from jupyter_server.gateway.gateway_client import GatewayClient

from tests.jupyter_codeserver_proxy.kernels.conftest import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.jupyter_codeserver_proxy.kernels.conftest import Client

pytest_plugins = ["pytest_jupyter.jupyter_server"]


@dataclass(frozen=True)
class Gateway:
    """A second Jupyter server, which runs the kernels of the first."""

    url: str
    token: str

    def kernels(self) -> list[str]:
        """Returns the ids of its kernels."""
        headers = {"Authorization": f"token {self.token}"}
        answer = requests.get(f"{self.url}api/kernels", headers=headers, timeout=PATIENCE)
        return [kernel["id"] for kernel in answer.json()]


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """A gateway, on a port that it chooses itself."""
    (runtime := tmp_path / "gateway").mkdir()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(runtime))
    token = secrets.token_hex()
    arguments = ["--ServerApp.port=0", "--ServerApp.open_browser=False", "--allow-root"]
    arguments += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={runtime}"]
    process = subprocess.Popen([sys.executable, "-m", "jupyter_server", *arguments])
    deadline = time.monotonic() + PATIENCE
    while not (files := list(runtime.glob("jpserver-*.json"))):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    yield Gateway(json.loads(files[0].read_text())["url"], token)
    process.terminate()
    process.wait(PATIENCE)


@pytest.fixture
def jp_server_config(gateway: Gateway) -> Iterator[dict[str, Any]]:
    """A Jupyter server whose kernels the gateway runs."""
    GatewayClient.clear_instance()
    yield {"GatewayClient": {"url": gateway.url, "auth_token": gateway.token}}
    GatewayClient.clear_instance()


@pytest.mark.slow
async def test_vs_code_has_the_kernels_of_a_gateway(client: Client, gateway: Gateway) -> None:
    """They are offered, and run cells, as the server's own do."""
    offered = (await client.send("GET", "/api/kernelspecs")).body
    assert "python3" in offered["kernelspecs"]
    session = await client.begin("a.ipynb")
    kernel = session["kernel"]["id"]
    assert gateway.kernels() == [kernel]
    assert await client.execute(kernel, "1 + 1") == {"text/plain": "2"}
    assert (await client.send("DELETE", f"/api/sessions/{session['id']}")).status == 204
    assert gateway.kernels() == []
