"""Reads the reports that VS Code's windows write, each into its own file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path

from jupyter_codeserver_proxy.system.regular_file import open_regular, read_json

# A student may write into this folder, too. A window's report has some 80 bytes, and the window
# removes it when it closes.
_MOST_FILES = 1000
_LONGEST = 1 << 14  # bytes


@dataclass(frozen=True)
class Report:
    """The report of one window, as `vscode_extension/extension.js` writes it.

    Attributes:
        person: when a person last did something in the window; None: not yet.
        beat: when the report was written; an open window writes every 15 s.
        jobs: the kinds of running jobs: terminal, task, debugger, notebook.
    """

    person: datetime | None
    beat: datetime
    jobs: frozenset[str]


def read(folder: Path) -> tuple[Report, ...]:
    """Returns all reports; skips files that are incomplete or no reports."""
    try:
        with os.scandir(folder) as entries:
            files = [entry.path for entry in islice(entries, _MOST_FILES)]
    except OSError:
        return ()
    reports = (_read(Path(file)) for file in files if file.endswith(".json"))
    return tuple(report for report in reports if report)


def _read(file: Path) -> Report | None:
    try:
        values = read_json(open_regular(file, follow=False), _LONGEST)
        person, beat, jobs = values["person"], values["beat"], values["jobs"]
        return Report(_time(person) if person else None, _time(beat), frozenset(map(str, jobs)))
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return None


def _time(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
