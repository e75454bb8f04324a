"""iCalendar files and URLs: what is held, from the source, or from the last good copy of it."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import icalendar
import recurring_ical_events
import requests

from z2jh.prescale.planning.meetings import Held

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from .schedule.model import Calendar

_log = logging.getLogger(__name__)

_TIMEOUT = 10  # seconds without a byte; the next run tries again
_PATIENCE = 30  # seconds for all calendars together
_LARGEST = 20_000_000  # bytes
_WHEN = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}
_STUDENTS = re.compile(r"^\s*students\s*:\s*(\d{1,6})\s*$", re.IGNORECASE | re.MULTILINE)


class BrokenCalendarError(Exception):
    """A calendar cannot be had, or not be understood."""


@dataclass(frozen=True)
class Reading:
    """What came of a calendar.

    Attributes:
        held: its events.
        notice: what an operator has to know, or nothing.
        known: the events are those of the source or of a good copy. Otherwise nothing is known
            about it, and nothing may be given back.
    """

    held: tuple[Held, ...]
    notice: str = ""
    known: bool = True


@dataclass(frozen=True)
class Window:
    """From when until when events are wanted, and the zone of those that name none."""

    start: datetime
    end: datetime
    zone: ZoneInfo


def read_all(
    calendars: Sequence[Calendar], window: Window, copies: Path | None, patience: float = _PATIENCE
) -> list[Reading]:
    """Read calendars at the same time; of those that take too long, the last good copies.

    Args:
        calendars: which.
        window: what is wanted of them.
        copies: folder of the good copies; None keeps and finds none.
        patience: seconds for all of them together.
    """
    found: dict[str, Reading] = {}

    def keep(calendar: Calendar) -> None:
        found[calendar.name] = read(calendar, window, copies)

    # Daemons: a server that sends a byte now and then does not keep the program from ending.
    threads = [threading.Thread(target=keep, args=(it,), daemon=True) for it in calendars]
    for thread in threads:
        thread.start()
    until = time.monotonic() + patience
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return [found.get(it.name) or _too_slow(it, window, copies) for it in calendars]


def _too_slow(calendar: Calendar, window: Window, copies: Path | None) -> Reading:
    return _from_copy(calendar, window, _copy_of(calendar, copies), "does not end to answer")


def read(calendar: Calendar, window: Window, copies: Path | None) -> Reading:
    """Read a calendar; if that fails, its last good copy.

    Args:
        calendar: which.
        window: what is wanted of it.
        copies: folder of the good copies; None keeps and finds none.
    """
    copy = _copy_of(calendar, copies)
    try:
        content = _fetch(calendar)
        held = tuple(_events(calendar, content, window))
    except BrokenCalendarError as error:
        return _from_copy(calendar, window, copy, str(error))
    notice = _keep(copy, content) if copy else ""
    return Reading(held, notice)


def _from_copy(calendar: Calendar, window: Window, copy: Path | None, why: str) -> Reading:
    told = f"calendar '{calendar.name}': {why}"
    try:
        content = copy.read_bytes() if copy else None
        held = tuple(_events(calendar, content, window)) if content is not None else None
        since = copy.stat().st_mtime if copy and content is not None else 0
    except (OSError, BrokenCalendarError):
        held = None
    if held is None:
        return Reading(
            (),
            f"{told}; there is no good copy, so the baseline holds and nothing is given back",
            known=False,
        )
    when = datetime.fromtimestamp(since, window.zone)
    return Reading(held, f"{told}; the copy of {when:%Y-%m-%d %H:%M} is used")


def _copy_of(calendar: Calendar, copies: Path | None) -> Path | None:
    if copies is None:
        return None
    source = calendar.url or calendar.file or ""
    return copies / f"{hashlib.sha256(source.encode()).hexdigest()[:16]}.ics"


def _keep(copy: Path, content: bytes) -> str:
    fresh = copy.with_suffix(".new")
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        fresh.replace(copy)
    except OSError as error:
        return f"{copy}: no copy of the calendar could be kept: {error.strerror or error}"
    return ""


def _fetch(calendar: Calendar) -> bytes:
    if calendar.file is not None:
        try:
            return Path(calendar.file).read_bytes()
        except OSError as error:
            raise BrokenCalendarError(f"cannot be read: {error.strerror or error}") from error
    url = re.sub("^webcal:", "https:", calendar.url or "")
    try:
        with requests.get(url, timeout=_TIMEOUT, stream=True) as answer:
            answer.raise_for_status()
            content = answer.raw.read(_LARGEST + 1, decode_content=True)
    except requests.HTTPError as error:
        raise BrokenCalendarError(f"answers {error.response.status_code}") from error
    except (requests.RequestException, OSError) as error:
        # Addresses of calendars are secrets: the error's own text would name it.
        raise BrokenCalendarError(f"out of reach ({type(error).__name__})") from error
    # Urllib3's own, from the raw stream.
    except Exception as error:
        raise BrokenCalendarError(f"broke off ({type(error).__name__})") from error
    if len(content) > _LARGEST:
        raise BrokenCalendarError(f"is larger than {_LARGEST // 1_000_000} MB")
    return bytes(content)


def _events(calendar: Calendar, content: bytes, window: Window) -> Iterator[Held]:
    if b"BEGIN:VCALENDAR" not in content or b"END:VCALENDAR" not in content:
        raise BrokenCalendarError("is no iCalendar, or half of one")
    try:
        parsed = icalendar.Calendar.from_ical(content)
        _check(parsed)
        # A day more on both sides: what began before is still held.
        events = recurring_ical_events.of(parsed).between(
            window.start - timedelta(days=1), window.end + timedelta(days=1)
        )
        for event in events:
            yield from _held(calendar, event, window.zone)
    except BrokenCalendarError:
        raise
    # Both libraries raise whatever their input makes them stumble over.
    except Exception as error:
        raise BrokenCalendarError(f"cannot be understood ({type(error).__name__})") from error


def _check(parsed: icalendar.Component) -> None:
    # What icalendar cannot read it leaves out, and a series would be one event.
    for event in parsed.walk("VEVENT"):
        if bad := sorted(_WHEN & {name for name, _ in event.errors}):
            raise BrokenCalendarError(f"has an event whose {bad[0]} cannot be understood")


def _held(calendar: Calendar, event: Any, zone: ZoneInfo) -> Iterator[Held]:  # noqa: ANN401 -- icalendar's events are untyped
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    start = event["DTSTART"].dt
    end = event["DTEND"].dt if "DTEND" in event else start
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        if isinstance(start, date):
            _log.debug("an all-day event of '%s' needs no seats", calendar.name)
        return
    start, end = (it if it.tzinfo else it.replace(tzinfo=zone) for it in (start, end))
    if end <= start:
        return
    said = _STUDENTS.search(str(event.get("DESCRIPTION", "")))
    title = str(event.get("SUMMARY", "")) or calendar.name
    yield Held(
        name=" ".join(f"{title} ({calendar.name})".split()),
        start=int(start.timestamp()),
        end=int(end.timestamp()),
        enrolled=int(said.group(1)) if said else calendar.students,
        share=calendar.share,
        logins=calendar.logins,
        profile=calendar.profile,
        pool=calendar.pool,
    )
