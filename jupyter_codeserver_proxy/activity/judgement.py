"""Decides from observations when VS Code was last in use, and by what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .reports import Report

BLIND = "traffic, as no window reports"
"""The reason given when no window reports, so that a person cannot be told from an open page."""

# Three beats of the reporter, with some time for a busy machine.
_SILENCE = timedelta(seconds=60)


@dataclass(frozen=True)
class Observation:
    """An observation of VS Code at one moment.

    Attributes:
        visited: when a person last opened a page.
        reports: reports of the windows that are or were open.
        has_terminal_job: whether a program runs in one of VS Code's terminals.
        windows_since: since when at least one window has always been open; None: none is open.
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
        person: when a person was last active, as far as that is known.
        last: when VS Code was last in use, by a person or by something that counts as use.
        why: the reason for `last`, for people to read.
    """

    person: datetime | None = None
    last: datetime | None = None
    why: str = "nobody yet"


def judge(seen: Observation, before: Activity, job_limit: timedelta, now: datetime) -> Activity:
    """Returns when VS Code was last in use.

    An open page is no use. A running job counts as use until `job_limit` after a person's last
    action. If windows are open and none of them reports, a person cannot be told from an open page.
    Then traffic counts, which errs in the student's favour.

    Args:
        seen: the observation.
        before: the previous judgement.
        job_limit: how long a running job counts after a person's last action; 0: never.
        now: the time, with its zone.
    """
    people = [before.person, seen.visited, *(report.person for report in seen.reports)]
    # If the clock was set back, times may lie in the future.
    person = max((min(time, now) for time in people if time), default=None)
    alive = [report for report in seen.reports if now - report.beat < _SILENCE]
    activity = Activity(person, person, "a person" if person else Activity.why)
    if seen.windows_since and not alive and now - seen.windows_since >= _SILENCE and seen.traffic:
        activity = Activity(person, min(seen.traffic, now), BLIND)
    jobs = {kind for report in alive for kind in report.jobs}
    if seen.has_terminal_job:
        jobs.add("terminal")
    if jobs and person and now - person < job_limit:
        activity = Activity(person, now, f"{', '.join(sorted(jobs))}: running job")
    if before.last and (activity.last is None or activity.last < before.last):
        return replace(before, person=person)  # use that was counted stays counted
    return activity
