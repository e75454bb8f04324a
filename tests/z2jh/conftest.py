"""Makes z2jh/ importable, and a chart that is the real one in all but its templates."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

    from z2jh.check.rendering.chart import Chart, Pin

CHECKOUT = Path(__file__).parents[2]
# z2jh/ belongs to the checkout and is not installed.
sys.path.append(str(CHECKOUT))

from z2jh.check.rendering import chart  # noqa: E402 -- the line above makes it importable
from z2jh.document import FastLoader  # noqa: E402 -- likewise

# `make hub-check` runs these, in an environment that has what they need.
if not (find_spec("kubespawner") and find_spec("kubernetes_validate")):
    collect_ignore = ["check", "cluster", "deploy", "hubvalues", "laptop"]

# The pinned chart's values.yaml and values.schema.yaml alone: beside the checkout, or named.
DATA = Path(os.environ.get("Z2JH_TEST_DATA", CHECKOUT.parent / "shared/data/z2jh-4.4.0"))
TEMPLATES = Path(__file__).with_name("chart")


@pytest.fixture(scope="session")
def pin() -> Pin:
    """What z2jh/chart.yaml says."""
    return chart.pin()


@pytest.fixture(scope="session")
def whole_chart(pin: Pin) -> Chart:
    """The real chart, where one was pulled or Z2JH_CHART names it."""
    try:
        return chart.read(chart.find(pin, os.environ.get("Z2JH_CHART", ""), chart.CACHE))
    except chart.NoChartError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def chart_folder(
    pin: Pin, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Path:
    """The real chart's schema and defaults with a few templates of our own, which helm renders."""
    folder = tmp_path_factory.mktemp("chart") / "jupyterhub"
    shutil.copytree(TEMPLATES, folder / "templates")
    if DATA.joinpath("values.schema.yaml").is_file():
        defaults = yaml.load((DATA / "values.yaml").read_text(), FastLoader)  # noqa: S506 -- safe
        schema = yaml.load((DATA / "values.schema.yaml").read_text(), FastLoader)  # noqa: S506 -- safe
    else:
        whole: Chart = request.getfixturevalue("whole_chart")
        defaults, schema = whole.defaults, whole.schema
    folder.joinpath("values.yaml").write_text(yaml.safe_dump(defaults))
    folder.joinpath("values.schema.json").write_text(json.dumps(schema))
    about = {"apiVersion": "v2", "name": pin.name, "version": pin.version}
    folder.joinpath("Chart.yaml").write_text(yaml.safe_dump(about | {"appVersion": pin.jupyterhub}))
    return folder


@pytest.fixture(scope="session")
def known_chart(chart_folder: Path) -> Chart:
    """The same, read."""
    return chart.read(chart_folder)


@dataclass(frozen=True)
class Done:
    """What a command did."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Terminal:
    """Runs our commands as a person at a terminal does, with programs that stand in for others."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    programs: Path

    def install(self, fake: Path, *names: str) -> None:
        """Put a script first on PATH under each name, which it is told as its first argument."""
        self.programs.mkdir()
        for name in names:
            program = self.programs / name
            program.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {fake} {name} "$@"\n')
            program.chmod(0o755)

    def run(
        self, main: Callable[[list[str]], int], *arguments: str, says: str = "", **variables: str
    ) -> Done:
        """Run a command in an environment; gives its status and what it printed."""
        self.capsys.readouterr()
        with self.monkeypatch.context() as patch:
            patch.setenv("PATH", f"{self.programs}{os.pathsep}{os.environ['PATH']}")
            patch.setenv("FAKE_STATE", str(self.programs.parent))
            for name, value in variables.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.StringIO(says))
            status = main(list(arguments))
        said = self.capsys.readouterr()
        return Done(status, said.out, said.err)


@pytest.fixture
def terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Terminal:
    """A terminal with no programs on it yet."""
    return Terminal(monkeypatch, capsys, tmp_path / "bin")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the values that a test may spoil."""
    return shutil.copytree(CHECKOUT / "z2jh/values", tmp_path / "values")
