"""Calendars, and their last good copies."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from tests.z2jh.prescale.local_server import QuietHandler, listening
from z2jh.prescale.commands.files import Files, make_plan, read_site
from z2jh.prescale.inputs import calendars
from z2jh.prescale.schedule.model import Calendar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from z2jh.prescale.schedule.meetings import Meeting

ZURICH = ZoneInfo("Europe/Zurich")
WINDOW = calendars.Window(
    datetime(2026, 10, 1, tzinfo=timezone.utc), datetime(2026, 12, 1, tzinfo=timezone.utc), ZURICH
)


def ics(*events: str) -> bytes:
    """Returns a calendar; each event is given as its lines."""
    body = "".join(
        f"BEGIN:VEVENT\nUID:{n}\n{event}\nEND:VEVENT\n" for n, event in enumerate(events)
    )
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{body}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


WEEKLY = (
    "SUMMARY:Lecture\nDTSTART;TZID=Europe/Zurich:20261012T101500\n"
    "DTEND;TZID=Europe/Zurich:20261012T120000\nRRULE:FREQ=WEEKLY;COUNT=4\n"
    "EXDATE;TZID=Europe/Zurich:20261019T101500\nDESCRIPTION:Room 1\\nStudents: 80\\n"
)


def read(tmp_path: Path, content: bytes, copies: Path | None = None) -> calendars.Reading:
    """Reads a file with the content."""
    file = tmp_path / "c.ics"
    file.write_bytes(content)
    calendar = Calendar(name="C", students=30, file=str(file), share=0.5)
    return calendars.read(calendar, WINDOW, copies)


def starts(held: tuple[Meeting, ...]) -> list[str]:
    """Returns the starts in UTC."""
    return sorted(
        f"{datetime.fromtimestamp(meeting.start, timezone.utc):%m-%d %H:%M}" for meeting in held
    )


def test_a_series_keeps_its_time_of_day(tmp_path: Path) -> None:
    """A weekly event keeps its local time when daylight saving ends, and its exceptions."""
    found = read(tmp_path, ics(WEEKLY))
    assert starts(found.meetings) == ["10-12 08:15", "10-26 09:15", "11-02 09:15"]
    assert {meeting.students for meeting in found.meetings} == {40}
    assert {meeting.name for meeting in found.meetings} == {"Lecture (C)"}
    assert (found.notice, found.known) == ("", True)


@pytest.mark.parametrize(
    ("event", "start"),
    [
        pytest.param(
            "DTSTART:20261102T090000\nDTEND:20261102T100000", ["11-02 08:00"], id="floating"
        ),
        pytest.param(
            "DTSTART:20261102T090000Z\nDURATION:PT1H", ["11-02 09:00"], id="UTC, duration"
        ),
        pytest.param("DTSTART;VALUE=DATE:20261102", [], id="all day"),
        pytest.param(
            "DTSTART:20261102T090000Z\nDURATION:PT1H\nSTATUS:CANCELLED", [], id="cancelled"
        ),
        pytest.param("DTSTART:20261102T090000Z", [], id="no duration"),
    ],
)
def test_events_are_taken_as_they_are_meant(tmp_path: Path, event: str, start: list[str]) -> None:
    """A time without a zone is in the schedule's; events without a duration need no seats."""
    found = read(tmp_path, ics(event))
    assert starts(found.meetings) == start
    assert {meeting.students for meeting in found.meetings} <= {15}


BROKEN = [
    pytest.param(b"", id="empty"),
    pytest.param(b"<html>Sign in</html>", id="a page"),
    pytest.param(ics(WEEKLY)[:-30], id="half of it"),
    pytest.param(ics("DTSTART:2026-nonsense\nDTEND:20261102T100000"), id="no date"),
    pytest.param(ics(WEEKLY.replace("FREQ=WEEKLY", "FREQ=SOMETIMES")), id="bad rule"),
]


