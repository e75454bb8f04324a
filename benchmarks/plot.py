"""Draws the short table as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .measurements import IN_SHORT, ROWS, TITLES, Contender

if TYPE_CHECKING:
    from pathlib import Path

    from .measurements import Row
    from .results import Results

_COLOURS = {
    Contender.DIRECT: "#9aa0a6",
    Contender.PEER_TCP: "#f4b183",
    Contender.PEER_SOCKET: "#d98c4f",
    Contender.OURS: "#0078d4",
}


def draw(results: Results, file: Path) -> None:
    """Writes a picture in the format of the file's extension (`.svg`, `.png`).

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: the format is unknown.
    """
    # Tables alone need no matplotlib.
    from matplotlib.figure import Figure  # noqa: PLC0415

    rows = [row for row in ROWS if row.key in IN_SHORT & results.samples.keys()]
    figure = Figure(figsize=(9, 1.5 * len(rows) + 0.4), layout="constrained")
    for axes, row in zip(figure.subplots(len(rows), squeeze=False).flat, rows, strict=True):
        bars = _bars(results, row)
        names = [TITLES[contender] for contender in bars]
        colours = [_COLOURS[contender] for contender in bars]
        drawn = axes.barh(names, list(bars.values()), color=colours)
        axes.bar_label(drawn, fmt=f"%.{row.unit.digits}f", padding=3)
        better = ", more is better" if row.more_is_better else ""
        axes.set_title(f"{row.title} ({row.unit.name}{better})", loc="left", fontsize=10)
        axes.invert_yaxis()
        axes.xaxis.set_visible(False)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
    figure.savefig(file)


def _bars(results: Results, row: Row) -> dict[Contender, float]:
    medians = {contender: results.median(row.key, contender) for contender in _COLOURS}
    return {
        contender: median * row.unit.scale
        for contender, median in medians.items()
        if isinstance(median, int | float)
    }
