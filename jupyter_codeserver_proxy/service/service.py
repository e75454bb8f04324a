"""The one code-server of a Jupyter server: its process, its connections, its use."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_codeserver_proxy.activity.judgement import Observation
from jupyter_codeserver_proxy.activity.monitor import Monitor
from jupyter_codeserver_proxy.activity.reports import read
from jupyter_codeserver_proxy.assets.answers import Assets
from jupyter_codeserver_proxy.failure import CannotStart
from jupyter_codeserver_proxy.forwarding.traffic import Traffic
from jupyter_codeserver_proxy.forwarding.upstream import Upstream
from jupyter_codeserver_proxy.kernels.kernels_socket import kernels_socket
from jupyter_codeserver_proxy.supervision.observer import Observer, State
from jupyter_codeserver_proxy.supervision.process import CodeServerProcess
from jupyter_codeserver_proxy.supervision.process_table import ProcessFamily
from jupyter_codeserver_proxy.system.daemon_threads import DaemonThreads, HangingError

from .launch import reports_folder
from .metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from jupyter_codeserver_proxy.activity.judgement import Activity
    from jupyter_codeserver_proxy.activity.reports import Report
    from jupyter_codeserver_proxy.config.settings import Settings
    from jupyter_codeserver_proxy.failure import Failure
    from jupyter_codeserver_proxy.kernels.kernels_socket import KernelsSocket
    from jupyter_codeserver_proxy.supervision.child import Command

    from .launch import Launch, Launcher, Program

_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")

_READ_TIMEOUT = 2.0  # seconds for a read of the kernel's tables or of the runtime folder's disk
_FIND_TIMEOUT = 60.0  # seconds to find code-server, whose program may have to be asked
_FAREWELL = 3.0  # seconds for such a question that is under way when Jupyter ends


class Service(Observer):
    """The code-server that the handlers work with.

    Args:
        launcher: prepares each start.
        settings: the values of the options.
        logger: gets code-server's output at debug level.
        record_activity: called again and again with the time of the last use.
        kernels: serves Jupyter's kernels to VS Code; None: VS Code has none.
    """

    def __init__(
        self,
        launcher: Launcher,
        settings: Settings,
        logger: logging.Logger | logging.LoggerAdapter[Any],
        record_activity: Callable[[datetime], None],
        kernels: KernelsSocket | None = None,
    ) -> None:
        self.title = settings.start.title
        self.sandboxed_applications = settings.sandboxed_applications
        self.assets = Assets()
        self.traffic = Traffic()
        self.upstream: Upstream | None = None
        """The connections to code-server; None unless it is ready."""
        self.metrics = Metrics(self.traffic)
        self.process = CodeServerProcess(
            self._prepare_start,
            settings.process,
            observers=(self.metrics, self),
            logger=logger,
        )
        self._launcher = launcher
        self._kernels = kernels
        self._settings = settings
        self._record_activity = record_activity
        self._monitor = Monitor(
            self._observe, timedelta(seconds=settings.job_limit), self._act_on_activity
        )
        self._program: Program | None = None
        self._launch: Launch | None = None
        self._visited: datetime | None = None
        self._windows_since: datetime | None = None
        self._needs_person = False
        self._was_idle = False
        self._readers = DaemonThreads(2)
        self._finders = DaemonThreads(2)
        self._launchers = DaemonThreads(2)
        self._finding: asyncio.Task[None] | None = None
        self._monitoring: asyncio.Task[None] | None = None

    @property
    def defaults(self) -> Mapping[str, Any]:
        """The default settings for VS Code's page."""
        return self._launch.defaults if self._launch else {}

    @property
    def note(self) -> str:
        """A sentence for a student who waits for a start; may be empty."""
        if failure := self.process.failure:
            return f"{failure.what} It is started again."
        if not self._was_idle:
            return ""
        minutes = max(1, round(self._settings.idle_timeout / 60))
        return (
            f"It had been stopped to free memory, after {minutes} "
            f"minute{'s' if minutes > 1 else ''} without use. Unsaved changes are kept."
        )

    def prepare(self) -> None:
        """Prepares the first start in the background, and begins to monitor activity."""
        self._monitoring = asyncio.create_task(self._monitor.run())
        if self._settings.prestart:
            self.process.request()
        else:
            self._finding = asyncio.create_task(self._find())

    async def _find(self) -> None:
        with suppress(OSError, CannotStart):  # a start will report it
            self._program = await self._finders.run(self._launcher.find, patience=_FIND_TIMEOUT)

    async def _prepare_start(self, socket: Path) -> Command:
        if self._kernels:
            await self._kernels.open(kernels_socket(socket))
        self._launch = await self._launchers.run(
            self._launcher.launch, socket, patience=self._settings.process.timeout
        )
        self._program = self._launch.program
        return self._launch.command

    def became_ready(self, socket: Path, seconds: float) -> None:  # noqa: ARG002 -- the interface
        """Connects to code-server, and serves the assets of its installation."""
        self.upstream = Upstream(socket, self.traffic)
        self._was_idle = False
        self.assets.use(self._program.root if self._program else None)

    def ended(self) -> None:
        """Closes the connections to code-server."""
        if self.upstream:
            self.upstream.close()
            self.upstream = None

    def request(self, *, by_person: bool) -> Upstream | None:
        """Requests code-server, which starts it if it is stopped. Never blocks.

        After a stop only a person starts code-server again, as open windows send requests all the
        time.

        Returns:
            the connections to code-server; None if it is not ready.
        """
        if by_person:
            self._needs_person = False
            self._visited = datetime.now(timezone.utc)
            # Pooled connections outlive the socket for a while. A page must not begin with them.
            if self.process.has_lost_socket():
                return None
        if not self._needs_person:
            self.process.request()
        return self.upstream

    async def stop(self) -> None:
        """Ends code-server until a person requests it again."""
        self._needs_person = True
        await self.process.stop()

    async def start(self) -> None:
        """Starts code-server because a person asks, whatever happened before."""
        self._needs_person = False
        await self.process.start()

    async def restart(self) -> None:
        """Ends code-server and starts it anew."""
        self._needs_person = False
        await self.process.restart()

    async def close(self) -> None:
        """Ends everything for good."""
        if self._monitoring:
            self._monitoring.cancel()
            await asyncio.wait({self._monitoring})
        if self._finding:
            await asyncio.wait({self._finding}, timeout=_FAREWELL)
            self._finding.cancel()
        await self.assets.close()
        await self.process.close()
        if self._kernels:
            await self._kernels.close()

    async def prefetchable(self) -> list[str]:
        """Returns paths of assets that a browser may prefetch; starts nothing."""
        if not self._settings.prefetch:
            return []
        with suppress(HangingError):
            if not self.upstream:
                find = self._launcher.installation
                self.assets.offer(await self._finders.run(find, patience=_READ_TIMEOUT))
            return await self.assets.prefetchable()
        return []

    async def status(self) -> dict[str, Any]:
        """Returns the status in JSON's types: bytes, seconds, and times as ISO 8601."""
        process, program = self.process, self._program
        family = await self._family()
        activity = self._monitor.judge(await self._observation(family))
        now = datetime.now(timezone.utc)
        return {
            "state": process.state.value,
            "executable": str(program.path) if program else None,
            "version": program.version if program else None,
            "pid": process.pid,
            "started": _iso(process.started),
            "uptime": (now - process.started).total_seconds() if process.started else None,
            "memory": await self._read(family.memory, otherwise=None),
            "socket": str(process.socket) if process.socket else None,
            "last_activity": _iso(activity.last),
            "activity": activity.why,
            "failure": _json(process.failure),
            "log": list(process.log),
        }

    async def _observe(self) -> Observation:
        """Observes VS Code for the monitor, and remembers since when windows have been open."""
        seen = await self._observation(await self._family())
        self._windows_since = seen.windows_since
        return seen

    async def _observation(self, family: ProcessFamily) -> Observation:
        reports: tuple[Report, ...] = ()
        if socket := self.process.socket:
            reports = await self._read(partial(read, reports_folder(socket)), otherwise=reports)
        has_window = self.upstream is not None and self.upstream.has_window()
        now = datetime.now(timezone.utc)
        return Observation(
            visited=self._visited,
            reports=reports,
            has_terminal_job=socket is not None and family.has_terminal_job(),
            windows_since=(self._windows_since or now) if has_window else None,
            traffic=self.traffic.last_up,
        )

    async def _family(self) -> ProcessFamily:
        return await self._read(self.process.family, otherwise=ProcessFamily())

    async def _read(self, function: Callable[[], _Result], *, otherwise: _Result) -> _Result:
        try:
            return await self._readers.run(function, patience=_READ_TIMEOUT)
        except HangingError:
            return otherwise

    async def _act_on_activity(self, activity: Activity) -> None:
        """Tells Jupyter about the last use, and stops a code-server that has been idle too long."""
        if activity.last:
            self._record_activity(activity.last)
        limit, started = self._settings.idle_timeout, self.process.started
        if not limit or self.process.state is not State.READY or not started:
            return
        idle = datetime.now(timezone.utc) - max(activity.last or started, started)
        if idle > timedelta(seconds=limit):
            _log.info("Stopping code-server after %d s without use", idle.total_seconds())
            self._was_idle = True
            await self.stop()


def _iso(time: datetime | None) -> str | None:
    return time.isoformat(timespec="milliseconds") if time else None


def _json(failure: Failure | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    return {
        "reason": failure.reason.value,
        "what": failure.what,
        "advice": failure.advice,
        "exit_status": failure.exit_status,
        "at": _iso(failure.at),
    }
