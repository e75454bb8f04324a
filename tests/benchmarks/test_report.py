"""Results, targets and tables, from figures that the test makes up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks import report
from benchmarks.__main__ import main
from benchmarks.measurements import ROWS, Contender
from benchmarks.results import Results, Sample, from_json

if TYPE_CHECKING:
    from pathlib import Path

DIRECT, TCP, OURS = Contender.DIRECT, Contender.PEER_TCP, Contender.OURS


def results(row: str, **samples: list[Sample]) -> Results:
    """Results of one row; `peer_tcp` is the contender `peer-tcp`."""
    taken = {Contender(name.replace("_", "-")): list(them) for name, them in samples.items()}
    return Results({"Processor": "a test"}, {row: taken})


def met(found: Results) -> list[bool]:
    """Which targets are reached, in their order."""
    return [verdict.met for verdict in report.verdicts(found)]


@pytest.mark.parametrize(
    ("found", "reached"),
    [
        pytest.param(results("load-loopback", direct=[4.0], ours=[4.08]), [True], id="ratio"),
        pytest.param(results("load-loopback", direct=[4.0], ours=[4.09]), [False], id="too-slow"),
        pytest.param(results("requests", peer_tcp=[500], ours=[1750]), [True], id="rate"),
        pytest.param(results("requests", peer_tcp=[500], ours=[1749]), [False], id="too-few"),
        pytest.param(results("cold-page", ours=[0.1]), [True], id="itself"),
        pytest.param(results("cold-page", ours=[0.101]), [False], id="itself-too-slow"),
        pytest.param(results("start", jupyter=[0.9], ours=[1.0]), [True], id="difference"),
        pytest.param(results("start", jupyter=[0.9], ours=[1.01]), [False], id="too-much"),
        pytest.param(results("cold-page", ours=["no answer"]), [False], id="ours-fails"),
        pytest.param(
            results("load-loopback", direct=[4.0], ours=["lost"]), [False], id="ours-fails-beside"
        ),
        pytest.param(results("requests", peer_tcp=["599"], ours=[9]), [], id="theirs-fails"),
        pytest.param(results("requests", ours=[9]), [], id="theirs-not-measured"),
        pytest.param(results("requests", peer_tcp=[500]), [], id="ours-not-measured"),
        pytest.param(
            results("load-20mbit", direct=[6.0], peer_tcp=[9.0], peer_socket=[6.0], ours=[5.0]),
            [True, False, True],
            id="each-of-several",
        ),
    ],
)
def test_a_target_is_reached_or_missed(found: Results, reached: list[bool]) -> None:
    """Ratios, differences and plain limits include their limit; a failure reaches none."""
    assert met(found) == reached


@pytest.mark.parametrize(
    ("samples", "median"),
    [
        pytest.param([3.0, 1.0, 2.0], 2.0, id="odd"),
        pytest.param([1.0, 2.0], 1.5, id="even"),
        pytest.param([1.0, "lost", 2.0], 1.5, id="one-failed"),
        pytest.param(["lost", 2.0, "gone"], "gone", id="most-failed"),
        pytest.param([], None, id="none"),
    ],
)
def test_the_median_is_that_of_the_figures(samples: list[Sample], median: Sample | None) -> None:
    """Failures count only if they are the majority; then the last reason replaces the median."""
    assert results("requests", ours=samples).median("requests", OURS) == median


def test_a_missed_target_is_told_in_one_line() -> None:
    """The line has the value and the target."""
    (verdict,) = report.verdicts(results("load-loopback", direct=[4.0], ours=[5.0]))
    expected = "click to ready, loopback: 1.25, missed: ≤ 1.02 times code-server"
    assert str(verdict) == expected


def test_the_full_table_has_medians_spread_targets_and_what_was_reached() -> None:
    """Columns are those that were measured, rows likewise; a failure says why."""
    found = results("download", direct=[4e8, 2e8, 3e8], peer_tcp=["599 | Timeout"], ours=[2e8])
    row = (
        "| 1 GiB download (MB/s) | 300 (200 to 400) | fails: 599 / Timeout | 200 "
        "| ≥ 0.5 times code-server | 0.667 ✓ |"
    )
    assert report.full_table(found).splitlines() == [
        "|  | code-server itself | jupyter-vscode-proxy, TCP | ours | to reach | reached |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        row,
    ]


def test_the_short_table_has_what_a_person_decides_by() -> None:
    """It has medians alone, ours in bold, and the number of samples."""
    found = results("load-loopback", direct=[4.0, 4.2], peer_tcp=[4.1, 4.1], ours=[3.9, 3.9])
    found.add("messages", OURS, 40_000.0)
    table = report.short_table(found).splitlines()
    assert table[0].startswith("| median of 1 ")
    assert table[2:] == ["| click to ready, loopback (s) | 4.10 | 4.10 | **3.90** |"]


def test_results_come_back_from_json() -> None:
    """Everything is read back, except rows that no longer exist."""
    found = results("requests", direct=[1.0, "lost"], ours=[2.0])
    content = json.loads(json.dumps(found.as_json()))
    content["samples"]["bygone"] = {"ours": [1.0]}
    assert from_json(content) == found


def test_every_row_has_a_key_of_its_own() -> None:
    """No row's samples are taken for another's."""
    assert len({row.key for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize(
    ("ours", "arguments", "status"),
    [
        pytest.param(5.0, ["--check"], 1, id="missed"),
        pytest.param(5.0, [], 0, id="missed-unchecked"),
        pytest.param(4.0, ["--check"], 0, id="reached"),
        pytest.param(4.0, ["--short"], 0, id="short"),
    ],
)
def test_the_exit_status_tells_a_missed_target(
    ours: float,
    arguments: list[str],
    status: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is 1 with --check alone; standard error names missed targets in any case."""
    file = tmp_path / "results.json"
    found = results("load-loopback", direct=[4.0], ours=[ours])
    file.write_text(json.dumps(found.as_json()), encoding="utf-8")
    assert main(["--from-json", str(file), *arguments]) == status
    output = capsys.readouterr()
    assert f"**{ours:.2f}**" in output.out
    assert ("missed" in output.err) == (ours == 5.0)


@pytest.mark.parametrize("content", ["[]", "{}", "not JSON", '{"machine": {}, "samples": 1}'])
def test_a_file_that_is_something_else_is_told_in_one_line(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit status is 2, and the line names the file."""
    file = tmp_path / "other.json"
    file.write_text(content, encoding="utf-8")
    assert main(["--from-json", str(file)]) == 2
    assert capsys.readouterr().err == f"benchmarks: {file} is not what --json writes.\n"
