"""The examples in the documents work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.z2jh.prescale.conftest import VALUES
from z2jh.console import EXIT_STATUS
from z2jh.prescale import errors
from z2jh.prescale.cli import main
from z2jh.prescale.commands.files import Files, read_site

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
README = (ROOT / "z2jh/prescale/README.md").read_text()
HUB = [ROOT / "z2jh/values" / f"{name}.yaml" for name in ("common", "culling", "prod")]


def test_the_readme_s_schedule_can_be_used(files: Callable[..., Files], tmp_path: Path) -> None:
    """The README's schedule is valid, given its roster."""
    (tmp_path / "rosters").mkdir()
    (tmp_path / "rosters/databases.csv").write_text("id\n1\n2\n")
    (text,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    site = read_site(files(text))
    assert site.schedule.classes[0].students == 2


def test_the_example_can_be_used(
    files: Callable[..., Files], capsys: pytest.CaptureFixture[str]
) -> None:
    """The example schedule has classes in its week, and no notices."""
    values = str(files(values=VALUES).values[0])
    schedule = str(ROOT / "z2jh/schedule.yaml")
    command = ["plan", "--schedule", schedule, "--values", values, "--week", "2026-11-23"]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "Databases at Mon 10:15: 204 of 240 students" in out
    assert "Note:" not in out


def test_a_student_s_guarantee_is_the_hub_s() -> None:
    """Guarantees come from the values that the hub is deployed with."""
    if not all(file.exists() for file in HUB):
        pytest.skip("this checkout has no values of a hub")
    site = read_site(Files(ROOT / "z2jh/schedule.yaml", HUB))
    assert site.values.profiles[""].requests.memory == 2147483648
    assert set(site.values.pools) == {"students", "ondemand"}
    assert site.capacities["students", ""].seats == 28


def test_exit_codes_are_documented() -> None:
    """The README and --help list every exit code."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = {kind.exit_code for kind in kinds if issubclass(kind, errors.PrescaleError)}
    assert codes == set(range(1, 9))
    for code in codes:
        assert f"\n| {code} | " in README
        assert f"\n  {code}  " in EXIT_STATUS
