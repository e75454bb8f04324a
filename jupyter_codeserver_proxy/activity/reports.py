"""What each VS Code window reports, in a file of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Report:
    """What `vscode_extension/extension.js` knows of one window.

    Attributes:
        person: when somebody last did something in it; None: not yet.
        beat: when this was written; a window that lives writes every 15 s.
        jobs: the kinds of what runs: terminal, task, debugger, notebook.
    """

    person: datetime | None
    beat: datetime
    jobs: frozenset[str]


def read(folder: Path) -> tuple[Report, ...]:
    """The reports that there are; what is half written or none is passed over."""
    found = (_read(file) for file in folder.glob("*.json"))
    return tuple(report for report in found if report)


def _read(file: Path) -> Report | None:
    try:
        known = json.loads(file.read_text())
        person, beat, jobs = known["person"], known["beat"], known["jobs"]
        return Report(_time(person) if person else None, _time(beat), frozenset(map(str, jobs)))
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return None


def _time(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
