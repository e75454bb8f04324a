"""Past logins from logs and tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from z2jh.prescale.cli import main

if TYPE_CHECKING:
    from pathlib import Path

LOG = (
    "[I 2026-11-23 10:{:02}:{:02}.500 JupyterHub base:1090] User s{} took {:.3f} seconds to start\n"
)


def test_a_hub_log_tells_storms_and_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A log gives a storm of twenty logins with starts of 6.5 s; other lines are ignored."""
    log = tmp_path / "hub.log"
    lines = [LOG.format(15 + n // 10, n % 10 * 6, n, 6.5) for n in range(20)]
    log.write_text("[W 2026-11-23 10:15:00.000 JupyterHub x] no\n" + "".join(lines))
    assert main(["learn", str(log), "--timezone", "Europe/Zurich", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["logins"] == 20
    assert data["start_seconds"] == {"median": 6.5, "p95": 6.5, "worst": 6.5}
    (storm,) = data["storms"]
    assert storm["start"] == "2026-11-23T10:14:54+01:00"
    assert (storm["students"], storm["spread_seconds"]) == (20, 102)
    assert main(["learn", str(log)]) == 0
    assert "logins: 2m" in capsys.readouterr().out


def test_a_table_tells_them_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A table may lack seconds, and fewer than ten logins are no storm."""
    table = tmp_path / "logins.csv"
    table.write_text("user,time\na,2026-11-23T10:00:00Z\nb,2026-11-23T11:00:03+01:00\n")
    assert main(["learn", str(table)]) == 0
    assert "2 logins" in (out := capsys.readouterr().out)
    assert "No storm" in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "has no login in it", id="empty"),
        pytest.param("time,seconds\nnow,3\n", ":2: ", id="time"),
        pytest.param("time,seconds\n2026-11-23T10:00:00,x\n", ":2: ", id="seconds"),
    ],
)
def test_what_cannot_be_read_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    """Mistakes are reported with file and line."""
    file = tmp_path / "x.csv"
    file.write_text(text)
    assert main(["learn", str(file)]) == 3
    assert f"{file}" in (err := capsys.readouterr().err)
    assert said in err
