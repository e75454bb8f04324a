"""Shows progress to a person: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager


class Report(Protocol):
    """Shows how the work goes."""

    def line(self, text: str) -> None:
        """Prints a line."""

    def meter(
        self, what: str, total: int | None, start: int
    ) -> AbstractContextManager[Callable[[int], object]]:
        """Shows a transfer, by calls of the context's function with numbers of bytes."""


class Quiet:
    """Shows nothing."""

    def line(self, text: str) -> None:
        """Prints nothing."""

    @contextmanager
    def meter(self, *_: object, **__: object) -> Iterator[Callable[[int], object]]:
        """Shows nothing of a transfer."""
        yield lambda _: None


class Lines:
    """Prints plain lines, for a transfer at each tenth or, if its length is unknown, each 50 MB."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def line(self, text: str) -> None:
        """Prints a line."""
        print(text, file=self._stream, flush=True)

    @contextmanager
    def meter(self, what: str, total: int | None, start: int) -> Iterator[Callable[[int], object]]:
        """Prints lines during a transfer."""
        step = max(total // 10, 1) if total else 50_000_000
        done, printed = start, start // step

        def advance(count: int) -> None:
            nonlocal done, printed
            done += count
            if done // step > printed:
                printed = done // step
                of = f" of {readable(total)}" if total else ""
                self.line(f"{what}: {readable(done)}{of}")

        yield advance


class Bars(Lines):
    """Shows a transfer as a bar with its rate and the time left."""

    @contextmanager
    def meter(self, what: str, total: int | None, start: int) -> Iterator[Callable[[int], object]]:
        """Shows a bar during a transfer."""
        size = os.get_terminal_size(self._stream.fileno())
        with tqdm(
            desc=what,
            total=total,
            initial=start,
            unit="B",
            unit_scale=True,
            file=self._stream,
            # tqdm shows nothing on a terminal without a size, as in some containers.
            ncols=size.columns or 80,
            nrows=size.lines or 24,
        ) as bar:
            yield bar.update


def report_to(stream: TextIO | None = None, *, quiet: bool = False) -> Report:
    """Returns the report for a stream, which is standard error by default."""
    stream = stream or sys.stderr
    if quiet:
        return Quiet()
    return Bars(stream) if stream.isatty() else Lines(stream)


def readable(count: float) -> str:
    """Returns a number of bytes as text, for example 26 bytes, 408 kB or 1.23 GB."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 999.5:  # noqa: PLR2004 - three digits write more as 1e+03
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
