"""Runs the measurements, each on a server of its own."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import browser
from benchmarks.link import HOST
from benchmarks.measurements import Contender
from benchmarks.process import awaited
from benchmarks.runs import ERRORS, REST_SECONDS, failed, turns
from benchmarks.servers import running, settle, wake
from benchmarks.starting import BASE_URL

from . import pages
from .measurements import CONTENDERS, ROWS, Step
from .pyright import pyright

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from benchmarks.browser import Window
    from benchmarks.results import Results, Sample
    from benchmarks.servers import Server
    from benchmarks.starting import Setup

_NOTEBOOK, _PYTHON = "dice.ipynb", "temperature.py"
_LINES = "lines.ipynb"
_CELLS = {"ready": 'print("ready")', "lines": "for i in range(10000): print(i)", "empty": ""}

# A mistake that only a type checker finds.
_RIGHT, _WRONG = "CELSIUS.values()", "CELSIUS.valeus()"
_NAME, _ATTRIBUTE = "CELSIUS", "fromkeys"  # which is none of the words of the file

# The last line of each output.
_DICE_OUTPUT, _READY_OUTPUT, _LINES_OUTPUT = r"12 +\d+ #+\s*", "ready", r"9998\s*9999"

_NO_KERNELS = {"CodeServer.kernels": False}
_NO_LANGUAGES = {"CodeServer.languages": "[]"}
_CHECKER = "pyrefly"


@dataclass(frozen=True)
class Visit:
    """A step of a contender."""

    contender: Contender
    step: Step

    def __str__(self) -> str:
        """Returns the names of both."""
        return f"{self.contender.value}: {self.step.value}"


def visits(repeat: int, steps: Collection[Step]) -> list[Visit]:
    """Returns all visits; no server runs beside the one that is measured."""
    chosen = [who for who in Contender if any(who in CONTENDERS[step] for step in steps)]
    return [
        Visit(contender, step)
        for contender in turns(repeat, chosen)
        for step in steps
        if contender in CONTENDERS[step]
    ]


def write_files(workspace: Path) -> None:
    """Adds a notebook with much output, and a mistake to the Python file."""
    notebook = json.loads((workspace / _NOTEBOOK).read_text(encoding="utf-8"))
    *_, cell = notebook["cells"]
    cells = [{**cell, "id": name, "source": source} for name, source in _CELLS.items()]
    (workspace / _LINES).write_text(json.dumps({**notebook, "cells": cells}), encoding="utf-8")
    file = workspace / _PYTHON
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(_RIGHT, _WRONG), encoding="utf-8")


@dataclass(frozen=True)
class Classroom:
    """Measures."""

    setup: Setup
    node: Path  # code-server's own
    chromium: str

    def take(self, visit: Visit, results: Results) -> None:
        """Adds the samples of a visit, or the reasons why there are none, to the results."""
        measure = {
            Step.FIRST_CELL: self._first_cell,
            Step.LINES: self._lines,
            Step.PYTHON: self._python,
            Step.KERNELS_MEMORY: self._kernels_memory,
            Step.PYTHON_MEMORY: self._python_memory,
        }[visit.step]
        try:
            samples = measure(visit.contender)
        except ERRORS as error:
            samples = failed(ROWS, visit.step, error)
        for key, sample in samples:
            results.add(key, visit.contender, sample)

    def _first_cell(self, contender: Contender) -> list[tuple[str, Sample]]:
        """Runs the notebook as soon as that is possible; the kernel is not running yet."""
        with self._window(contender) as (server, window):
            opened = time.perf_counter()
            clicked = pages.run_all(window, _open_notebook(window, server, contender, _NOTEBOOK))
            shown = pages.await_output(window, _DICE_OUTPUT)
            return [("first-cell", shown - clicked), ("first-cell-page", shown - opened)]

    def _lines(self, contender: Contender) -> list[tuple[str, Sample]]:
        """Prints many lines; the kernel is idle before."""
        with self._window(contender) as (server, window):
            pages.select_first(window, _open_notebook(window, server, contender, _LINES))
            pages.run_next(window)
            pages.await_output(window, _READY_OUTPUT)
            settle(server)
            pressed = pages.run_next(window)
            return [("lines", pages.await_output(window, _LINES_OUTPUT) - pressed)]

    def _python(self, contender: Contender) -> list[tuple[str, Sample]]:
        """Opens a file with an error in it, and completes a name."""
        with self._window(contender) as (server, window):
            _open_workspace(window, server, self._files)
            opened = pages.open_file(window, _PYTHON)
            diagnostic = pages.await_error(window) - opened
            settle(server)
            completion = pages.completion(window, _NAME, _ATTRIBUTE)
            return [("diagnostic", diagnostic), ("completion", completion)]

    def _kernels_memory(self, contender: Contender) -> list[tuple[str, Sample]]:
        """Measures code-server with a notebook open, with and without kernels."""
        options = {**_NO_LANGUAGES, **({} if contender is Contender.OURS else _NO_KERNELS)}
        with self._window(contender, options) as (server, window):
            application = _open_notebook(window, server, contender, _NOTEBOOK)
            window.click(application.first_cell)
            if contender is Contender.OURS:
                awaited(lambda: _is_connected(server), server.process, tick=0.1)
            return [("kernels-memory", _at_rest(server))]

    def _python_memory(self, contender: Contender) -> list[tuple[str, Sample]]:
        """Measures code-server with a Python file open: with languages, without, and Pyright."""
        options = {} if contender is Contender.OURS else _NO_LANGUAGES
        with self._window(contender, options) as (server, window):
            _open_workspace(window, server, self._files)
            pages.open_file(window, _PYTHON)
            if contender is Contender.PYRIGHT:
                # Beside code-server, as both run on its node and share that in memory.
                with pyright(self.node, self.setup.workspace / _PYTHON) as checker:
                    editor, memory = _at_rest(server), checker.memory()
                return [("python-memory", editor + memory), ("checker-memory", memory)]
            if contender is Contender.OFF:
                return [("python-memory", _at_rest(server))]
            pages.await_error(window)
            editor = _at_rest(server)
            return [("python-memory", editor), ("checker-memory", server.editor_memory(_CHECKER))]

    @contextmanager
    def _window(
        self, contender: Contender, options: Mapping[str, object] | None = None
    ) -> Iterator[tuple[Server, Window]]:
        """Opens an empty window, logged in to a server at rest; code-server runs already."""
        is_ours = contender is not Contender.JUPYTERLAB
        with (
            self._workspace() as setup,
            running(setup, Contender.OURS, options or {}, extension=is_ours) as server,
            browser.window(self.chromium) as window,
        ):
            if is_ours:
                wake(server)
            window.login(server, server.port)
            settle(server)
            yield server, window

    @contextmanager
    def _workspace(self) -> Iterator[Setup]:
        """Copies the workspace, because notebooks save their outputs."""
        with TemporaryDirectory(prefix="benchmark-") as folder:
            workspace = Path(folder, "workspace")
            shutil.copytree(self.setup.workspace, workspace)
            yield replace(self.setup, workspace=workspace)

    @property
    def _files(self) -> list[str]:
        return sorted(file.name for file in self.setup.workspace.iterdir())


def _open_notebook(
    window: Window, server: Server, contender: Contender, name: str
) -> pages.Application:
    application = pages.JUPYTERLAB if contender is Contender.JUPYTERLAB else pages.VSCODE
    window.go(server.port, f"{application.path}{name}")
    return application


def _open_workspace(window: Window, server: Server, files: list[str]) -> None:
    window.open(server, server.port, files, time.perf_counter())
    settle(server)


def _is_connected(server: Server) -> bool:
    """Whether the notebook's kernel is idle, and something is connected to it."""
    with server.session() as session:
        answer = session.get(f"http://{HOST}:{server.port}{BASE_URL}api/kernels", timeout=60)
    answer.raise_for_status()
    return any(
        kernel["execution_state"] == "idle" and kernel["connections"] for kernel in answer.json()
    )


def _at_rest(server: Server) -> int:
    """Returns the memory of code-server once its extensions have come to rest."""
    time.sleep(REST_SECONDS)
    settle(server)
    return server.editor_memory()
