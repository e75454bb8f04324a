"""When a file that was handed over has arrived."""

from __future__ import annotations

import pytest

from jupyter_codeserver_proxy.assets.precedence import still_under_way

SECONDS = 10.0  # that a link takes for all of it


def taken(buffered: float, later: float = 1.0) -> list[tuple[float, float]]:
    """How a file is taken where buffers on the way hold a share of it.

    Args:
        buffered: that share.
        later: how much faster the link is for the second half.
    """
    shares = [number / 16 for number in range(1, 17)]
    return [(arrival(max(0.001 * share, share - buffered), later), share) for share in shares]


def arrival(share: float, later: float) -> float:
    """When so much of the file has come out of the link."""
    return SECONDS * (min(share, 0.5) + max(0.0, share - 0.5) / later)


@pytest.mark.parametrize("buffered", [0.0, 0.05, 0.2])
def test_what_buffers_hold_is_still_under_way(buffered: float) -> None:
    """Most of the time that the link takes for it, and no more, however much it is."""
    under_way = buffered * SECONDS
    assert 0.7 * under_way <= still_under_way(taken(buffered)) <= 1.01 * under_way


@pytest.mark.parametrize("later", [0.25, 0.5, 0.7, 1.5, 3.0])
def test_a_link_that_changes_is_not_waited_for_too_long(later: float) -> None:
    """Neither one that becomes slower, nor one that becomes faster."""
    assert still_under_way(taken(0.05, later)) <= 0.05 * SECONDS / later * 1.01


def test_it_does_not_matter_that_buffers_are_filled_by_fits_and_starts() -> None:
    """A kernel has room for more all at once."""
    stepped = [
        (taken(0.1)[min(15, number // 3 * 3 + 2)][0], (number + 1) / 16) for number in range(16)
    ]
    assert still_under_way(stepped) == pytest.approx(0.1 * SECONDS, abs=0.05 * SECONDS)


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param([], id="nothing"),
        pytest.param([(1.0, 1.0)], id="at-once"),
        pytest.param([(1.0, 0.75), (1.0, 1.0)], id="faster-than-the-clock"),
        pytest.param(taken(0.1)[:-1], id="left"),
        pytest.param([(1.0, 0.25), (3.0, 0.5), (5.0, 0.75), (6.0, 1.0)], id="ever-faster"),
    ],
)
def test_where_nothing_is_known_nothing_is_waited_for(seen: list[tuple[float, float]]) -> None:
    """The others go at once."""
    assert still_under_way(seen) == 0.0
