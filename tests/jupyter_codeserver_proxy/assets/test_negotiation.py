"""What a client may be sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_codeserver_proxy.assets.negotiation import (
    UnsatisfiableRangeError,
    accepted_encodings,
    requested_range,
)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("gzip, deflate, br, zstd", ["br", "gzip"], id="chromium"),
        pytest.param("", [], id="nothing"),
        pytest.param("identity", [], id="identity"),
        pytest.param("gzip", ["gzip"], id="gzip alone"),
        pytest.param("br;q=0.5, gzip;q=0.8", ["gzip", "br"], id="prefers gzip"),
        pytest.param("br;q=0, gzip", ["gzip"], id="refuses brotli"),
        pytest.param("*", ["br", "gzip"], id="anything"),
        pytest.param("*, br;q=0", ["gzip"], id="anything but brotli"),
        pytest.param("identity, br;q=0.5", [], id="prefers identity"),
        pytest.param("BR ; Q=1", ["br"], id="upper case and spaces"),
        pytest.param("br;q=much", [], id="a quality that is no number"),
        pytest.param("x-br, gzipped", [], id="other names"),
    ],
)
def test_the_encoding_that_is_preferred_comes_first(header: str, expected: list[str]) -> None:
    """q-values decide, then size."""
    assert accepted_encodings(header) == expected


@given(st.text())
def test_any_accept_encoding_is_understood_or_ignored(header: str) -> None:
    """Nothing a client can send raises."""
    assert set(accepted_encodings(header)) <= {"br", "gzip"}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(None, None, id="none"),
        pytest.param("bytes=0-0", (0, 1), id="first byte"),
        pytest.param("bytes=10-", (10, 100), id="open end"),
        pytest.param("bytes=-10", (90, 100), id="the last ten"),
        pytest.param("bytes=-1000", (0, 100), id="more than there is, from the end"),
        pytest.param("bytes=90-1000", (90, 100), id="an end behind the end"),
        pytest.param("bytes=5-2", None, id="backwards"),
        pytest.param("bytes=0-1,3-4", None, id="several"),
        pytest.param("bytes=-", None, id="no number"),
        pytest.param("lines=1-2", None, id="another unit"),
        pytest.param("bytes=" + "9" * 5000 + "-", None, id="a number without end"),
    ],
)
def test_a_single_range_is_understood_and_others_are_ignored(
    header: str | None, expected: tuple[int, int] | None
) -> None:
    """A range is given as its first byte and the one behind its last."""
    assert requested_range(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=500-600", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(header: str) -> None:
    """The caller answers it with 416."""
    with pytest.raises(UnsatisfiableRangeError):
        requested_range(header, 100)
