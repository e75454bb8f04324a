"""What a client may be sent: the encoding it prefers, the range it asks for (RFC 9110)."""

from __future__ import annotations

import re

# Best first: equal wishes are decided by size.
ENCODINGS = ("br", "gzip")

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class UnsatisfiableRangeError(Exception):
    """A range that begins behind the end: status 416."""


def accepted_encodings(header: str) -> list[str]:
    """The encodings of `ENCODINGS` that an Accept-Encoding header wishes for, best first.

    One that it likes less than no encoding at all is left out.
    """
    wishes = dict(map(_wish, filter(None, map(str.strip, header.lower().split(",")))))
    other = wishes.get("*", 0.0)
    quality = {name: wishes.get(name, other) for name in ENCODINGS}
    floor = wishes.get("identity", 0.0)
    wanted = [name for name in ENCODINGS if quality[name] > 0 and quality[name] >= floor]
    return sorted(wanted, key=lambda name: -quality[name])


def _wish(item: str) -> tuple[str, float]:
    name, _, parameter = item.partition(";")
    key, _, value = parameter.partition("=")
    if key.strip() != "q":
        return name.strip(), 1.0
    try:
        return name.strip(), float(value)
    except ValueError:
        return name.strip(), 0.0


def requested_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The first byte and the one behind the last of a Range header's single range.

    Returns:
        None where all is to be sent: no range, several, or one that cannot be understood.

    Raises:
        UnsatisfiableRangeError: it lies behind the `size` bytes there are.
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
