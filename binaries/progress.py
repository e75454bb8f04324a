"""What a person sees while the fetcher works: a bar on a terminal, plain lines elsewhere."""

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
    """Where the work tells how it goes."""

    def line(self, text: str) -> None:
        """Say one thing."""

    def meter(
        self, what: str, total: int | None, start: int
    ) -> AbstractContextManager[Callable[[int], object]]:
        """Follow a transfer: gives a context manager around a function that takes byte counts."""


class Quiet:
    """Says nothing."""

    def line(self, text: str) -> None:
        """Say one thing to nobody."""

    @contextmanager
    def meter(
        self,
        what: str,  # noqa: ARG002 - the protocol's
        total: int | None,  # noqa: ARG002 - the protocol's
        start: int,  # noqa: ARG002 - the protocol's
    ) -> Iterator[Callable[[int], object]]:
        """Follow a transfer in silence."""
        yield lambda _: None


class Lines:
    """Plain lines, a transfer's at each tenth."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def line(self, text: str) -> None:
        """Say one thing."""
        print(text, file=self._stream, flush=True)

    @contextmanager
    def meter(self, what: str, total: int | None, start: int) -> Iterator[Callable[[int], object]]:
        """Follow a transfer."""
        # Of unknown length: a line for each 50 MB.
        step = max(total // 10, 1) if total else 50_000_000
        done, told = start, start // step

        def advance(count: int) -> None:
            nonlocal done, told
            done += count
            if done // step > told:
                told = done // step
                of = f" of {readable(total)}" if total else ""
                self.line(f"{what}: {readable(done)}{of}")

        yield advance


class Bars(Lines):
    """A bar with rate and time left."""

    @contextmanager
    def meter(self, what: str, total: int | None, start: int) -> Iterator[Callable[[int], object]]:
        """Follow a transfer."""
        size = os.get_terminal_size(self._stream.fileno())
        with tqdm(
            desc=what,
            total=total,
            initial=start,
            unit="B",
            unit_scale=True,
            file=self._stream,
            # A terminal without a size, as containers have them, would show nothing.
            ncols=size.columns or 80,
            nrows=size.lines or 24,
        ) as bar:
            yield bar.update


def report_to(stream: TextIO | None = None, *, quiet: bool = False) -> Report:
    """Choose by what the stream (standard error by default) is."""
    stream = stream or sys.stderr
    if quiet:
        return Quiet()
    return Bars(stream) if stream.isatty() else Lines(stream)


def readable(count: float) -> str:
    """Write a number of bytes for a person, as in 26 bytes, 408 kB or 1.23 GB."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 999.5:  # noqa: PLR2004 - what three digits write as less than 1000
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
