"""`learn`: derives settings of the schedule and the simulation from past logins."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from z2jh.prescale.errors import UsageError
from z2jh.prescale.inputs import logins
from z2jh.prescale.output.text import aligned, iso
from z2jh.prescale.schedule.notation import zone
from z2jh.prescale.simulation.percentile import percentile

from .result import Result

if TYPE_CHECKING:
    import argparse
    from zoneinfo import ZoneInfo

    from z2jh.prescale.inputs.logins import Login, Storm


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `learn`."""
    add = parser.add_argument
    add("file", type=Path, nargs="+", help="a hub's log, or CSV with the column time [,seconds]")
    add("--timezone", default="UTC", metavar="ZONE", help="of times without an offset (UTC)")


def run(options: argparse.Namespace) -> Result:
    """Runs `learn`."""
    try:
        local = zone(options.timezone)
    except ValueError as error:
        raise UsageError(f"--timezone: {error}") from error
    past = sorted(
        (login for file in options.file for login in logins.read(file, local)),
        key=lambda login: login.time,
    )
    storms = logins.storms(past)
    starts = _starts(past)
    data = {
        "logins": len(past),
        "start_seconds": starts,
        "storms": [
            {
                "start": iso(storm.start, local),
                "students": storm.students,
                "spread_seconds": storm.spread,
            }
            for storm in storms
        ],
    }
    rows = [("storm", "students", "nine of ten within"), *(_row(storm, local) for storm in storms)]
    parts = [f"{len(past)} logins"]
    if starts:
        parts.append(
            f"Servers took {starts['median']:.1f} s (median), {starts['p95']:.1f} s (95 of 100), "
            f"{starts['worst']:.1f} s (worst): simulate --set server={starts['median']:.1f}"
        )
    parts.append(aligned(rows, {0}) if storms else "No storm of ten or more")
    return Result(data, "\n\n".join(parts))


def _starts(past: list[Login]) -> dict[str, float]:
    took = sorted(login.took for login in past if login.took is not None)
    if not took:
        return {}
    return {"median": percentile(took, 0.5), "p95": percentile(took, 0.95), "worst": took[-1]}


def _row(storm: Storm, local: ZoneInfo) -> tuple[str, str, str]:
    # The `logins` of a schedule is the time within which all students log in.
    minutes = max(1, math.ceil(storm.spread / 0.9 / 60))
    return (
        f"{datetime.fromtimestamp(storm.start, local):%Y-%m-%d %H:%M}",
        str(storm.students),
        f"{storm.spread:.0f} s: logins: {minutes}m",
    )
