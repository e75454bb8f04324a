"""Runs the measurements: who comes when, and what is done to whom."""

from __future__ import annotations

import statistics
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil
import requests
from websockets.exceptions import WebSocketException

from . import browser, load
from .application import application
from .errors import MeasurementError
from .link import LinkProcess, link_to
from .measurements import LINKS, ROWS, SLOW, Contender, Step, contenders
from .servers import Server, running, settle, wake

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from .results import Results, Sample
    from .servers import Setup

_LOAD_SECONDS = 7.0
_DOWNLOAD = 1 << 30  # bytes
_FETCHES = 5
_STARTS = 7
_LAB_LOADS = 3

_QUIET_SECONDS = 2.0
_QUIET_BYTES = 20_000  # what an idle VS Code says in that time is less
_LONGEST_UNQUIET = 90.0  # seconds
_REST_SECONDS = 20.0  # extensions start one after the other
_TICK = 0.02  # seconds between two looks at memory

_ERRORS = (
    MeasurementError,
    OSError,
    WebSocketException,
    psutil.Error,
    requests.RequestException,
)

# What shares a server: loads first, so that they meet it as a student does. The download has one
# of its own, as memory that was used before would hide what it takes.
_GROUPS = (
    (Step.IDLE,),
    (Step.LAB,),
    (Step.COLD,),
    (Step.WINDOW,),
    (Step.DOWNLOAD,),
    (*LINKS, Step.IDLED, Step.ASSET, Step.REQUESTS, Step.WEBSOCKET),
)


@dataclass(frozen=True)
class Visit:
    """A new server of a contender, and what is measured with it, in this order."""

    contender: Contender
    steps: tuple[Step, ...]


def visits(repeat: int, chosen: Sequence[Contender], steps: Collection[Step]) -> list[Visit]:
    """All of them; in each round another contender comes first.

    So a machine that becomes slower, or warmer, does so for all alike; and no server runs beside
    the one that is measured.
    """
    result = []
    for number in range(repeat):
        first = number % len(chosen)
        for contender in (*chosen[first:], *chosen[:first]):
            for group in _GROUPS:
                todo = tuple(it for it in group if it in steps and contender in contenders(it))
                if todo:
                    result.append(Visit(contender, todo))
    return result


