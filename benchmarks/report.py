"""Turns results into text: which targets are reached, and the tables in Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .link import CHECKOUT
from .measurements import IN_SHORT, ROWS, TITLES, Bound, Contender, Row, Target
from .results import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .results import Results, Sample

_SHORT_NAMES = {
    Contender.DIRECT: "code-server",
    Contender.DEFAULTS: "code-server with its defaults",
    Contender.PEER_TCP: "peer TCP",
    Contender.PEER_SOCKET: "peer socket",
    Contender.JUPYTER: "Jupyter alone",
    Contender.JUPYTERLAB: "JupyterLab",
    Contender.OFF: "ours switched off",
}
_MAX_REASON = 30  # characters


@dataclass(frozen=True)
class Verdict:
    """The verdict on a target."""

    row: Row
    target: Target
    other: Contender | None  # that we are compared with; None for a plain limit
    value: float | None  # that is compared with the limit; None if our measurement failed

    @property
    def met(self) -> bool:
        """Whether the target is reached; False if our measurement failed."""
        if self.value is None:
            return False
        limit = self.target.limit
        return self.value >= limit if self.row.more_is_better else self.value <= limit

    @property
    def figure(self) -> str:
        """The value as text."""
        return "no figure" if self.value is None else _amount(self.row, self.target, self.value)

    def __str__(self) -> str:
        """A line such as "click to ready: 1.10, missed: ≤ 1.02 times code-server"."""
        outcome = "reached" if self.met else "missed"
        others = () if self.other is None else (self.other,)
        wanted = _wanted(self.row, Target(self.target.limit, self.target.bound, others))
        return f"{self.row.title}: {self.figure}, {outcome}: {wanted}"


def verdicts(results: Results, rows: Sequence[Row] = ROWS) -> list[Verdict]:
    """Returns verdicts on all targets for which we were tried, and the other has a figure."""
    return [verdict for row in rows for verdict in _verdicts(results, row)]


def _verdicts(results: Results, row: Row) -> Iterator[Verdict]:
    ours = results.median(row.key, Contender.OURS)
    if ours is None:
        return
    for target in row.targets:
        if target.bound is Bound.ITSELF:
            yield Verdict(row, target, None, None if isinstance(ours, str) else ours)
        for other in target.others:
            theirs = results.median(row.key, other)
            if isinstance(theirs, float | int):
                value = None if isinstance(ours, str) else _compared(target, ours, theirs)
                yield Verdict(row, target, other, value)


def _compared(target: Target, ours: float, theirs: float) -> float:
    if target.bound is Bound.DIFFERENCE:
        return ours - theirs
    return ours / theirs if theirs else float("inf")


def machine(results: Results) -> str:
    """Returns the properties of the machine as a list."""
    return "\n".join(f"- {name}: {value}" for name, value in results.machine.items())


def notes() -> str:
    """Returns the method, in the words of the document, whose last list it is."""
    text = (CHECKOUT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    return text.rstrip().rpartition("\n\n")[2]


def full_table(results: Results, rows: Sequence[Row] = ROWS) -> str:
    """Returns all rows: medians with the least and the greatest, targets, and verdicts."""
    measured = {contender for row in results.samples.values() for contender in row}
    columns = [contender for contender in Contender if contender in measured]
    lines = [("", *(TITLES[contender] for contender in columns), "to reach", "reached")]
    for row in rows:
        if row.key in results.samples:
            cells = [_spread(results, row, contender) for contender in columns]
            wanted = ", ".join(_wanted(row, target) for target in row.targets)
            lines.append((_title(row), *cells, wanted, _reached(results, row)))
    return _markdown(lines)


def short_table(results: Results) -> str:
    """Returns the most important rows, medians alone."""
    columns = (Contender.DIRECT, Contender.PEER_TCP, Contender.OURS)
    lines = [(f"median of {_count(results)}", *(TITLES[contender] for contender in columns))]
    for row in ROWS:
        if row.key in IN_SHORT & results.samples.keys():
            cells = [_cell(row, results.median(row.key, contender)) for contender in columns]
            lines.append((_title(row), *cells[:-1], f"**{cells[-1]}**"))
    return _markdown(lines)


def _count(results: Results) -> int:
    taken = (samples for by in results.samples.values() for samples in by.values())
    return min(map(len, taken), default=0)


def _markdown(lines: list[tuple[str, ...]]) -> str:
    head, *rest = lines
    rule = ("---", *("---:" for _ in head[1:]))
    return "\n".join(_row(cells) for cells in (head, rule, *rest))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _title(row: Row) -> str:
    return f"{row.title} ({row.unit.name})"


def _cell(row: Row, figure: Sample | None) -> str:
    if figure is None:
        return "-"
    return f"fails: {figure[:_MAX_REASON]}" if isinstance(figure, str) else _figure(row, figure)


def _figure(row: Row, figure: float) -> str:
    return f"{figure * row.unit.scale:,.{row.unit.digits}f}"


def _spread(results: Results, row: Row, contender: Contender) -> str:
    median = results.median(row.key, contender)
    cell = _cell(row, median)
    figures = numbers(results.of(row.key, contender))
    if isinstance(median, str) or len(figures) < 2:  # noqa: PLR2004 -- one has no spread
        return cell
    return f"{cell} ({_figure(row, min(figures))} to {_figure(row, max(figures))})"


def _wanted(row: Row, target: Target) -> str:
    sign = "≥" if row.more_is_better else "≤"
    amount = f"{sign} {_amount(row, target, target.limit)}"
    others = " and ".join(_SHORT_NAMES[other] for other in target.others)
    if target.bound is Bound.RATIO:
        return f"{amount} times {others}"
    return f"{amount} above {others}" if target.bound is Bound.DIFFERENCE else amount


def _reached(results: Results, row: Row) -> str:
    return ", ".join(
        f"{verdict.figure} {'✓' if verdict.met else '**missed**'}"
        for verdict in _verdicts(results, row)
    )


def _amount(row: Row, target: Target, value: float) -> str:
    if target.bound is Bound.RATIO:
        return f"{value:.3g}"
    return f"{_figure(row, value)} {row.unit.name}"
