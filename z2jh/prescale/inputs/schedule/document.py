"""A YAML file as plain strings, with the line of each of its parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from z2jh.prescale.errors import Problem, ScheduleError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Path_ = tuple[str | int, ...]
_DEEPEST = 50  # levels; a file that says itself by an alias has no end
_MOST = 200_000  # parts; aliases of aliases multiply


@dataclass(frozen=True)
class Document:
    """One YAML file.

    Attributes:
        file: as the operator named it.
        content: maps, lists and scalars.
        lines: for each path in it, the line that says it, counted from 1.
    """

    file: Path
    content: Any
    lines: dict[Path_, int] = field(repr=False)

    def line(self, path: Path_) -> int | None:
        """The line of a part, or of the nearest part around it that is there."""
        for length in range(len(path), -1, -1):
            if found := self.lines.get(path[:length]):
                return found
        return None


def read(file: Path, *, typed: bool = False) -> Document:
    """Read a YAML file.

    Args:
        file: which.
        typed: give numbers, dates and truths as YAML takes them. Otherwise every scalar is the
            string that stands there, so that `10:15` is no number of base sixty.

    Raises:
        ScheduleError: it cannot be read, is no YAML, or says a key twice.
    """
    said = text(file)
    try:
        loader: Any = _loader(said, typed=typed)
        node = loader.get_single_node()
        lines = _lines(file, node)
        content = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        what = f"not YAML: {error.problem or error.context}"
        raise _bad(file, line, what, "check indentation, colons and quotes there") from error
    except yaml.reader.ReaderError as error:
        line = said.encode().count(b"\n", 0, error.position) + 1
        raise _bad(file, line, "not YAML: a control character", "remove it") from error
    except (yaml.YAMLError, ValueError) as error:
        what = f"not YAML: {str(error).splitlines()[0]}"
        raise _bad(file, None, what, "look for dates and numbers that there are not") from error
    except RecursionError as error:
        raise _bad(file, None, "not YAML: its brackets have no end", "close them") from error
    return Document(file, content, lines)


def text(file: Path) -> str:
    """The content of a file that a person wrote.

    Raises:
        ScheduleError: it cannot be read, or is not UTF-8.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise _bad(file, None, what, "look at its name and rights") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _bad(file, line, "is not UTF-8", "save it as UTF-8") from error


def _loader(said: str, *, typed: bool) -> object:
    """The safe loaders, as fast as they are to be had."""
    slow, fast = ("SafeLoader", "CSafeLoader") if typed else ("BaseLoader", "CBaseLoader")
    made: object = getattr(yaml, fast, getattr(yaml, slow))(said)
    return made


def _lines(file: Path, root: yaml.Node | None) -> dict[Path_, int]:
    lines: dict[Path_, int] = {(): 1}
    seen: dict[Path_, int] = {}
    for path, line in _walk(root, ()):
        if path in seen and isinstance(path[-1], str):
            what = f"'{path[-1]}' stands here a second time (first in line {seen[path]})"
            raise _bad(file, line, what, "only one of them would count: join them")
        if len(path) > _DEEPEST or len(seen) > _MOST:
            what = "an alias (*) says too much, or itself"
            raise _bad(file, line, what, "write out what it stands for")
        seen[path] = line
    return lines | seen


def _walk(node: yaml.Node | None, path: Path_) -> Iterator[tuple[Path_, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            yield below, key.start_mark.line + 1
            yield from _walk(value, below)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (*path, number), value.start_mark.line + 1
            yield from _walk(value, (*path, number))


def _bad(file: Path, line: int | None, what: str, hint: str = "") -> ScheduleError:
    return ScheduleError([Problem(str(file), line, what, hint)])