@dataclass(frozen=True)
class Bench:
    """Measures.

    Attributes:
        setup: what the servers have in common.
        chromium: the browser's executable.
    """

    setup: Setup
    chromium: str

    def take(self, visit: Visit, results: Results) -> None:
        """Add what a visit gives, or why it does not, to the results."""
        try:
            for key, sample in self._visit(visit):
                results.add(key, visit.contender, sample)
        except _ERRORS as error:  # the server itself
            for step in visit.steps:
                for key, sample in _failed(step, error):
                    results.add(key, visit.contender, sample)

    def _visit(self, visit: Visit) -> list[tuple[str, Sample]]:
        if visit.steps == (Step.IDLE,):
            return self._idle(visit.contender)
        if visit.steps == (Step.LAB,):
            return self._lab(visit.contender)
        if visit.steps == (Step.COLD,):
            return self._cold(visit.contender)
        if visit.steps == (Step.WINDOW,):
            return self._window(visit.contender)
        return self._warm(visit)

    def _idle(self, contender: Contender) -> list[tuple[str, Sample]]:
        """Both are the same server but for our extension; the least disturbed start counts."""
        extension = contender is Contender.OURS
        starts, sizes = [], []
        for _ in range(_STARTS):
            with running(self.setup, Contender.OURS, extension=extension) as server:
                settle(server)
                starts.append(server.started_in)
                sizes.append(server.memory())
        return [("start", min(starts)), ("memory", statistics.median(sizes))]

    def _lab(self, contender: Contender) -> list[tuple[str, Sample]]:
        """JupyterLab's own load with an empty cache; the least disturbed one counts."""
        extension = contender is Contender.OURS
        loads = []
        with running(self.setup, Contender.OURS, extension=extension) as server:
            for _ in range(_LAB_LOADS):
                with browser.window(self.chromium) as window:
                    window.login(server, server.port)
                    settle(server)
                    loads.append(window.open_jupyterlab(server.port))
        return [("lab", min(loads))]

    def _cold(self, contender: Contender) -> list[tuple[str, Sample]]:
        """Behind Jupyter the click starts code-server; by itself, somebody does and then clicks."""
        with browser.window(self.chromium) as window, ExitStack() as stack:
            clicked = time.perf_counter()
            server = stack.enter_context(running(self.setup, contender))
            if contender is not Contender.DIRECT:
                window.login(server, server.port)
                settle(server)
                clicked = time.perf_counter()
            opened = window.open(server, server.port, self._files, clicked)
            return [("cold-page", opened.page), ("cold-ready", opened.ready)]

    def _window(self, contender: Contender) -> list[tuple[str, Sample]]:
        """The first window of a student, once it has come to rest."""
        with (
            running(self.setup, contender) as server,
            browser.window(self.chromium) as window,
        ):
            wake(server)
            window.login(server, server.port)
            window.open(server, server.port, self._files, time.perf_counter())
            time.sleep(_REST_SECONDS)
            settle(server)
            return [("window-memory", server.editor_memory())]

    def _warm(self, visit: Visit) -> list[tuple[str, Sample]]:
        result: list[tuple[str, Sample]] = []
        with running(self.setup, visit.contender) as server, application() as port:
            asset = "" if visit.contender is Contender.JUPYTER else wake(server)
            if LINKS.keys() & set(visit.steps):
                self._load(server, Step.LOOPBACK)  # a server that has been used before
            for step in visit.steps:
                settle(server)
                try:
                    result += self._step(step, server, asset, port)
                except _ERRORS as error:
                    result += _failed(step, error)
        return result

    def _step(self, step: Step, server: Server, asset: str, port: int) -> list[tuple[str, Sample]]:
        if step in LINKS:
            return self._load(server, step)
        if step is Step.IDLED:
            return [("load-idled", self._open_after_idling(server))]
        if step is Step.ASSET:
            where = server.destination(asset, **{"Accept-Encoding": "br"})
            taken = load.measured("fetch", where, _FETCHES)
            return [("asset-total", taken["total"]), ("asset-first", taken["first byte"])]
        if step is Step.REQUESTS:
            where = server.destination("healthz" if asset else "")
            return [("requests", load.measured("requests", where, _LOAD_SECONDS)["rate"])]
        if step is Step.WEBSOCKET:
            where = server.destination(f"proxy/{port}/echo")
            taken = load.measured("messages", where, _LOAD_SECONDS)
            return [("messages", taken["rate"]), ("round-trip", taken["round trip"])]
        return _download(server, port)

    def _load(self, server: Server, step: Step) -> list[tuple[str, Sample]]:
        profile = LINKS[step]
        if profile is None:
            return [(f"load-{step.value}", self._open(server, server.port).ready)]
        with (
            link_to(server.port, profile) as link,
            browser.window(self.chromium) as window,
        ):
            window.login(server, link.port)
            before = link.traffic.total
            opened = window.open(server, link.port, self._files, time.perf_counter())
            at_ready = link.traffic.total - before
            in_all = _when_quiet(link) - before
        return [
            (f"load-{step.value}", opened.ready),
            (f"bytes-{step.value}", in_all),
            (f"ready-bytes-{step.value}", at_ready),
        ]

    def _open_after_idling(self, server: Server) -> float:
        """JupyterLab comes first, and is left alone until nothing passes any more."""
        with (
            link_to(server.port, SLOW) as link,
            browser.window(self.chromium) as window,
        ):
            window.login(server, link.port)
            window.open_jupyterlab(link.port)
            _when_quiet(link)
            return window.open(server, link.port, self._files, time.perf_counter()).ready

    def _open(self, server: Server, port: int) -> browser.Load:
        with browser.window(self.chromium) as window:
            window.login(server, port)
            return window.open(server, port, self._files, time.perf_counter())

    @property
    def _files(self) -> list[str]:
        return sorted(file.name for file in self.setup.workspace.iterdir())


def _failed(step: Step, error: Exception) -> list[tuple[str, Sample]]:
    why = str(error).partition("\n")[0] or type(error).__name__
    return [(row.key, why) for row in ROWS if row.step is step]


def _when_quiet(link: LinkProcess) -> int:
    """Bytes that have passed once hardly any more do."""
    deadline = time.monotonic() + _LONGEST_UNQUIET
    before = link.traffic.total
    while time.monotonic() < deadline:
        time.sleep(_QUIET_SECONDS)
        now = link.traffic.total
        if now - before < _QUIET_BYTES:
            return now
        before = now
    raise MeasurementError(f"still loading after {_LONGEST_UNQUIET:.0f} s")


def _download(server: Server, port: int) -> list[tuple[str, Sample]]:
    rate: Sample
    with _watched(server.process) as growth:
        try:
            where = server.destination(f"proxy/{port}/stream/{_DOWNLOAD}")
            rate = load.measured("download", where, _DOWNLOAD)["rate"]
        except MeasurementError as error:
            rate = str(error)
    result: list[tuple[str, Sample]] = [("download", rate)]
    return [*result, ("download-memory", growth())] if server.token else result


@contextmanager
def _watched(process: psutil.Process) -> Iterator[Callable[[], int]]:
    """Looks at a process's resident memory; gives by how many bytes it grew at most."""
    before = peak = process.memory_info().rss
    ended = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(_TICK):
            peak = max(peak, process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield lambda: peak - before
    finally:
        ended.set()
        thread.join()
