"""Runs the measurements: plans the visits to each contender, and measures."""

from __future__ import annotations

import statistics
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil
from websockets.exceptions import WebSocketException

from . import browser, load
from .application import application
from .errors import MeasurementError
from .link import LinkProcess, link_to
from .measurements import LINKS, ROWS, SLOW, Contender, Step, contenders
from .servers import Server, running, settle, wake

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from .measurements import Row
    from .results import Results, Sample
    from .starting import Setup

_LOAD_SECONDS = 7.0
_DOWNLOAD = 1 << 30  # bytes
_FETCHES = 5
_STARTS = 7
_LAB_LOADS = 3

_QUIET_SECONDS = 2.0
_QUIET_BYTES = 20_000  # more than an idle VS Code sends in that time
_QUIET_TIMEOUT = 90.0  # seconds
REST_SECONDS = 20.0  # extensions start one after the other
_TICK = 0.02  # seconds between two looks at memory

ERRORS = (MeasurementError, OSError, WebSocketException, psutil.Error)  # OSError: also requests'

# The steps that share a server: loads first, so that they meet it as a student does. The download
# has a server of its own, as memory that was used before would hide its growth.
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
    """A new server of a contender, and the steps that it serves, in their order."""

    contender: Contender
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        """Returns the names of the contender and the steps."""
        return f"{self.contender.value}: {' '.join(self.steps)}"


def turns(repeat: int, chosen: Sequence[Contender]) -> Iterator[Contender]:
    """Yields the contenders in rounds, each of which starts with another.

    So a machine that becomes slower, or warmer, does so for all alike.
    """
    for number in range(repeat):
        first = number % len(chosen)
        yield from (*chosen[first:], *chosen[:first])


def visits(repeat: int, chosen: Sequence[Contender], steps: Collection[Step]) -> list[Visit]:
    """Returns all visits; no server runs beside the one that is measured."""
    result = []
    for contender in turns(repeat, chosen):
        for group in _GROUPS:
            todo = [step for step in group if step in steps and contender in contenders(step)]
            if todo:
                result.append(Visit(contender, tuple(todo)))
    return result


@dataclass(frozen=True)
class Bench:
    """Measures."""

    setup: Setup
    chromium: str

    def take(self, visit: Visit, results: Results) -> None:
        """Adds the samples of a visit, or the reasons why there are none, to the results."""
        try:
            for key, sample in self._visit(visit):
                results.add(key, visit.contender, sample)
        except ERRORS as error:  # of the server itself
            for step in visit.steps:
                for key, sample in failed(ROWS, step, error):
                    results.add(key, visit.contender, sample)

    def _visit(self, visit: Visit) -> list[tuple[str, Sample]]:
        alone = {
            Step.IDLE: self._idle,
            Step.LAB: self._lab,
            Step.COLD: self._cold,
            Step.WINDOW: self._window,
        }
        measure = alone.get(visit.steps[0])
        return measure(visit.contender) if measure else self._warm(visit)

    def _idle(self, contender: Contender) -> list[tuple[str, Sample]]:
        """Measures a server with and without the server extension; the fastest start counts."""
        extension = contender is Contender.OURS
        starts, sizes = [], []
        for _ in range(_STARTS):
            with running(self.setup, Contender.OURS, extension=extension) as server:
                settle(server)
                starts.append(server.started_in)
                sizes.append(server.memory())
        return [("start", min(starts)), ("memory", statistics.median(sizes))]

    def _lab(self, contender: Contender) -> list[tuple[str, Sample]]:
        """Measures JupyterLab's own load with an empty cache; the fastest one counts."""
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
        """Measures a start: behind Jupyter by the click, of code-server by itself before it."""
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
        """Measures the memory of code-server once a student's first window has come to rest."""
        with running(self.setup, contender) as server, browser.window(self.chromium) as window:
            wake(server)
            window.login(server, server.port)
            window.open(server, server.port, self._files, time.perf_counter())
            time.sleep(REST_SECONDS)
            settle(server)
            return [("window-memory", server.editor_memory())]

    def _warm(self, visit: Visit) -> list[tuple[str, Sample]]:
        result: list[tuple[str, Sample]] = []
        with running(self.setup, visit.contender) as server, application() as port:
            asset = "" if visit.contender is Contender.JUPYTER else wake(server)
            if LINKS.keys() & set(visit.steps):
                self._load(server, Step.LOOPBACK)  # so that VS Code has been opened before
            for step in visit.steps:
                settle(server)
                try:
                    result += self._step(step, server, asset, port)
                except ERRORS as error:
                    result += failed(ROWS, step, error)
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
            with browser.window(self.chromium) as window:
                window.login(server, server.port)
                opened = window.open(server, server.port, self._files, time.perf_counter())
            return [(f"load-{step.value}", opened.ready)]
        with link_to(server.port, profile) as link, browser.window(self.chromium) as window:
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
        """Opens VS Code after JupyterLab has been open until no bytes passed any more."""
        with link_to(server.port, SLOW) as link, browser.window(self.chromium) as window:
            window.login(server, link.port)
            window.open_jupyterlab(link.port)
            _when_quiet(link)
            return window.open(server, link.port, self._files, time.perf_counter()).ready

    @property
    def _files(self) -> list[str]:
        return sorted(file.name for file in self.setup.workspace.iterdir())


def failed(rows: Iterable[Row], step: str, error: Exception) -> list[tuple[str, Sample]]:
    """Returns the reason why there are no figures, for each row of a step."""
    why = str(error).partition("\n")[0] or type(error).__name__
    return [(row.key, why) for row in rows if row.step == step]


def _when_quiet(link: LinkProcess) -> int:
    """Waits until hardly any bytes pass; returns how many have passed."""
    deadline = time.monotonic() + _QUIET_TIMEOUT
    before = link.traffic.total
    while time.monotonic() < deadline:
        time.sleep(_QUIET_SECONDS)
        now = link.traffic.total
        if now - before < _QUIET_BYTES:
            return now
        before = now
    raise MeasurementError(f"still loading after {_QUIET_TIMEOUT:.0f} s")


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
    """Watches a process's resident memory; yields a function that returns its growth in bytes."""
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
