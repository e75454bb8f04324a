"""When bytes come out of a slow link, on a clock that the test turns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.pacing import Pacer, Profile

LINK = Profile(megabits=8, round_trip=100)  # 1 MB/s, 50 ms each way


def test_a_profile_is_given_in_the_units_of_providers() -> None:
    """Mbit/s are 10^6 bits, the round trip is in ms, and the buffer holds what is under way."""
    assert (LINK.rate, LINK.delay, LINK.buffer) == (1e6, 0.05, 100_000)


def test_a_byte_takes_its_time_on_the_wire_and_the_delay() -> None:
    """100 kB at 1 MB/s arrive after 100 ms and half a round trip."""
    assert Pacer(LINK).send(7.0, 100_000) == pytest.approx(7.15)


def test_what_is_sent_at_once_arrives_one_after_the_other() -> None:
    """The bytes of all senders share the rate."""
    pacer = Pacer(LINK)
    arrivals = [pacer.send(0.0, 10_000) for _ in range(5)]
    assert arrivals == pytest.approx([0.06, 0.07, 0.08, 0.09, 0.10])


def test_a_pause_earns_no_credit() -> None:
    """After a pause the link is as fast as before, not faster."""
    pacer = Pacer(LINK)
    pacer.send(0.0, 10_000)
    assert [pacer.send(60.0, 10_000) for _ in range(2)] == pytest.approx([60.06, 60.07])


def test_a_full_queue_says_when_there_is_room_again() -> None:
    """The buffer takes 100 kB; 30 kB more are gone after 30 ms."""
    pacer = Pacer(LINK)
    pacer.send(0.0, 100_000)
    assert pacer.full_for(0.0) == 0.0
    pacer.send(0.0, 30_000)
    assert pacer.full_for(0.0) == pytest.approx(0.03)
    assert pacer.full_for(0.03) == pytest.approx(0.0)


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(1, 100_000)), min_size=1))
def test_no_interval_carries_more_than_the_rate(sent: list[tuple[float, int]]) -> None:
    """Between any arrival and any later one, no more bytes come than the rate allows."""
    pacer, now = Pacer(LINK), 0.0
    arrivals, carried = [], [0]
    for pause, size in sent:
        now += pause
        arrivals.append(pacer.send(now, size))
        carried.append(carried[-1] + size)
        assert arrivals[-1] >= now + LINK.delay + size / LINK.rate - 1e-6
    for i, early in enumerate(arrivals):
        for j in range(i, len(arrivals)):
            assert (carried[j + 1] - carried[i + 1]) / LINK.rate <= arrivals[j] - early + 1e-6