@pytest.mark.parametrize("content", BROKEN)
def test_of_a_broken_calendar_the_last_good_copy_is_used(tmp_path: Path, content: bytes) -> None:
    """The last good copy replaces a broken calendar, with a notice."""
    good = read(tmp_path, ics(WEEKLY), tmp_path / "copies")
    found = read(tmp_path, content, tmp_path / "copies")
    assert found.meetings == good.meetings
    assert found.known
    assert found.notice.startswith("calendar 'C': ")
    assert "the copy of " in found.notice


@pytest.mark.parametrize("content", BROKEN)
def test_without_a_copy_nothing_is_known(tmp_path: Path, content: bytes) -> None:
    """A broken calendar without a copy is unknown, so nothing is given back."""
    found = read(tmp_path, content, tmp_path / "copies")
    assert (found.meetings, found.known) == ((), False)
    assert "nothing is given back" in found.notice


def test_a_copy_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    """A copy that cannot be written causes a notice, and the calendar is used."""
    (tmp_path / "copies").write_text("a file where the folder should be")
    found = read(tmp_path, ics(WEEKLY), tmp_path / "copies")
    assert len(found.meetings) == 3
    assert "no copy of the calendar could be kept" in found.notice


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """Yields the URL of an HTTP server on loopback."""

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            answer(self)

    with listening(Handler) as address:
        yield f"http://{address}/secret-address.ics"


def _give(content: bytes, *, status: int = 200, length: int | None = None) -> Callable[..., None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(length or len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def test_a_url_is_fetched(tmp_path: Path) -> None:
    """A URL is fetched, and its copy used when the server is gone; notices hide the URL."""
    with serving(_give(ics(WEEKLY))) as url:
        calendar = Calendar(name="C", students=30, url=url)
        found = calendars.read(calendar, WINDOW, tmp_path)
    assert len(found.meetings) == 3
    # The server is gone now.
    again = calendars.read(calendar, WINDOW, tmp_path)
    assert again.meetings == found.meetings
    assert "out of reach" in again.notice
    assert "secret-address" not in again.notice


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(_give(b"", status=404), "answers 404", id="404"),
        pytest.param(_give(b"", status=503), "answers 503", id="503"),
        pytest.param(_give(ics(WEEKLY)[:100], length=5000), "", id="breaks off"),
    ],
)
def test_a_url_that_fails_is_no_calendar(
    tmp_path: Path, answer: Callable[..., None], why: str
) -> None:
    """A URL that answers with an error or breaks off leaves the calendar unknown."""
    with serving(answer) as url:
        found = calendars.read(Calendar(name="C", students=30, url=url), WINDOW, tmp_path)
    assert not found.known
    assert why in found.notice


def test_a_server_that_does_not_end_is_not_waited_for(tmp_path: Path) -> None:
    """A server that trickles bytes delays neither the run nor other calendars for long."""
    ended = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        while not ended.wait(0.02):
            handler.wfile.write(b"B")

    good = tmp_path / "good.ics"
    good.write_bytes(ics(WEEKLY))
    with serving(drip) as url:
        both = [
            Calendar(name="slow", students=30, url=url),
            Calendar(name="good", students=30, file=str(good)),
        ]
        slow, other = calendars.read_all(both, WINDOW, tmp_path / "copies", patience=0.5)
        ended.set()
    assert not slow.known
    assert "calendar 'slow': does not finish its answer" in slow.notice
    assert len(other.meetings) == 3


def test_a_calendar_is_part_of_the_plan(files: Callable[..., Files], tmp_path: Path) -> None:
    """The events of a calendar file beside the schedule are planned."""
    (tmp_path / "c.ics").write_bytes(ics(WEEKLY))
    text = "timezone: Europe/Zurich\ncalendars: [{name: C, students: 30, file: c.ics}]\n"
    found = files(text)
    site = read_site(found)
    start = int(datetime(2026, 11, 2, tzinfo=ZURICH).timestamp())
    plan = make_plan(found, site, start, start + 86400)
    assert [change.nodes for change in plan.changes] == [3, 0]
    assert plan.changes[0].reason == "Lecture (C) at Mon 10:15: 80 students"
