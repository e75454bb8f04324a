"""What is wrong with the values, in one line that says where and what to do."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

KeyPath = tuple[str | int, ...]


class UnusableError(Exception):
    """Nothing can be checked: a file cannot be read, a layer or the chart is missing."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend.

    Attributes:
        where: the file and line that say it, or what else is at fault.
        path: the place in the values, in dots; empty when it is not one place.
        message: what is wrong and what would be right.
    """

    where: str
    path: str
    message: str

    def __str__(self) -> str:
        """The line for a person."""
        return ": ".join(part for part in (self.where, self.path, self.message) if part)


def dotted(path: KeyPath) -> str:
    """A path as a person writes it: `singleuser.profileList[0].slug`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}"
    return text.removeprefix(".")


def did_you_mean(word: object, known: Iterable[object]) -> str:
    """The known word that is nearest, as the end of a message; empty when none is near."""
    names = {str(each).lower(): str(each) for each in known}
    found = difflib.get_close_matches(str(word).lower(), list(names), n=1)
    return f"; did you mean '{names[found[0]]}'?" if found else ""
