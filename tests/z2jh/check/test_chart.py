"""Which chart is deployed, and whether the one at hand is it."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest
import yaml

from z2jh.check.rendering import chart
from z2jh.problems import UnusableError

if TYPE_CHECKING:
    from pathlib import Path

    from z2jh.check.rendering.chart import Chart, Pin


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"version": "3.3.8"}, "has version 3.3.8, z2jh/chart.yaml has", id="chart"),
        pytest.param({"appVersion": "4.0.0"}, "hub is JupyterHub 4.0.0, z2jh/chart.yaml", id="hub"),
    ],
)
def test_another_chart_than_the_pinned_one_is_told(
    changed: dict[str, str], said: str, known_chart: Chart, pin: Pin, tmp_path: Path
) -> None:
    """The version is compared, and that of the hub in it."""
    for name in ("values.yaml", "values.schema.json"):
        tmp_path.joinpath(name).write_text(known_chart.path.joinpath(name).read_text())
    about = yaml.safe_load(known_chart.path.joinpath("Chart.yaml").read_text())
    tmp_path.joinpath("Chart.yaml").write_text(yaml.safe_dump(about | changed))
    (problem,) = chart.mismatch(pin, chart.read(tmp_path))
    assert said in str(problem)
    assert chart.mismatch(pin, known_chart) == []


def test_a_packed_chart_is_read_as_its_folder_is(
    known_chart: Chart, pin: Pin, tmp_path: Path
) -> None:
    """Z2JH_CHART may name either."""
    packed = tmp_path / "chart.tgz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(known_chart.path, "jupyterhub")
    found = chart.read(chart.find(pin, str(packed), tmp_path))
    assert (found.version, found.defaults) == (known_chart.version, known_chart.defaults)
    assert found.schema == known_chart.schema


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"no archive", "not a chart", id="no archive"),
        pytest.param(None, "no chart", id="not there"),
    ],
)
def test_what_is_no_chart_is_told(
    content: bytes | None, said: str, pin: Pin, tmp_path: Path
) -> None:
    """One line that names the file."""
    file = tmp_path / "chart.tgz"
    if content:
        file.write_bytes(content)
    with pytest.raises(chart.NoChartError, match=said) as raised:
        chart.read(chart.find(pin, str(file), tmp_path))
    assert str(file) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("version:", "versoin:", "unknown key; did you mean 'version'?", id="slip"),
        pytest.param('"1.33"', "1.33", "kubernetes: is 1.33, has to be text", id="no text"),
        pytest.param("name: jupyterhub\n", "", "lacks name", id="missing"),
    ],
)
def test_a_slip_in_the_pin_is_told(old: str, new: str, said: str, tmp_path: Path) -> None:
    """With file and line, as in the values."""
    file = tmp_path / "chart.yaml"
    file.write_text(chart.PIN_FILE.read_text().replace(old, new, 1))
    with pytest.raises(UnusableError) as raised:
        chart.pin(file)
    assert said in str(raised.value)
    assert str(file) in str(raised.value)
