"""`python -m z2jh.check`: what it prints, and the status it ends with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.z2jh.check.test_slips import put
from z2jh.check.__main__ import main
from z2jh.check.rendering import chart
from z2jh.cluster.__main__ import main as cluster

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]


def test_the_command_answers_a_person_and_a_machine(
    chart_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status 0 and what was checked; the same as JSON."""
    monkeypatch.setenv("Z2JH_CHART", str(chart_folder))
    assert main(["prod", "exams"]) == 0
    said = capsys.readouterr().out
    assert said == "1 combination(s) of layers, chart 4.4.0: nothing is wrong\n"
    assert main(["prod", "--json", "--no-render"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == {"layers": ["prod"], "chart": "4.4.0", "not_checked": "", "problems": []}


def test_the_command_tells_problems_and_a_wrong_use(
    folder: Path,
    chart_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Status 1 for values, 2 for what cannot be checked; nothing but lines."""
    put(folder, "prod.yaml", "hub: {existingSecret: null}")
    monkeypatch.setenv("Z2JH_CHART", str(chart_folder))
    assert main(["prod", "--values", str(folder)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"{folder / 'prod.yaml'}:")
    assert said[1] == "1 combination(s) of layers, chart 4.4.0: 1 problem(s)"
    monkeypatch.setenv("Z2JH_CHART", str(chart_folder.parent))
    assert main(["prod"]) == 2
    assert "no chart: a folder with a Chart.yaml in it" in capsys.readouterr().err
    assert main(["prodd"]) == 2
    assert capsys.readouterr().err == (
        "hub-check: no environment 'prodd': staging or prod; did you mean 'prod'?\n"
    )


@pytest.mark.parametrize("program", [main, cluster])
def test_a_wrong_use_is_told_to_a_machine_as_well(
    program: Callable[[list[str]], int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One JSON object with the status."""
    assert program(["prod", "--values", str(tmp_path / "nowhere"), "--json"]) == 3
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["exit_code"] == 3
    assert told["message"] in said.err


@pytest.mark.parametrize(
    "command",
    [
        ["z2jh.check", "prod", "--no-render"],
        ["z2jh.check", "--help"],
        ["z2jh.cluster", "prod", "--all"],
        ["z2jh.deploy", "--help"],
    ],
)
def test_a_reader_that_has_seen_enough_hears_no_complaint(command: list[str]) -> None:
    """As with `| head`: the program ends as others do, and says nothing of a broken pipe."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE,
        text=True, check=False,
    )  # fmt: skip
    os.close(writing)
    assert "pipe" not in done.stderr.lower()
    assert done.returncode in {0, 141}


def test_a_chart_that_does_not_fit_is_told_by_the_command(
    chart_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Status 1 and one line."""
    other = shutil.copytree(chart_folder, tmp_path / "jupyterhub")
    about = yaml.safe_load(other.joinpath("Chart.yaml").read_text())
    other.joinpath("Chart.yaml").write_text(yaml.safe_dump({**about, "version": "3.3.8"}))
    monkeypatch.setenv("Z2JH_CHART", str(other))
    assert main([]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "has version 3.3.8, z2jh/chart.yaml has 4.4.0" in lines[0]
    assert lines[-1].endswith("chart 3.3.8: 1 problem(s)")


def test_without_a_chart_that_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The rules are checked, and what is not is named; --need-chart makes it a failure."""
    monkeypatch.delenv("Z2JH_CHART", raising=False)
    monkeypatch.setattr(chart, "CACHE", tmp_path)
    assert main([]) == 0
    said = capsys.readouterr().out
    assert "not checked: the chart's schema and what it renders" in said
    assert "no chart: nothing is wrong" in said
    assert main(["prod", "--json"]) == 0
    assert "is not at hand" in json.loads(capsys.readouterr().out)["not_checked"]
    assert main(["--need-chart"]) == 2
    assert "`make hub-chart` has helm fetch it" in capsys.readouterr().err
