"""The notation of times, days and durations in a schedule; ValueError refuses anything else."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FULL_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAYS = 5
_DAY_MINUTES = 24 * 60
_LONGEST = 14 * 24 * 3600  # seconds
CENTURY = range(2000, 2100)

_Date = TypeVar("_Date", bound=date)

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_DURATION = re.compile(r"(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def clock(value: object) -> int:
    """Parses a time of day such as `9:15`, `09:15` or `24:00` into minutes after midnight."""
    match = _CLOCK.fullmatch(str(value).strip())
    if match:
        hours, minutes = map(int, match.groups())
        if minutes < 60 and hours * 60 + minutes <= _DAY_MINUTES:  # noqa: PLR2004 -- an hour's
            return hours * 60 + minutes
    raise ValueError(f"'{value}' is no time of day: write hours and minutes, as in 09:15")


def duration(value: object) -> int:
    """Parses a duration such as `3m`, `90s` or `1h30m` into seconds."""
    match = _DURATION.fullmatch(str(value).strip())
    if not match:
        raise ValueError(f"'{value}' is no duration: write a number and h, m or s, as in 10m")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def days(value: object) -> frozenset[int]:
    """Parses `weekdays`, `daily`, `mon-fri`, `mon` or a list into days of the week; Monday is 0."""
    parts = value if isinstance(value, list) else re.split(r"[,\s]+", str(value).strip())
    found = frozenset[int]().union(*(_day_range(str(part).strip().lower()) for part in parts))
    if not found:
        raise ValueError("no day is named: write weekdays, daily, mon-fri or [mon, wed]")
    return found


def _day_range(text: str) -> frozenset[int]:
    if text in {"daily", "weekdays"}:
        return frozenset(range(7 if text == "daily" else _WEEKDAYS))
    first, dash, last = text.partition("-")
    start, end = _day(first), _day(last or first)
    if dash and end < start:
        return frozenset(range(start, 7)) | frozenset(range(end + 1))
    return frozenset(range(start, end + 1))


def _day(text: str) -> int:
    for names in (DAYS, _FULL_NAMES):
        if text in names:
            return names.index(text)
    raise ValueError(f"'{text}' is no day: write {', '.join(DAYS)}, weekdays or daily")


def zone(value: object) -> ZoneInfo:
    """Returns the time zone with an IANA name."""
    try:
        return ZoneInfo(str(value))
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            f"'{value}' is no time zone: write its IANA name, as in Europe/Zurich"
        ) from error


def _at_most_14_days(seconds: int) -> int:
    if seconds > _LONGEST:
        raise ValueError(f"{seconds // 3600}h is too long: write at most 14 days, as 336h")
    return seconds


def _of_this_century(day: _Date) -> _Date:
    # Refuses typing errors in years, and bare numbers, which pydantic takes for POSIX seconds.
    if day.year not in CENTURY:
        raise ValueError(f"{day} is in no year of this century: write it as 2026-11-23")
    return day


Clock = Annotated[int, BeforeValidator(clock)]
Duration = Annotated[int, BeforeValidator(duration), AfterValidator(_at_most_14_days)]
OfThisCentury = AfterValidator(_of_this_century)
Days = Annotated[frozenset[int], BeforeValidator(days)]
Zone = Annotated[ZoneInfo, BeforeValidator(zone)]
