"""`learn`: figures for the schedule and the model, from what has been."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from z2jh.prescale.errors import UsageError
from z2jh.prescale.inputs import logins
from z2jh.prescale.inputs.schedule.notation import zone
from z2jh.prescale.output.table import aligned
from z2jh.prescale.planning.percentile import percentile

from .answer import Answer

if TYPE_CHECKING:
    import argparse

    from z2jh.prescale.inputs.logins import Login, Storm


def add_options(made: argparse.ArgumentParser) -> None:
    """Add the options of `learn`."""
    add = made.add_argument
    add("file", type=Path, nargs="+", help="a hub's log, or CSV with the column time [,seconds]")
    add("--timezone", default="UTC", metavar="ZONE", help="of times without an offset (UTC)")


def run(options: argparse.Namespace) -> Answer:
    """Do the work of `learn`."""
    try:
        local = zone(options.timezone)
    except ValueError as error:
        raise UsageError(f"--timezone: {error}") from error
    found = sorted(
        (it for file in options.file for it in logins.read(file, local)), key=lambda it: it.time
    )
    storms = logins.storms(found)
    starts = _starts(found)
    data = {
        "logins": len(found),
        "start_seconds": starts,
        "storms": [
            {
                "start": datetime.fromtimestamp(it.start, local).isoformat(),
                "students": it.students,
                "spread_seconds": it.spread,
            }
            for it in storms
        ],
    }
    rows = [("storm", "students", "nine of ten within"), *(_row(it, local) for it in storms)]
    parts = [f"{len(found)} logins"]
    if starts:
        parts.append(
            f"Servers took {starts['median']:.1f} s (median), {starts['p95']:.1f} s (95 of 100), "
            f"{starts['worst']:.1f} s (worst): simulate --set server={starts['median']:.1f}"
        )
    parts.append(aligned(rows, {0}) if storms else "No storm of ten or more")
    return Answer(data, "\n\n".join(parts))


def _starts(found: list[Login]) -> dict[str, Any]:
    took = sorted(it.took for it in found if it.took is not None)
    if not took:
        return {}
    return {"median": percentile(took, 0.5), "p95": percentile(took, 0.95), "worst": took[-1]}


def _row(storm: Storm, local: Any) -> tuple[str, str, str]:  # noqa: ANN401 -- a time zone
    begins = datetime.fromtimestamp(storm.start, local)
    # A schedule's `logins` is what all take.
    minutes = max(1, math.ceil(storm.spread / 0.9 / 60))
    return (
        f"{begins:%Y-%m-%d %H:%M}",
        str(storm.students),
        f"{storm.spread:.0f} s: logins: {minutes}m",
    )
