"""The files of values, and how they are merged: in order, as Helm merges them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, reduce
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from z2jh import document
from z2jh.document import DocumentError
from z2jh.problems import Problem, UnusableError, did_you_mean, dotted, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from z2jh.problems import KeyPath

Values = dict[str, Any]

FOLDER = Path(__file__).parents[1] / "values"
BASE = ("common", "culling")
ENVIRONMENTS = ("staging", "prod")
# In the order in which they are merged: after the environment come classes, and exams last.
SANDBOX = "sandbox"
CLASSES = "classes/"
EXAMS = "exams"

# What the chart (Zero to JupyterHub 4.4.0) takes where no layer says anything.
CHART_DEFAULTS: Values = {
    "cull": {"enabled": True, "timeout": 3600, "every": 600},
    "hub": {"concurrentSpawnLimit": 64},
    "singleuser": {
        "memory": {"guarantee": "1G"},
        "startTimeout": 300,
        "storage": {"type": "dynamic"},
    },
}


@dataclass(frozen=True)
class Layer:
    """One file of values."""

    file: Path
    values: Values
    lines: dict[KeyPath, int] = field(repr=False)  # of each path in it, counted from 1


@dataclass(frozen=True)
class Stack:
    """Layers in the order in which they are merged."""

    layers: tuple[Layer, ...]

    @property
    def name(self) -> str:
        """An operator's name for it: the layers but those that every hub has."""
        names = [_name(layer.file) for layer in self.layers]
        return " + ".join(name for name in names if name not in BASE)

    @cached_property
    def values(self) -> Values:
        """All layers in one."""
        return reduce(merge, (layer.values for layer in self.layers), {})

    def problem(self, path: KeyPath, message: str) -> Problem:
        """Returns a problem with a value, at the line of the value or of the part around it."""
        for length in range(len(path), 0, -1):
            for layer in reversed(self.layers):
                if line := layer.lines.get(path[:length]):
                    return Problem(shown(layer.file), dotted(path), message, line)
        return Problem(self.name or "the values", dotted(path), message)


def read(file: Path) -> Layer:
    """Read one file of values.

    Raises:
        DocumentError: it cannot be read, is not YAML, gives a key twice, or is not a map.
    """
    found = document.read(file, typed=True)
    if not isinstance(found.content, dict | None):
        hint = "begin with a key, such as `custom:`"
        raise DocumentError(file, None, "has to be a map of values", hint)
    return Layer(file, found.content or {}, found.lines)


def merge(under: Values, over: Values) -> Values:
    """Put a layer over another: maps are merged, all else is replaced."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        is_map = isinstance(below, dict) and isinstance(value, dict)
        result[key] = merge(below, value) if is_map else value  # type: ignore[arg-type]
    return result


def over_defaults(defaults: Values, values: Values) -> Values:
    """Put values over a chart's own; as in Helm, null takes the default away."""
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
    """Read the layers of an environment, with others over it that are named as their files are.

    Raises:
        UnusableError: there is no such environment or layer.
        DocumentError: a file cannot be used.
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
    """Returns the names of the class layers, such as `classes/databases`."""
    return sorted(f"{CLASSES}{file.stem}" for file in folder.joinpath(CLASSES).glob("*.yaml"))


def combinations(folder: Path = FOLDER) -> Iterator[Stack]:
    """Yields every stack that can be deployed: each environment, alone and with other layers."""
    choices = product(
        ENVIRONMENTS, ((), (SANDBOX,)), ((), *((name,) for name in classes(folder))), ((), (EXAMS,))
    )
    for environment, sandbox, one_class, exams in choices:
        yield stack(environment, (*sandbox, *one_class, *exams), folder)


def get(values: Values, *path: str) -> Any:  # noqa: ANN401 -- values are whatever YAML holds
    """Returns a value by its path; None where nothing is given."""
    found: Any = values
    for key in path:
        if not isinstance(found, dict):
            return None
        found = found.get(key)
    return found


def parts(values: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:  # noqa: ANN401 -- likewise
    """Yields every part of values with its path: maps, lists and single values."""
    yield path, values
    if isinstance(values, dict | list):
        for key, value in values.items() if isinstance(values, dict) else enumerate(values):
            yield from parts(value, (*path, key))


def _name(file: Path) -> str:
    return f"{CLASSES}{file.stem}" if file.parent.name == CLASSES.rstrip("/") else file.stem
