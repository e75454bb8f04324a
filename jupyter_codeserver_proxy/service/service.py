"""The one code-server of a Jupyter server: its process, its connections, who uses it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_codeserver_proxy.activity.judgement import Observation
from jupyter_codeserver_proxy.activity.monitor import Monitor
from jupyter_codeserver_proxy.activity.reports import read
from jupyter_codeserver_proxy.assets.answers import Assets
from jupyter_codeserver_proxy.forwarding.upstream import Traffic, Upstream
from jupyter_codeserver_proxy.supervision.process import CodeServerProcess, State
from jupyter_codeserver_proxy.system.daemon_threads import DaemonThreads, HangingError

from .launch import reports_folder
from .metrics import Figures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from jupyter_codeserver_proxy.activity.judgement import Activity
    from jupyter_codeserver_proxy.activity.reports import Report
    from jupyter_codeserver_proxy.failure import Failure

    from .launch import Launch

_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")

_LOOK = 2.0  # seconds for a look at what the kernel keeps, or the disk of the runtime folder
_LEARN = 60.0  # seconds for one at the installation, which may have to be asked
_FAREWELL = 3.0  # seconds for such a question that is under way when Jupyter ends


@dataclass(frozen=True)
class Settings:
    """What can be chosen about the service.

    Attributes:
        title: what the student calls VS Code.
        timeout: seconds in which code-server has to answer.
        runtime: where the sockets' folders are made; None: where such things are made here.
        prestart: whether code-server is started without anybody asking.
        job_limit: seconds for which a running job counts after a person was last there.
        idle_timeout: seconds without use after which code-server is stopped; 0: never.
        prefetch: whether browsers fetch assets ahead of a click.
        sandboxed_applications: whether pages from a student's ports have an origin of their own.
    """

    title: str = "VS Code"
    timeout: float = 60.0
    runtime: Path | None = None
    prestart: bool = False
    job_limit: float = 4 * 3600.0
    idle_timeout: float = 0.0
    prefetch: bool = True
    sandboxed_applications: bool = False


class Service:
    """What the handlers work with.

    Args:
        launch: says what to run for a socket.
        settings: what was chosen.
        logger: gets code-server's output at debug level.
        in_use: told, again and again, when code-server was last in use.
    """

    def __init__(
        self,
        launch: Launch,
        settings: Settings,
        logger: logging.Logger | logging.LoggerAdapter[Any],
        in_use: Callable[[datetime], None],
    ) -> None:
        self.title = settings.title
        self.sandboxed_applications = settings.sandboxed_applications
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
        self._settings = settings
        self._in_use = in_use
        self._monitor = Monitor(
            self._observed, timedelta(seconds=settings.job_limit), self._conclude
        )
        self._visited: datetime | None = None
        self._windows_since: datetime | None = None
        self._upstream: Upstream | None = None
        self._rests = False
        self._is_idle = False
        self._looking = DaemonThreads(2)
        self._learning = DaemonThreads(2)
        self._preparing: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def defaults(self) -> Mapping[str, Any]:
        """The settings that VS Code's page starts with."""
        return self._launch.defaults

    @property
    def note(self) -> str:
        """What a student who waits for a start should know."""
        if failure := self.process.failure:
            return f"{failure.what} It is started again."
        if not self._is_idle:
            return ""
        minutes = max(1, round(self._settings.idle_timeout / 60))
        return (
            f"It had been stopped to free memory, after {minutes} "
            f"minute{'s' if minutes > 1 else ''} without use. Unsaved changes are kept."
        )

    def prepare(self) -> None:
        """Do, in the background, what makes the first start quick, and watch who uses it."""
        self._watching = asyncio.create_task(self._monitor.run())
        if self._settings.prestart:
            self.process.request()
        else:
            self._preparing = asyncio.create_task(self._prepare())

    async def _prepare(self) -> None:
        with suppress(OSError):  # a start will tell
            await self._learning.run(self._launch.prepare, patience=_LEARN)

    def want(self, *, by_person: bool) -> Upstream | None:
        """Ask for code-server, which is started if it is not running. Never blocks.

        After somebody has stopped it only a person starts it again: the windows that are still
        open ask all the time.

        Returns:
            where it answers; None if it does not (yet).
        """
        if by_person:
            self._rests = False
            self._visited = datetime.now(timezone.utc)
            # Pooled connections would go on for a while: a page is not to begin with them.
            if self.process.is_cut_off():
                return None
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
        if self._watching:
            self._watching.cancel()
            await asyncio.wait({self._watching})
        if self._preparing:
            await asyncio.wait({self._preparing}, timeout=_FAREWELL)
            self._preparing.cancel()
        await self.assets.close()
        await self.process.close()
        self._connected()

    async def ahead(self) -> list[str]:
        """Paths of assets that a browser may fetch ahead of a click; starts nothing."""
        if not self._settings.prefetch:
            return []
        with suppress(HangingError):
            if not self._connected():
                find = self._launch.installation
                self.assets.offer(await self._learning.run(find, patience=_LOOK))
            return await self.assets.prefetchable()
        return []

    async def status(self) -> dict[str, Any]:
        """What the status API tells, in JSON's types: bytes, seconds, and times as ISO 8601."""
        process = self.process
        found = self._launch.executable
        activity = await self._monitor.look()
        now = datetime.now(timezone.utc)
        return {
            "state": process.state.value,
            "executable": str(found.path) if found else None,
            "version": self._launch.version,
            "pid": process.pid,
            "started": _iso(process.started),
            "uptime": (now - process.started).total_seconds() if process.started else None,
            "memory": await self._look(process.memory, otherwise=None),
            "socket": str(process.socket) if process.socket else None,
            "last_activity": _iso(activity.last),
            "activity": activity.why,
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
            self._is_idle = False
            self.assets.use(self._launch.root)
        return self._upstream

    async def _observed(self) -> Observation:
        upstream, socket = self._connected(), self.process.socket
        if not (upstream and upstream.has_window()):
            self._windows_since = None
        elif not self._windows_since:
            self._windows_since = datetime.now(timezone.utc)
        reports: tuple[Report, ...] = ()
        has_terminal_job = False
        if socket:
            reports = await self._look(partial(read, reports_folder(socket)), otherwise=reports)
            has_terminal_job = await self._look(self.process.has_terminal_job, otherwise=False)
        return Observation(
            visited=self._visited,
            reports=reports,
            has_terminal_job=has_terminal_job,
            windows_since=self._windows_since,
            traffic=self.traffic.last_up,
        )

    async def _look(self, function: Callable[[], _Result], *, otherwise: _Result) -> _Result:
        try:
            return await self._looking.run(function, patience=_LOOK)
        except HangingError:
            return otherwise

    async def _conclude(self, activity: Activity) -> None:
        """Tell Jupyter, and stop a code-server that nobody has used for long enough."""
        if activity.last:
            self._in_use(activity.last)
        limit, started = self._settings.idle_timeout, self.process.started
        if not limit or self.process.state is not State.READY or not started:
            return
        idle = datetime.now(timezone.utc) - max(activity.last or started, started)
        if idle > timedelta(seconds=limit):
            _log.info("Stopping code-server after %d s without use", idle.total_seconds())
            self._is_idle = True
            await self.stop()


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
