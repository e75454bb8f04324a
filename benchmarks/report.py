"""Turns results into text: which targets are reached, and the tables in Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .measurements import IN_SHORT, ROWS, TITLES, Bound, Contender, Row, Target
from .results import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .results import Results, Sample

_SHORT_NAMES = {
    Contender.DIRECT: "code-server",
    Contender.DEFAULTS: "code-server with its defaults",
    Contender.PEER_TCP: "peer TCP",
    Contender.PEER_SOCKET: "peer socket",
    Contender.JUPYTER: "Jupyter alone",
}
_MAX_REASON = 30  # characters

NOTES = """\
- Everything runs on one machine, over loopback; one server at a time, each with a new home. \
Each round starts with another one.
- *Ready*: the workbench is painted, and the explorer shows all files of the workspace. The \
browser's cache is empty, and no debugger is attached to its pages. Warm: VS Code has been opened \
once before.
- The slow links pace each direction at their rate, with a queue of one bandwidth-delay product \
(64 KiB at least), and delay it by half the round trip. A new connection costs one round trip. \
There is no loss and no slow start, and headers of TCP and IP are not counted.
- *Bytes* are those of both directions from the click until less than 20 kB pass in 2 s.
- code-server itself has the flags that ours gives it, and none where its defaults are compared; \
the peer has those that it comes with. Ours leaves VS Code's AI assistant out, its default, and \
carries a small extension.
- Ours has its assets compressed beforehand, as in an image.
- *Cold*: code-server does not run yet. By itself, it is started, awaited and then opened.
- *Small requests* are `GET healthz`: eight connections, each with one request at a time; the \
best of seven turns of one second, after 3 s of warm-up. Jupyter alone answers them with an empty \
handler that authenticates by the same cookie.
- *Websocket messages* have 64 bytes, 256 of them are under way, and none is compressed. They go \
to an echo that runs in VS Code, as the *download* comes from there: all four pass through \
code-server's own `proxy/PORT/`. Rate and round trip are the medians of seven turns of one second \
after 20 s of warm-up, in which code-server's JavaScript is compiled.
- *Stood idle*: JupyterLab was opened over the same link, and nothing passed any more.
- *JupyterLab's load* is from the request to its launcher, over loopback with an empty cache, the \
best of three; Jupyter alone has all of JupyterLab's extensions but ours.
- *Growth* is that of the Jupyter process' resident memory, at its peak.
- *Start* (to the first answer, the best of seven) and *memory* are those of the same Jupyter \
server with our server extension and without; jupyter-server-proxy knows our entry in both. As in \
the image, rfc3987-syntax is not installed, whose import takes longer than all the rest."""


@dataclass(frozen=True)
class Verdict:
    """The verdict on a target.

    Attributes:
        row: the row of the target.
        target: the target.
        other: the contender that we are compared with, None for a plain limit.
        value: the value that is compared with the limit, None if our measurement failed.
    """

    row: Row
    target: Target
    other: Contender | None
    value: float | None

    @property
    def met(self) -> bool:
        """Whether the target is reached; False if our measurement failed."""
        if self.value is None:
            return False
        limit = self.target.limit
        return self.value >= limit if self.row.more_is_better else self.value <= limit

    def __str__(self) -> str:
        """A line such as "click to ready: 1.10, missed: ≤ 1.02 times code-server"."""
        value = "no figure" if self.value is None else _amount(self.row, self.target, self.value)
        outcome = "reached" if self.met else "missed"
        others = () if self.other is None else (self.other,)
        wanted = _wanted(self.row, Target(self.target.limit, self.target.bound, others))
        return f"{self.row.title}: {value}, {outcome}: {wanted}"


def verdicts(results: Results) -> list[Verdict]:
    """Returns verdicts on all targets for which we were tried, and the other has a figure."""
    return [verdict for row in ROWS for verdict in _verdicts(results, row)]


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


def full_table(results: Results) -> str:
    """Returns all rows: medians with the least and the greatest, targets, and verdicts."""
    measured = {contender for row in results.samples.values() for contender in row}
    columns = [contender for contender in Contender if contender in measured]
    lines = [("", *(TITLES[contender] for contender in columns), "to reach", "reached")]
    for row in ROWS:
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
        f"{'no figure' if verdict.value is None else _amount(row, verdict.target, verdict.value)} "
        f"{'✓' if verdict.met else '**missed**'}"
        for verdict in _verdicts(results, row)
    )


def _amount(row: Row, target: Target, value: float) -> str:
    if target.bound is Bound.RATIO:
        return f"{value:.3g}"
    return f"{_figure(row, value)} {row.unit.name}"
