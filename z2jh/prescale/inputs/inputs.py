"""The operator's files, read: schedule, values and calendars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from z2jh.prescale.planning import plan, site

from . import values
from .schedule import reading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from z2jh.prescale.planning.plan import Plan
    from z2jh.prescale.planning.site import Site


@dataclass(frozen=True)
class Files:
    """Where everything is.

    Attributes:
        schedule: schedule.yaml.
        values: layers of Helm values, in order.
        copies: folder for the calendars' last good copies; None for none.
    """

    schedule: Path
    values: Sequence[Path]
    copies: Path | None = None


def read_site(files: Files) -> Site:
    """Read schedule and values.

    Raises:
        ScheduleError: they cannot be used.
    """
    return site.build(reading.load(files.schedule), values.load(files.values))


def make_plan(files: Files, found: Site, start: int, end: int) -> Plan:
    """Read the calendars and plan a time; POSIX seconds."""
    return plan.make(found, start, end, _extra(files, found, start, end))


def _extra(files: Files, found: Site, start: int, end: int) -> plan.Extra:
    if not found.schedule.calendars:
        return plan.Extra()
    # The libraries take a third of a second to load, which most schedules do not need.
    from . import calendars  # noqa: PLC0415

    first, last = (datetime.fromtimestamp(it, timezone.utc) for it in plan.span(found, start, end))
    window = calendars.Window(first, last, found.schedule.timezone)
    readings = calendars.read_all(found.schedule.calendars, window, files.copies)
    return plan.Extra(
        held=tuple(held for it in readings for held in it.held),
        notices=tuple(it.notice for it in readings if it.notice),
        known=all(it.known for it in readings),
    )
