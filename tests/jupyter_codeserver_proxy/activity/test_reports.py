"""What windows wrote is read, and what is none of theirs does no harm."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.activity.reports import Report, read

if TYPE_CHECKING:
    from pathlib import Path

WRITTEN = '{"person": 1764000000000, "beat": 1764000001500, "jobs": ["task"]}'


def test_a_report_is_read(tmp_path: Path) -> None:
    """Milliseconds become times."""
    (tmp_path / "1.json").write_text(WRITTEN)
    (tmp_path / "2.json.new").write_text(WRITTEN)
    person = datetime(2025, 11, 24, 16, tzinfo=timezone.utc)
    beat = person.replace(second=1, microsecond=500_000)
    assert read(tmp_path) == (Report(person, beat, frozenset({"task"})),)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", '{"person": 1}', WRITTEN.replace("[", "7, "), WRITTEN.replace("1", "1e9")],
)
def test_what_is_no_report_is_passed_over(tmp_path: Path, text: str) -> None:
    """A student may write into that folder, too."""
    (tmp_path / "1.json").write_text(text)
    assert read(tmp_path) == ()


def test_a_folder_that_has_gone_holds_none(tmp_path: Path) -> None:
    """It goes with the code-server that it belonged to."""
    assert read(tmp_path / "gone") == ()
