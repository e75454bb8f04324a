"""The service connects when code-server becomes ready, and its status changes nothing."""

from __future__ import annotations

import logging
import os
import signal
from typing import TYPE_CHECKING

from jupyter_codeserver_proxy.config.options import CodeServer
from jupyter_codeserver_proxy.service.launch import Launcher
from jupyter_codeserver_proxy.service.service import Service
from jupyter_codeserver_proxy.supervision.observer import State
from tests.jupyter_codeserver_proxy.supervision.programs import in_loop, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path


def service_of(
    executable: Path, folder: Path, record_activity: Callable[[datetime], None] = lambda _: None
) -> Service:
    """A service that opens a folder, and keeps its state in it."""
    options = CodeServer(
        executable=str(executable),
        working_folder=str(folder),
        user_data_folder=str(folder / "data"),
    )
    settings = options.values()
    launcher = Launcher(settings.start, options.workspace, os.environ)
    return Service(launcher, settings, logging.getLogger(__name__), record_activity)


@in_loop
async def test_it_connects_and_disconnects_with_the_process(
    code_server: Path, tmp_path: Path
) -> None:
    """Without a request or a look at its status, whether the process dies or is stopped."""
    service = service_of(code_server, tmp_path)
    assert service.upstream is None
    for _ in range(2):
        socket = await service.process.ready()
        assert service.upstream
        assert service.upstream.path == socket
        assert service.process.pid
        os.kill(service.process.pid, signal.SIGKILL)
        await until(lambda: service.process.state is State.STOPPED)
        assert service.upstream is None
    await service.process.ready()
    await service.stop()
    assert service.upstream is None
    await service.close()


@in_loop
async def test_status_changes_nothing(code_server: Path, tmp_path: Path) -> None:
    """It starts nothing, connects to nothing, and is no use of VS Code."""
    activities: list[datetime] = []
    service = service_of(code_server, tmp_path, activities.append)
    assert (await service.status())["state"] == "stopped"
    assert service.request(by_person=True) is None
    await service.process.ready()
    upstream, metrics = service.upstream, list(service.metrics.collect())
    first, second = [await service.status() for _ in range(2)]
    assert first["memory"] is None or first["memory"] > 10_000_000
    for changing in ("memory", "uptime", "log"):
        del first[changing], second[changing]
    assert first == second
    assert (first["activity"], activities) == ("a person", [])
    assert service.upstream is upstream
    assert list(service.metrics.collect()) == metrics
    await service.close()
