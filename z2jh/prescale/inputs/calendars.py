"""iCalendar files and URLs: their meetings, from the source or from its last good copy."""

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

from z2jh.prescale.schedule.meetings import Meeting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from z2jh.prescale.schedule.model import Calendar

_log = logging.getLogger(__name__)

_TIMEOUT = 10  # seconds without a byte; the next run tries again
_PATIENCE = 30  # seconds for all calendars together
_LARGEST = 20_000_000  # bytes
_TIMES = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}
_STUDENTS = re.compile(r"^\s*students\s*:\s*(\d{1,6})\s*$", re.IGNORECASE | re.MULTILINE)


class BrokenCalendarError(Exception):
    """A calendar cannot be fetched or parsed."""


@dataclass(frozen=True)
class Reading:
    """The meetings of a calendar, and a notice for the operator, which may be empty.

    A calendar is known if they come from the source or a good copy; else no node may be given back.
    """

    meetings: tuple[Meeting, ...]
    notice: str = ""
    known: bool = True


@dataclass(frozen=True)
class Window:
    """The time for which events are wanted, and the zone of events without one."""

    start: datetime
    end: datetime
    zone: ZoneInfo


def read_all(
    calendars: Sequence[Calendar], window: Window, copies: Path | None, patience: float = _PATIENCE
) -> list[Reading]:
    """Reads calendars concurrently, and takes the last good copy of each that is too slow.

    Without a folder for `copies`, none are kept; `patience` is in seconds for all together.
    """
    readings: dict[str, Reading] = {}

    def store(calendar: Calendar) -> None:
        readings[calendar.name] = read(calendar, window, copies)

    # Daemon threads, because a server that trickles bytes must not keep the process alive.
    threads = [
        threading.Thread(target=store, args=(calendar,), daemon=True) for calendar in calendars
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + patience
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return [
        readings.get(calendar.name)
        or _from_copy(calendar, window, _copy_of(calendar, copies), "does not finish its answer")
        for calendar in calendars
    ]


def read(calendar: Calendar, window: Window, copies: Path | None) -> Reading:
    """Reads a calendar, or its last good copy if that fails; None for `copies` keeps none."""
    copy = _copy_of(calendar, copies)
    try:
        content = _fetch(calendar)
        meetings = tuple(_meetings(calendar, content, window))
    except BrokenCalendarError as error:
        return _from_copy(calendar, window, copy, str(error))
    return Reading(meetings, _keep(copy, content) if copy else "")


def _from_copy(calendar: Calendar, window: Window, copy: Path | None, why: str) -> Reading:
    failure = f"calendar '{calendar.name}': {why}"
    try:
        if copy:
            meetings = tuple(_meetings(calendar, copy.read_bytes(), window))
            when = datetime.fromtimestamp(copy.stat().st_mtime, window.zone)
            return Reading(meetings, f"{failure}; the copy of {when:%Y-%m-%d %H:%M} is used")
    except (OSError, BrokenCalendarError) as error:
        _log.debug("the copy of '%s' cannot be used: %s", calendar.name, error)
    notice = f"{failure}; there is no good copy, so the baseline holds and nothing is given back"
    return Reading((), notice, known=False)


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
        # The error's text contains the URL, which is a secret.
        raise BrokenCalendarError(f"out of reach ({type(error).__name__})") from error
    # The raw stream raises urllib3's own errors.
    except Exception as error:
        raise BrokenCalendarError(f"broke off ({type(error).__name__})") from error
    if len(content) > _LARGEST:
        raise BrokenCalendarError(f"is larger than {_LARGEST // 1_000_000} MB")
    return bytes(content)


def _meetings(calendar: Calendar, content: bytes, window: Window) -> Iterator[Meeting]:
    if b"BEGIN:VCALENDAR" not in content or b"END:VCALENDAR" not in content:
        raise BrokenCalendarError("is no iCalendar, or half of one")
    try:
        parsed = icalendar.Calendar.from_ical(content)
        _check(parsed)
        # One more day on both sides finds events that began earlier and are still going on.
        events = recurring_ical_events.of(parsed).between(
            window.start - timedelta(days=1), window.end + timedelta(days=1)
        )
        for event in events:
            yield from _meeting(calendar, event, window.zone)
    except BrokenCalendarError:
        raise
    # Both libraries let arbitrary exceptions through for malformed input.
    except Exception as error:
        raise BrokenCalendarError(f"cannot be understood ({type(error).__name__})") from error


def _check(parsed: icalendar.Component) -> None:
    # Icalendar drops properties that it cannot parse, which would turn a series into one event.
    for event in parsed.walk("VEVENT"):
        if bad := sorted(_TIMES & {name for name, _ in event.errors}):
            raise BrokenCalendarError(f"has an event whose {bad[0]} cannot be understood")


def _meeting(calendar: Calendar, event: Any, zone: ZoneInfo) -> Iterator[Meeting]:  # noqa: ANN401 -- icalendar's events are untyped
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    start = event["DTSTART"].dt
    end = event["DTEND"].dt if "DTEND" in event else start
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        if isinstance(start, date):
            _log.debug("an all-day event of '%s' needs no seats", calendar.name)
        return
    start, end = (edge if edge.tzinfo else edge.replace(tzinfo=zone) for edge in (start, end))
    if end <= start:
        return
    number = _STUDENTS.search(str(event.get("DESCRIPTION", "")))
    title = str(event.get("SUMMARY", "")) or calendar.name
    yield Meeting(
        name=" ".join(f"{title} ({calendar.name})".split()),
        start=int(start.timestamp()),
        end=int(end.timestamp()),
        enrolled=int(number.group(1)) if number else calendar.students,
        share=calendar.share,
        logins=calendar.logins,
        profile=calendar.profile,
        pool=calendar.pool,
    )
