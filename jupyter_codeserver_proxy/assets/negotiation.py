"""Reads what a client accepts: encodings, and the range that it asks for (RFC 9110)."""

from __future__ import annotations

import re

ENCODINGS = ("br", "gzip")  # the smaller first: it wins where a client prefers neither

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class UnsatisfiableRangeError(Exception):
    """The range begins behind the end: status 416."""


def accepted_encodings(header: str) -> list[str]:
    """Returns those of `ENCODINGS` that an Accept-Encoding header accepts, best first.

    Leaves out an encoding that the client likes less than none at all.
    """
    weights = dict(map(_weight, filter(None, map(str.strip, header.lower().split(",")))))
    other = weights.get("*", 0.0)
    quality = {name: weights.get(name, other) for name in ENCODINGS}
    floor = weights.get("identity", 0.0)
    accepted = [name for name in ENCODINGS if quality[name] > 0 and quality[name] >= floor]
    return sorted(accepted, key=lambda name: -quality[name])


def _weight(item: str) -> tuple[str, float]:
    name, _, parameter = item.partition(";")
    key, _, value = parameter.partition("=")
    if key.strip() != "q":
        return name.strip(), 1.0
    try:
        return name.strip(), float(value)
    except ValueError:
        return name.strip(), 0.0


def requested_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Returns the first byte and the one behind the last of a Range header's single range.

    Returns:
        None for no range, several, or a malformed one: all bytes are sent.

    Raises:
        UnsatisfiableRangeError: the range lies behind the `size` bytes of the file.
    """
    match = _RANGE.fullmatch(header.replace(" ", "")) if header else None
    if not match or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= end:
        raise UnsatisfiableRangeError(header)
    return start, end
