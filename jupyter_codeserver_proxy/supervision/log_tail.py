"""The last lines of a program's output, within bounds and without secrets."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LINES = 200
_CHARACTERS = 64 * 1024
_LONGEST_LINE = 4 * 1024

_CONTROLS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")
_SECRETS = re.compile(
    r"((?:authorization|cookie)\b[\"']?\s*[:=]).+"
    r"|((?:token|tkn|password|secret)[\"']?\s*[:=]\s*[\"']?)[^\s\"'&,;]+",
    re.IGNORECASE,
)


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

    @property
    def lines(self) -> tuple[str, ...]:
        """The last lines, oldest first, with one that is not yet at its end."""
        return (*self._lines, *([_readable(self._rest)] if self._rest else []))

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
        line, self._rest = _readable(self._rest), b""
        if len(self._lines) == _LINES:
            self._forget_first()
        self._lines.append(line)
        self._characters += len(line)
        while self._characters > _CHARACTERS:
            self._forget_first()
        self._line_read(line)

    def _forget_first(self) -> None:
        self._characters -= len(self._lines.popleft())


def _readable(line: bytes) -> str:
    """The line as text, without colours and secrets."""
    text = _CONTROLS.sub("", line.decode(errors="replace"))
    return _SECRETS.sub(lambda found: f"{found[1] or found[2]}[hidden]", text)
