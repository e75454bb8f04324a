"""Layers of Helm values, merged in order, with the line of each value."""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING, Any

from z2jh.prescale.errors import Problem, ScheduleError

from . import document

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .document import Document, KeyPath

_BYTES = re.compile(r"(\d+(?:\.\d+)?)([KMGT]?)")
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


class Layers:
    """The merged values, and where each comes from.

    What is not as it should be is noted in `problems`, and the default is given instead.
    """

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        self.merged: dict[str, Any] = reduce(_merge, (it.content for it in documents), {})
        self.problems: list[Problem] = []

    def get(self, *path: str | int, default: Any = None) -> Any:  # noqa: ANN401 -- YAML's values
        """What stands there; the default if nothing does."""
        found: Any = self.merged
        try:
            for key in path:
                found = found[key]
        except (KeyError, IndexError, TypeError):
            return default
        return default if found is None else found

    def mapping(self, *path: str | int) -> dict[Any, Any]:
        """Keys and values."""
        found = self.get(*path, default={})
        if not isinstance(found, dict):
            self.bad(path, f"'{path[-1]}' is {found!r}", "write keys and values below it, indented")
            return {}
        return found

    def sequence(self, *path: str | int) -> list[Any]:
        """A list."""
        found = self.get(*path, default=[])
        if not isinstance(found, list):
            self.bad(path, f"'{path[-1]}' is {found!r}", "write a list: lines that begin with '- '")
            return []
        return found

    def bad(self, path: KeyPath, what: str, hint: str) -> None:
        """Note what is wrong with a value, where it was said last."""
        holders = [it for it in self._documents if path in it.lines] or list(self._documents)
        at = holders[-1]
        self.problems.append(Problem(str(at.file), at.line(path), what, hint))

    def number(self, path: KeyPath, default: float, most: float = 1_000_000) -> float:
        """A number from 0 to the most that makes sense."""
        value = self.get(*path, default=default)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value <= most:
            self.bad(path, f"'{path[-1]}' is {value!r}", f"write a number from 0 to {most}")
            return default
        return float(value)

    def bytes(self, path: KeyPath, default: int) -> int:
        """Bytes, in KubeSpawner's notation: `2G` is 2 times 2^30."""
        value = self.get(*path, default=default)
        match = _BYTES.fullmatch(str(value))
        if isinstance(value, bool) or not match:
            self.bad(path, f"'{path[-1]}' is {value!r}", "write bytes, as in 2147483648")
            return default
        return int(float(match.group(1)) * _UNITS[match.group(2)])


def merged(files: Sequence[Path]) -> Layers:
    """Read layers, later ones over earlier ones, as Helm does.

    Raises:
        ScheduleError: one cannot be read, or is no map; or all are empty.
    """
    documents = [document.read(file, typed=True) for file in files]
    for each in documents:
        if not isinstance(each.content, dict | None):
            raise ScheduleError(
                [Problem(str(each.file), 1, "is no map of values", "begin with `custom:`")]
            )
    layers = Layers([it for it in documents if it.content])
    if not layers.merged:
        raise ScheduleError([Problem(str(it), 1, "says nothing", "give values") for it in files])
    return layers


def _merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        result[key] = _merge(below, value) if both else value  # type: ignore[arg-type]
    return result
