"""A YAML file, with the line of each of its parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from .problems import FileError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .problems import KeyPath

# The loaders in C are ten times as fast, where PyYAML was built with them.
FastLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_StringLoader: type[yaml.BaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_DEEPEST = 50  # levels; an alias that contains itself has no end
_MOST = 200_000  # parts; aliases of aliases multiply


class DocumentError(FileError):
    """A file cannot be read, or is not what it should be.

    `line` counts from 1, and is None where no line is to blame. `hint` says what to do.
    """

    def __init__(self, file: Path, line: int | None, what: str, hint: str) -> None:
        place = shown(file) if line is None else f"{shown(file)}:{line}"
        super().__init__(f"{place}: {what}; {hint}")
        self.file, self.line, self.what, self.hint = str(file), line, what, hint


@dataclass(frozen=True)
class Document:
    """One YAML file."""

    file: Path  # as the operator named it
    content: Any  # maps, lists and scalars
    lines: dict[KeyPath, int] = field(repr=False)  # of each path in it, counted from 1

    def line(self, path: KeyPath) -> int | None:
        """Returns the line of a part, or of the nearest part around it that exists."""
        for length in range(len(path), -1, -1):
            if found := self.lines.get(path[:length]):
                return found
        return None


def read(file: Path, *, typed: bool = False) -> Document:
    """Read a YAML file; where `typed`, with numbers, dates and booleans.

    Otherwise every scalar is a string, so that `10:15` is not a number of base sixty.

    Raises:
        DocumentError: it cannot be read, is not YAML, or gives a key twice.
    """
    source = text(file)
    try:
        loader: Any = (FastLoader if typed else _StringLoader)(source)
        node = loader.get_single_node()
        lines = _lines(file, node)
        content = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        what = f"not YAML: {error.problem or error.context}"
        hint = "check indentation, colons and quotes there"
        raise DocumentError(file, line, what, hint) from error
    except yaml.reader.ReaderError as error:
        line = source.encode().count(b"\n", 0, error.position) + 1
        raise DocumentError(file, line, "not YAML: a control character", "remove it") from error
    except (yaml.YAMLError, ValueError) as error:
        what = f"not YAML: {str(error).splitlines()[0]}"
        hint = "look for impossible dates and numbers"
        raise DocumentError(file, None, what, hint) from error
    except RecursionError as error:
        what = "not YAML: its brackets have no end"
        raise DocumentError(file, None, what, "close them") from error
    return Document(file, content, lines)


def text(file: Path) -> str:
    """Read a file that a person wrote.

    Raises:
        DocumentError: it cannot be read, or is not UTF-8.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise DocumentError(file, None, what, "look at its name and rights") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DocumentError(file, line, "is not UTF-8", "save it as UTF-8") from error


def _lines(file: Path, root: yaml.Node | None) -> dict[KeyPath, int]:
    lines: dict[KeyPath, int] = {(): 1}
    seen: dict[KeyPath, int] = {}
    for path, line in _walk(root, ()):
        if path in seen and isinstance(path[-1], str):
            what = f"'{path[-1]}' stands here a second time (first in line {seen[path]})"
            raise DocumentError(file, line, what, "only one of them would count: join them")
        if len(path) > _DEEPEST or len(seen) > _MOST:
            what = "an alias (*) expands to too much, or to itself"
            raise DocumentError(file, line, what, "write out what it stands for")
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
