"""Finds out what a script around code-server starts, by asking the node that it starts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PROBE = Path(__file__).with_name("wrapper_probe.js")

# The arguments of a test run. The one with a space shows whether the script passes words unchanged.
ARGUMENTS = ("--help", "two words")
_SPLIT = tuple(" ".join(ARGUMENTS).split())

# Variables that any shell sets.
_SET_BY_SHELL = frozenset({"NODE_OPTIONS", "OLDPWD", "PWD", "SHLVL", "_"})


@dataclass(frozen=True)
class Wrapped:
    """A code-server that a script starts.

    Attributes:
        root: the folder of its installation.
        node: the node that runs it.
        options: arguments of node itself.
        arguments: arguments that the script adds to those that it is given.
        environment: variables that the script sets.
        is_split: whether the script splits words at spaces (`$*`). It then cannot pass on a title
            or a folder with a space.
    """

    root: Path
    node: Path
    options: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    is_split: bool = False

    def words(self, *options: str) -> tuple[str, ...]:
        """Returns the words that the script runs, before the arguments that it is given.

        Args:
            options: further arguments of node itself.
        """
        return (str(self.node), *options, *self.options, str(self.root), *self.arguments)


def node_options() -> str:
    """Returns the value of NODE_OPTIONS with which node runs our probe."""
    escaped = str(_PROBE).replace("\\", r"\\").replace('"', r"\"")
    return f'--require "{escaped}"'


def parse(output: str, given: Mapping[str, str]) -> Wrapped | None:
    """Parses the output of the probe.

    Args:
        output: the script's output, when run with `ARGUMENTS`.
        given: the script's environment, with a temporary home.

    Returns:
        None if the probe did not run, or ran on another machine.
    """
    line = next((line for line in output.splitlines() if line.startswith('{"node":')), None)
    if line is None:
        return None
    probed: dict[str, Any] = json.loads(line)
    root, node = Path(probed["root"]), Path(probed["node"])
    if not (root.is_dir() and node.is_file()):
        return None
    added, is_split = _added(probed["arguments"])
    changed = {
        name: value
        for name, value in probed["environment"].items()
        if value != given.get(name) and name not in _SET_BY_SHELL and given["HOME"] not in value
    }
    return Wrapped(root, node, tuple(probed["options"]), added, changed, is_split)


def _added(arguments: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """Returns the arguments that the script adds, and whether it splits words."""
    for words, is_split in ((ARGUMENTS, False), (_SPLIT, True)):
        for at in range(len(arguments) - len(words) + 1):
            if tuple(arguments[at : at + len(words)]) == words:
                return (*arguments[:at], *arguments[at + len(words) :]), is_split
    return (), False  # the script changes the arguments in another way
