"""The last lines of a program's output, within bounds and without secrets."""

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
    """What is kept of the output: at most 200 lines and 64 Ki characters, lines up to 4 KiB.

    Args:
        line_read: called with each whole line.
    """

    def __init__(self, line_read: Callable[[str], None]) -> None:
        self._line_read = line_read
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._characters = 0
        self._rest = b""
        self._in_key = False

    @property
    def lines(self) -> tuple[str, ...]:
        """The last lines, oldest first, with one that is not yet at its end."""
        return (*self._lines, *([self._readable(is_whole=False)[0]] if self._rest else []))

    def feed(self, data: bytes) -> None:
        """Take a piece of output, cut anywhere."""
        first, *others = data.split(b"\n")
        self._extend(first)
        for piece in others:
            self._end_line()
            self._extend(piece)

    def finish(self) -> None:
        """Say that no more comes."""
        if self._rest:
            self._end_line()

    def _extend(self, piece: bytes) -> None:
        self._rest += piece[: _LONGEST_LINE - len(self._rest)]

    def _end_line(self) -> None:
        # Of a line that is too long the end is missing, which may be a secret's.
        line, self._in_key = self._readable(is_whole=len(self._rest) < _LONGEST_LINE)
        self._rest = b""
        if len(self._lines) == _LINES:
            self._forget_first()
        self._lines.append(line)
        self._characters += len(line)
        while self._characters > _CHARACTERS:
            self._forget_first()
        self._line_read(line)

    def _forget_first(self) -> None:
        self._characters -= len(self._lines.popleft())

    def _readable(self, *, is_whole: bool) -> tuple[str, bool]:
        """The line that is read, without colours and secrets; whether a key goes on after it."""
        text = _CONTROLS.sub("", self._rest.decode(errors="replace"))
        return masked_line(text, in_key=self._in_key, is_whole=is_whole)
