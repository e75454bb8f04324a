"""What is wrong in a file, told in one line that names the place and the remedy."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

KeyPath = tuple[str | int, ...]


class UnusableError(Exception):
    """A command cannot do its work; the message is for a person."""

    exit_code = 2


class FileError(UnusableError):
    """A file that a person wrote cannot be used; the message begins with its name."""

    exit_code = 3


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend."""

    source: str  # the file at fault, or the name of whatever else is
    path: str  # the place in the values, in dots; empty when it is not one place
    message: str  # what is wrong and what would be right
    line: int = 0  # counted from 1; 0 where there is none

    @property
    def where(self) -> str:
        """The source with its line."""
        return f"{self.source}:{self.line}" if self.line else self.source

    def __str__(self) -> str:
        """The line for a person."""
        return ": ".join(part for part in (self.where, self.path, self.message) if part)


def dotted(path: KeyPath) -> str:
    """Writes a path as a person does: `singleuser.profileList[0].slug`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}"
    return text.removeprefix(".")


def did_you_mean(word: object, known: Iterable[object]) -> str:
    """Names the nearest known word, as the end of a message; empty when none is near."""
    names = {str(name).lower(): str(name) for name in known}
    found = difflib.get_close_matches(str(word).lower(), list(names), n=1)
    return f"; did you mean '{names[found[0]]}'?" if found else ""


def shown(file: Path) -> str:
    """Writes a path relative to the working folder where it is below it."""
    return str(file.relative_to(Path.cwd())) if file.is_relative_to(Path.cwd()) else str(file)
