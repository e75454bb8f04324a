"""Restarts back off, and end after five in a minute."""

from __future__ import annotations

from jupyter_codeserver_proxy.supervision.restarts import Restarts


def test_the_fifth_start_of_a_minute_is_the_last() -> None:
    """Each start waits longer than the previous one, and the sixth waits for a person."""
    restarts, now = Restarts(), 100.0
    for expected in (0, 0.5, 1, 2, 4):
        assert restarts.wait(now) == expected
        now += expected
        restarts.record(now)
    assert restarts.wait(now) is None
    assert restarts.wait(now + 30) is None


def test_a_minute_later_all_is_forgotten() -> None:
    """A program that ran for long restarts at once."""
    restarts = Restarts()
    for now in (0, 1, 2, 3, 4):
        restarts.record(now)
    assert restarts.wait(64) == 0


def test_time_that_has_passed_counts() -> None:
    """The back-off counts from start to start, so that a single crash delays nothing."""
    restarts = Restarts()
    restarts.record(0)
    assert restarts.wait(0.2) == 0.3
    assert restarts.wait(10) == 0


def test_a_person_may_start_at_any_time() -> None:
    """A person does not wait."""
    restarts = Restarts()
    for _ in range(5):
        restarts.record(0)
    restarts.forget()
    assert restarts.wait(0) == 0
