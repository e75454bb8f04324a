"""Keeps the last lines of a program's output, bounded and without secrets."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

from jupyter_codeserver_proxy.masking import masked_line

if TYPE_CHECKING:
    from collections.abc import Callable

_LINES = 200
_CHARACTERS = 64 * 1024
_LONGEST_LINE = 4 * 1024

_CONTROLS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")


class LogTail:
    """Keeps at most 200 lines and 64 Ki characters, and of each line 4 KiB.

    Args:
        line_read: called with each complete line.
    """

    def __init__(self, line_read: Callable[[str], None]) -> None:
        self._line_read = line_read
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._characters = 0
        self._partial = b""
        self._in_key = False

    @property
    def lines(self) -> tuple[str, ...]:
        """The last lines, oldest first, and the beginning of an unfinished one."""
        return (*self._lines, *([self._readable(is_complete=False)[0]] if self._partial else []))

    def feed(self, data: bytes) -> None:
        """Adds a piece of output, cut anywhere."""
        first, *others = data.split(b"\n")
        self._extend(first)
        for piece in others:
            self._end_line()
            self._extend(piece)

    def finish(self) -> None:
        """Ends an unfinished line, as no more output comes."""
        if self._partial:
            self._end_line()

    def _extend(self, piece: bytes) -> None:
        self._partial += piece[: _LONGEST_LINE - len(self._partial)]

    def _end_line(self) -> None:
        # A line that is too long was cut, perhaps within a secret.
        line, self._in_key = self._readable(is_complete=len(self._partial) < _LONGEST_LINE)
        self._partial = b""
        if len(self._lines) == _LINES:
            self._forget_first()
        self._lines.append(line)
        self._characters += len(line)
        while self._characters > _CHARACTERS:
            self._forget_first()
        self._line_read(line)

    def _forget_first(self) -> None:
        self._characters -= len(self._lines.popleft())

    def _readable(self, *, is_complete: bool) -> tuple[str, bool]:
        """Returns the line without colours and secrets, and whether a key continues after it."""
        text = _CONTROLS.sub("", self._partial.decode(errors="replace"))
        return masked_line(text, in_key=self._in_key, is_complete=is_complete)
