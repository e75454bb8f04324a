"""The files of values, and how they are merged: in order, as Helm merges them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, reduce
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from .problems import UnusableError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .problems import KeyPath

Values = dict[str, Any]

# Ten times as fast, where PyYAML was built with it.
FastLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

FOLDER = Path(__file__).parents[1] / "values"
BASE = ("common", "culling")
ENVIRONMENTS = ("staging", "prod")
# In the order in which they are merged: after the environment come classes, and exams last.
SANDBOX = "sandbox"
CLASSES = "classes/"
EXAMS = "exams"


@dataclass(frozen=True)
class Layer:
    """One file of values.

    Attributes:
        file: where it is.
        values: what it says.
        lines: for each path in it the line that says it, counted from 1.
    """

    file: Path
    values: Values
    lines: dict[KeyPath, int] = field(repr=False)


@dataclass(frozen=True)
class Stack:
    """Layers in the order in which they are merged."""

    layers: tuple[Layer, ...]

    @property
    def name(self) -> str:
        """What an operator calls it: the layers but those that every hub has."""
        names = [_name(layer.file) for layer in self.layers]
        return " + ".join(name for name in names if name not in BASE)

    @cached_property
    def values(self) -> Values:
        """All layers in one."""
        return reduce(merge, (layer.values for layer in self.layers), {})

    def origin(self, path: KeyPath) -> str:
        """The file and line that a value comes from, or those of the part that is there."""
        for length in range(len(path), 0, -1):
            for layer in reversed(self.layers):
                if line := layer.lines.get(path[:length]):
                    return f"{shown(layer.file)}:{line}"
        return self.name or "the values"


def read(file: Path) -> Layer:
    """Read one file of values.

    Raises:
        UnusableError: it is not there, is no YAML, says a key twice, or is no map.
    """
    try:
        text = file.read_text()
        root = yaml.compose(text, Loader=FastLoader)
        values = yaml.load(text, FastLoader)  # noqa: S506 -- the safe one, in C
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableError(f"{shown(file)}: cannot be read: {error}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f":{mark.line + 1}" if mark else ""
        raise UnusableError(f"{shown(file)}{at}: not YAML: {error.problem}") from error
    if values is None:
        return Layer(file, {}, {})
    if not isinstance(values, dict):
        raise UnusableError(f"{shown(file)}: has to be a map of values, as the other layers are")
    lines: dict[KeyPath, int] = {}
    for path, line in _lines(root, ()):
        if path in lines:
            raise UnusableError(
                f"{shown(file)}:{line}: '{path[-1]}' stands here a second time (first in line "
                f"{lines[path]}), and only one of them would count: join them"
            )
        lines[path] = line
    return Layer(file, values, lines)


def merge(under: Values, over: Values) -> Values:
    """Put a layer over another: maps are merged, all else is replaced."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        is_map = isinstance(below, dict) and isinstance(value, dict)
        result[key] = merge(below, value) if is_map else value  # type: ignore[arg-type]
    return result


def over_defaults(defaults: Values, values: Values) -> Values:
    """Put values over a chart's own, where Helm takes null as `not even the default`."""
    result = dict(defaults)
    for key, value in values.items():
        below = result.get(key)
        if value is None and key in result:
            del result[key]
        elif isinstance(below, dict) and isinstance(value, dict):
            result[key] = over_defaults(below, value)
        else:
            result[key] = value
    return result


def stack(environment: str, extras: Iterable[str] = (), folder: Path = FOLDER) -> Stack:
    """The layers of an environment with others over it, named as their files are.

    Raises:
        UnusableError: there is no such environment or layer.
    """
    known = [EXAMS, SANDBOX, *classes(folder)]
    extras = list(dict.fromkeys(extras))
    if environment not in ENVIRONMENTS:
        near = did_you_mean(environment, ENVIRONMENTS)
        raise UnusableError(f"no environment '{environment}': {' or '.join(ENVIRONMENTS)}{near}")
    for name in extras:
        if name not in known:
            near = did_you_mean(name, known)
            raise UnusableError(f"no layer '{name}' in {shown(folder)}{near}")
    extras.sort(key=lambda name: (name == EXAMS, name not in (SANDBOX, EXAMS)))
    ordered = [*BASE, environment, *extras]
    return Stack(tuple(read(folder / f"{name}.yaml") for name in ordered))


def classes(folder: Path = FOLDER) -> list[str]:
    """The names of the class layers, such as `classes/databases`."""
    return sorted(f"{CLASSES}{file.stem}" for file in folder.joinpath(CLASSES).glob("*.yaml"))


def combinations(folder: Path = FOLDER) -> Iterator[Stack]:
    """Every stack that can be deployed: environments, with and without sandbox, class and exam."""
    choices = product(
        ENVIRONMENTS, ((), (SANDBOX,)), ((), *((name,) for name in classes(folder))), ((), (EXAMS,))
    )
    for environment, sandbox, one_class, exams in choices:
        yield stack(environment, (*sandbox, *one_class, *exams), folder)


def get(values: Values, *path: str) -> Any:  # noqa: ANN401 -- values are whatever YAML holds
    """A value by its path; None where there is nothing."""
    found: Any = values
    for key in path:
        if not isinstance(found, dict):
            return None
        found = found.get(key)
    return found


def _lines(node: yaml.Node | None, path: KeyPath) -> Iterator[tuple[KeyPath, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, key.value), key.start_mark.line + 1
            yield from _lines(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (*path, number), value.start_mark.line + 1
            yield from _lines(value, (*path, number))


def _name(file: Path) -> str:
    return f"{CLASSES}{file.stem}" if file.parent.name == CLASSES.rstrip("/") else file.stem


def shown(file: Path) -> str:
    """A path as short as it can be typed from here."""
    return str(file.relative_to(Path.cwd())) if file.is_relative_to(Path.cwd()) else str(file)
