"""YAML files, with the line of each of their parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from z2jh.prescale.errors import Problem, ScheduleError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KeyPath = tuple[str | int, ...]
_DEEPEST = 50  # levels; an alias of itself would have no end
_MOST = 200_000  # parts; aliases of aliases multiply them


@dataclass(frozen=True)
class Document:
    """One YAML file.

    Attributes:
        file: path as the operator gave it.
        content: maps, lists and scalars.
        lines: line of each path, counted from 1.
    """

    file: Path
    content: Any
    lines: dict[KeyPath, int] = field(repr=False)

    def line(self, path: KeyPath) -> int | None:
        """Returns the line of a part, or of the nearest existing part around it."""
        for length in range(len(path), -1, -1):
            if found := self.lines.get(path[:length]):
                return found
        return None


def read(file: Path, *, typed: bool = False) -> Document:
    """Reads a YAML file.

    Args:
        file: path.
        typed: whether scalars become numbers, dates and booleans. Otherwise they stay strings,
            because YAML reads `10:15` as a number of base sixty.

    Raises:
        ScheduleError: the file cannot be read, is not YAML, or has a key twice.
    """
    source = text(file)
    try:
        loader: Any = _loader(source, typed=typed)
        node = loader.get_single_node()
        lines = _lines(file, node)
        content = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        what = f"not YAML: {error.problem or error.context}"
        raise problem_in(file, line, what, "check indentation, colons and quotes there") from error
    except yaml.reader.ReaderError as error:
        line = source.encode().count(b"\n", 0, error.position) + 1
        raise problem_in(file, line, "not YAML: a control character", "remove it") from error
    except (yaml.YAMLError, ValueError) as error:
        what = f"not YAML: {str(error).splitlines()[0]}"
        raise problem_in(
            file, None, what, "look for dates and numbers that do not exist"
        ) from error
    except RecursionError as error:
        raise problem_in(file, None, "not YAML: its brackets have no end", "close them") from error
    return Document(file, content, lines)


def text(file: Path) -> str:
    """Returns the content of a text file.

    Raises:
        ScheduleError: the file cannot be read, or is not UTF-8.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise problem_in(file, None, what, "look at its name and rights") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise problem_in(file, line, "is not UTF-8", "save it as UTF-8") from error


def _loader(source: str, *, typed: bool) -> object:
    """Returns a safe loader, in C if PyYAML was built with it."""
    slow, fast = ("SafeLoader", "CSafeLoader") if typed else ("BaseLoader", "CBaseLoader")
    loader: object = getattr(yaml, fast, getattr(yaml, slow))(source)
    return loader


def _lines(file: Path, root: yaml.Node | None) -> dict[KeyPath, int]:
    lines: dict[KeyPath, int] = {(): 1}
    seen: dict[KeyPath, int] = {}
    for path, line in _walk(root, ()):
        if path in seen and isinstance(path[-1], str):
            what = f"'{path[-1]}' is given a second time (first in line {seen[path]})"
            raise problem_in(file, line, what, "only one of them would count: join them")
        if len(path) > _DEEPEST or len(seen) > _MOST:
            what = "an alias (*) repeats too much, or refers to itself"
            raise problem_in(file, line, what, "write out what it stands for")
        seen[path] = line
    return lines | seen


def _walk(node: yaml.Node | None, path: KeyPath) -> Iterator[tuple[KeyPath, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            yield below, key.start_mark.line + 1
            yield from _walk(value, below)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (*path, number), value.start_mark.line + 1
            yield from _walk(value, (*path, number))


def problem_in(file: Path, line: int | None, what: str, hint: str = "") -> ScheduleError:
    """Returns the error for a single problem in a file."""
    return ScheduleError([Problem(str(file), line, what, hint)])
