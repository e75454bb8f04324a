"""The output and exit codes of the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.z2jh.prescale.conftest import SCHEDULE
from z2jh.prescale.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from z2jh.prescale.commands.files import Files

ROOT = Path(__file__).parents[3]
WHEN = ["--from", "2026-11-23"]


def given(files: Files) -> list[str]:
    """Returns the options that name the files."""
    return ["--schedule", str(files.schedule), "--values", str(files.values[0])]


def test_plan_shows_why(files: Callable[..., Files], capsys: pytest.CaptureFixture[str]) -> None:
    """`plan` prints capacity, changes with reasons, and the week's cost."""
    assert main(["plan", *given(files()), *WHEN]) == 0
    out = capsys.readouterr().out
    assert "Pool 'students': 28 students a node, bound by memory" in out
    assert "0 -> 8" in out
    assert "Databases at Mon 10:15: 200 students" in out
    assert "Week of 2026-11-23: 25.6 node hours" in out


def test_plan_for_machines(files: Callable[..., Files], capsys: pytest.CaptureFixture[str]) -> None:
    """`plan --json` prints one object, with times in the schedule's zone."""
    assert main(["plan", *given(files()), *WHEN, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["changes"][0]["at"] == "2026-11-23T09:53:20+01:00"
    assert data["capacity"]["students"]["seats"] == 28
    assert data["held"][0]["students"] == 200


@pytest.mark.parametrize(
    ("options", "count"),
    [
        pytest.param(["--week", "2026-11-25"], 2, id="a week"),
        pytest.param(["--from", "2026-11-23T10:00", "--for", "1h"], 0, id="an hour"),
        pytest.param(["--from", "2026-11-23", "--for", "14d"], 4, id="two weeks"),
        pytest.param(["--term", "short"], 6, id="a term"),
    ],
)
def test_any_time_can_be_planned(
    files: Callable[..., Files],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    count: int,
) -> None:
    """`plan` takes a start and a length, a week or a term; the class is on Mondays."""
    found = files(f"{SCHEDULE}terms: {{short: {{first: 2026-11-09, last: 2026-11-23}}}}\n")
    assert main(["plan", *given(found), *options, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["changes"]) == count


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["--from", "soon"], "'soon' is no time", id="time"),
        pytest.param(["--for", "x"], "'x' is no duration", id="length"),
        pytest.param(["--for", "0m"], "up to 400 days", id="no length"),
        pytest.param(["--week", "2026-11-23", "--from", "2026-11-23"], "exclude", id="both"),
        pytest.param(["--term", "autumn"], "there is no 'autumn' in the schedule", id="term"),
        pytest.param(["--from", "0001-01-01"], "'0001-01-01' is no time", id="year"),
        pytest.param(["--plot", "plan.xyz"], "plan.xyz cannot be drawn", id="format"),
    ],
)
def test_a_wrong_argument_is_told(
    files: Callable[..., Files],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    """A wrong argument is reported in one line, with exit code 2."""
    assert main(["plan", *given(files()), *options]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert len(err.splitlines()) == 1


def test_a_wrong_option_is_told_to_a_machine_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` reports errors of the parser, too."""
    assert main(["plan", "--no-such-option", "--json"]) == 2
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert (told["error"], told["exit_code"]) == ("UsageError", 2)
    assert told["message"] in said.err


def test_a_bad_schedule_has_its_exit_code(
    files: Callable[..., Files], capsys: pytest.CaptureFixture[str]
) -> None:
    """A bad schedule exits with 3, as text and as JSON."""
    found = files("timezone: Nowhere\n")
    assert main(["plan", *given(found)]) == 3
    assert capsys.readouterr().err.startswith(f"{found.schedule}:1: 'Nowhere' is no time zone; ")
    assert main(["plan", *given(found), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"] == "ScheduleError"


def test_a_missing_file_is_told(
    files: Callable[..., Files], capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing file is reported with its name."""
    found = files()
    found.schedule.unlink()
    assert main(["plan", *given(found)]) == 3
    assert f"{found.schedule}: cannot be read" in capsys.readouterr().err


def test_check_fails_above_the_cap(
    files: Callable[..., Files], capsys: pytest.CaptureFixture[str]
) -> None:
    """`plan --check` exits with 8 above the cap."""
    found = files(SCHEDULE + "budget: {hours: 20}\n")
    assert main(["plan", *given(found), *WHEN]) == 0
    assert main(["plan", *given(found), *WHEN, "--check"]) == 8
    assert "more than the cap of 20" in capsys.readouterr().out


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_a_plan_is_drawn(
    files: Callable[..., Files],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    suffix: str,
) -> None:
    """`plan --plot` writes the format of the file's suffix."""
    picture = tmp_path / f"plan{suffix}"
    assert main(["plan", *given(files()), *WHEN, "--plot", str(picture)]) == 0
    assert picture.read_bytes()[:5] in (b"<?xml", b"\x89PNG\r")
    assert capsys.readouterr().err == ""


def test_simulate_writes_a_report(
    files: Callable[..., Files], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`simulate` writes a report on the named policies."""
    page = tmp_path / "report.html"
    options = ["--policy", "prescale", "--policy", "always on", "--html", str(page)]
    assert main(["simulate", *given(files()), *WHEN, *options, "--set", "reclaimed=0"]) == 0
    out = capsys.readouterr().out
    assert "autoscaler alone" not in out
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["--policy", "magic"], "there is no 'magic'", id="policy"),
        pytest.param(["--set", "speed=3"], "there is no 'speed'", id="name"),
        pytest.param(["--set", "scan=x"], "'x' is no number", id="number"),
        pytest.param(["--set", "scan=0"], "scan cannot be 0", id="zero"),
        pytest.param(["--set", "server=nan"], "server cannot be nan", id="nan"),
    ],
)
def test_a_wrong_figure_is_told(
    files: Callable[..., Files],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    """A wrong argument is reported in one line, with exit code 2."""
    assert main(["simulate", *given(files()), *WHEN, *options]) == 2
    assert message in capsys.readouterr().err


def test_what_is_not_installed_is_told(files: Callable[..., Files]) -> None:
    """A missing library is reported with the command to install it; -S hides all libraries."""
    command = [sys.executable, "-S", "-m", "z2jh.prescale", "plan", *given(files())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "is missing: pip install -r" in line


def test_it_runs_as_a_module(files: Callable[..., Files]) -> None:
    """The module runs from the checkout, and accepts that the reader of its output goes away."""
    command = [sys.executable, "-m", "z2jh.prescale", "plan", *given(files()), *WHEN]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 0
