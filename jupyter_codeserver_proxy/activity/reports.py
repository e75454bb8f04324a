"""What each VS Code window reports, in a file of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path

from jupyter_codeserver_proxy.system.regular_file import open_regular, read_json

# A student may write into that folder, too. A window's report has some 80 bytes, and goes with it.
_MOST_FILES = 1000
_LONGEST = 1 << 14  # bytes


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
    try:
        with os.scandir(folder) as entries:
            files = [entry.path for entry in islice(entries, _MOST_FILES)]
    except OSError:
        return ()
    found = (_read(Path(file)) for file in files if file.endswith(".json"))
    return tuple(report for report in found if report)


def _read(file: Path) -> Report | None:
    try:
        known = read_json(open_regular(file, follow=False), _LONGEST)
        person, beat, jobs = known["person"], known["beat"], known["jobs"]
        return Report(_time(person) if person else None, _time(beat), frozenset(map(str, jobs)))
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return None


def _time(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
