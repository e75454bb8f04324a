"""Aligned tables, and times in text."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo


def aligned(rows: Sequence[Sequence[str]], left: set[int]) -> str:
    """Formats rows as columns, aligned to the right except for the columns in `left`."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
    return "\n".join(lines)


def iso(seconds: float, zone: ZoneInfo) -> str:
    """Formats a time in ISO 8601, with the zone's offset."""
    return datetime.fromtimestamp(seconds, zone).isoformat()


def money(amount: float | None, currency: str) -> str:
    """Formats an amount, or `-` for None."""
    return "-" if amount is None else f"{amount:.2f} {currency}".rstrip()
