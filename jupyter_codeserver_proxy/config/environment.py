"""Environment variables that set options: their names follow from the options' names."""

from __future__ import annotations

import shlex
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, TypeVar

from traitlets import HasTraits, List
from traitlets.config.loader import DeferredConfig, DeferredConfigList, DeferredConfigString

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from traitlets import TraitType

_Options = TypeVar("_Options", bound=HasTraits)


def variables(name: str, option: TraitType[Any, Any]) -> tuple[str, ...]:
    """Returns the variables that set an option; the first one that is set wins."""
    return (f"JUPYTER_CODESERVER_{name.upper()}", *option.metadata.get("old_variables", ()))


def named_in_help(options: type[_Options]) -> type[_Options]:
    """Adds the names of its variables to the help of each option."""
    for name, option in options.class_traits(config=True).items():
        names = ", ".join(variables(name, option))
        text = f"{cleandoc(option.help)}\nEnvironment: {names}."
        option.help = option.metadata["help"] = text
    return options


def read_environment(
    options: type[HasTraits], environment: Mapping[str, str]
) -> Iterator[tuple[str, DeferredConfig]]:
    """Yields the options that the environment sets, with their values as text."""
    for name, option in options.class_traits(config=True).items():
        values = (environment.get(variable) for variable in variables(name, option))
        if value := next(filter(None, values), None):
            if isinstance(option, List):
                yield name, DeferredConfigList(shlex.split(value))
            else:
                yield name, DeferredConfigString(value)
