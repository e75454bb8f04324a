"""The one code-server of a Jupyter server: its process, its connections and its figures."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .assets.answers import Assets
from .assets.files import find_root
from .forwarding.upstream import Traffic, Upstream
from .metrics import Figures
from .supervision.process import CodeServerProcess

if TYPE_CHECKING:
    import logging
    from pathlib import Path

    from .failure import Failure
    from .launch import Launch


@dataclass(frozen=True)
class Settings:
    """What can be chosen about the service.

    Attributes:
        title: what the student calls VS Code.
        timeout: seconds in which code-server has to answer.
        runtime: where the sockets' folders are made; None: where such things are made here.
        prestart: whether code-server is started without anybody asking.
    """

    title: str = "VS Code"
    timeout: float = 60.0
    runtime: Path | None = None
    prestart: bool = False


class Service:
    """What the handlers work with.

    Args:
        launch: says what to run for a socket.
        settings: what was chosen.
        logger: gets code-server's output at debug level.
    """

    def __init__(
        self,
        launch: Launch,
        settings: Settings,
        logger: logging.Logger | logging.LoggerAdapter[Any],
    ) -> None:
        self.title = settings.title
        self.assets = Assets()
        self.traffic = Traffic()
        self.figures = Figures(self.traffic)
        self.process = CodeServerProcess(
            launch,
            timeout=settings.timeout,
            runtime=settings.runtime,
            observer=self.figures,
            logger=logger,
        )
        self._launch = launch
        self._prestart = settings.prestart
        self._upstream: Upstream | None = None
        self._rests = False
        self._preparing: asyncio.Task[None] | None = None

    def prepare(self) -> None:
        """Do, in the background, what makes the first start quick."""
        if self._prestart:
            self.process.request()
        else:
            self._preparing = asyncio.create_task(asyncio.to_thread(self._launch.prepare))

    def want(self, *, by_person: bool) -> Upstream | None:
        """Ask for code-server, which is started if it is not running. Never blocks.

        After somebody has stopped it only a person starts it again: the windows that are still
        open ask all the time.

        Returns:
            where it answers; None if it does not (yet).
        """
        if by_person:
            self._rests = False
        if not self._rests:
            self.process.request()
        return self._connected()

    async def stop(self) -> None:
        """End code-server until a person wants it again."""
        self._rests = True
        await self.process.stop()
        self._connected()

    async def start(self) -> None:
        """Start code-server because a person asks, whatever happened before."""
        self._rests = False
        await self.process.start()

    async def restart(self) -> None:
        """End code-server and start it anew."""
        self._rests = False
        await self.process.restart()

    async def close(self) -> None:
        """End everything, for good."""
        if self._preparing:
            await asyncio.wait({self._preparing})
        await self.assets.close()
        await self.process.close()
        self._connected()

    async def status(self) -> dict[str, Any]:
        """What the status API tells, in JSON's types: bytes, seconds, and times as ISO 8601."""
        process = self.process
        found = self._launch.executable
        now = datetime.now(timezone.utc)
        return {
            "state": process.state.value,
            "executable": str(found.path) if found else None,
            "version": self._launch.version,
            "pid": process.pid,
            "started": _iso(process.started),
            "uptime": (now - process.started).total_seconds() if process.started else None,
            "memory": await asyncio.to_thread(process.memory),
            "socket": str(process.socket) if process.socket else None,
            "last_activity": _iso(self.traffic.last_up),
            "failure": _described(process.failure),
            "log": list(process.log),
        }

    def _connected(self) -> Upstream | None:
        """The connections to the socket that answers now; those to another one are ended."""
        socket = self.process.socket
        if self._upstream and self._upstream.path != socket:
            self._upstream.close()
            self._upstream = None
        if socket and not self._upstream:
            self._upstream = Upstream(socket, self.traffic)
            if self._launch.executable:
                self.assets.use(find_root(self._launch.executable.path))
        return self._upstream


def _iso(time: datetime | None) -> str | None:
    return time.isoformat(timespec="milliseconds") if time else None


def _described(failure: Failure | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    return {
        "reason": failure.reason.value,
        "what": failure.what,
        "advice": failure.advice,
        "exit_status": failure.exit_status,
        "at": _iso(failure.at),
    }
