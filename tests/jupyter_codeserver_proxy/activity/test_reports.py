"""Reports of windows are read, and other files do no harm."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.activity.reports import Report, read

if TYPE_CHECKING:
    from collections.abc import Callable

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
    [
        "[" * 10_000,
        WRITTEN + " " * 100_000,
        "",
        "{",
        "[]",
        "7",
        '{"person": 1}',
        WRITTEN.replace("[", "7, "),
        WRITTEN.replace("1", "1e9"),
    ],
)
def test_what_is_no_report_is_passed_over(tmp_path: Path, text: str) -> None:
    """A student may write to that folder, too."""
    (tmp_path / "1.json").write_text(text)
    assert read(tmp_path) == ()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(os.mkfifo, id="pipe"),
        pytest.param(Path.mkdir, id="folder"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), id="endless"),
        pytest.param(lambda path: path.symlink_to("../report"), id="link"),
    ],
)
def test_what_is_no_file_is_passed_over_at_once(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    """Opening a pipe would block until somebody writes, and a link leads elsewhere."""
    (tmp_path / "report").write_text(WRITTEN)
    (tmp_path / "reports").mkdir()
    make(tmp_path / "reports" / "1.json")
    (tmp_path / "reports" / "2.json").write_text(WRITTEN)
    assert len(read(tmp_path / "reports")) == 1


def test_as_many_are_read_as_there_may_be_windows(tmp_path: Path) -> None:
    """A folder full of files takes as long as one with some hundreds."""
    for number in range(1500):
        (tmp_path / f"{number}.json").write_text(WRITTEN)
    assert len(read(tmp_path)) == 1000


def test_a_folder_that_has_gone_holds_none(tmp_path: Path) -> None:
    """The folder vanishes with its code-server."""
    assert read(tmp_path / "gone") == ()
