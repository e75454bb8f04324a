"""From what is observed of VS Code to when it was last in use, and by what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .reports import Report

BLIND = "traffic, as no window reports"
"""Why a server counts as in use when nobody can tell a person from a page."""

# Three beats of the reporter, and what a busy machine may add.
_SILENCE = timedelta(seconds=60)


@dataclass(frozen=True)
class Observation:
    """What is seen of VS Code at one moment.

    Attributes:
        visited: when a person last opened a page.
        reports: of the windows that are or were open.
        has_terminal_job: whether a program runs in one of its terminals.
        windows_since: since when there has been a window without a break; None: there is none.
        traffic: when a browser last sent something.
    """

    visited: datetime | None = None
    reports: tuple[Report, ...] = ()
    has_terminal_job: bool = False
    windows_since: datetime | None = None
    traffic: datetime | None = None


@dataclass(frozen=True)
class Activity:
    """When VS Code was last in use.

    Attributes:
        person: when a person last was there, as far as that is known.
        last: when it was last in use, by a person or by what counts as one.
        why: what `last` is due to, for people to read.
    """

    person: datetime | None = None
    last: datetime | None = None
    why: str = "nobody yet"


def judge(seen: Observation, before: Activity, job_limit: timedelta, now: datetime) -> Activity:
    """When VS Code was last in use.

    A page that is merely open is no use of it. A running job is, until nobody has been there for
    `job_limit`. Where windows are open and none of them reports, nobody can tell a person from a
    page: then traffic counts, which errs towards the student.

    Args:
        seen: what is observed now.
        before: what was judged last.
        job_limit: how long after a person was last there a running job counts; 0: never.
        now: the time, with its zone.
    """
    people = [before.person, seen.visited, *(report.person for report in seen.reports)]
    # Not in the future, if the clock was set back.
    person = max((min(time, now) for time in people if time), default=None)
    living = [report for report in seen.reports if now - report.beat < _SILENCE]
    activity = Activity(person, person, "a person" if person else Activity.why)
    if seen.windows_since and not living and now - seen.windows_since >= _SILENCE and seen.traffic:
        activity = Activity(person, min(seen.traffic, now), BLIND)
    jobs = {kind for report in living for kind in report.jobs}
    if seen.has_terminal_job:
        jobs.add("terminal")
    if jobs and person and now - person < job_limit:
        activity = Activity(person, now, f"{', '.join(sorted(jobs))}: running job")
    if before.last and (activity.last is None or activity.last < before.last):
        return replace(before, person=person)  # what once counted has counted
    return activity
