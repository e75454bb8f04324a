"""What a script around code-server starts: asked of the node that it starts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PROBE = Path(__file__).with_name("wrapper_probe.js")

# What a script is asked with: a word with a space in it shows whether it passes words as they are.
QUESTION = ("--help", "two words")
_SPLIT = tuple(" ".join(QUESTION).split())

# A shell sets these by itself.
_SHELLS_OWN = frozenset({"NODE_OPTIONS", "OLDPWD", "PWD", "SHLVL", "_"})


@dataclass(frozen=True)
class Wrapped:
    """A code-server that a script starts.

    Attributes:
        root: the folder of its installation.
        node: the node that runs it.
        options: node's own arguments.
        arguments: those that the script adds to the ones that it is given.
        environment: the variables that the script sets.
        is_split: whether the script splits words at their spaces (`$*`), so that it can start no
            code-server with a title or a folder of two words.
    """

    root: Path
    node: Path
    options: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    is_split: bool = False

    def words(self, *options: str) -> tuple[str, ...]:
        """What the script runs, before the arguments that it is given.

        Args:
            options: of node's, beside the script's own.
        """
        return (str(self.node), *options, *self.options, str(self.root), *self.arguments)


def node_options() -> str:
    """The value of NODE_OPTIONS that has node tell."""
    escaped = str(_PROBE).replace("\\", r"\\").replace('"', r"\"")
    return f'--require "{escaped}"'


def told_in(output: str, given: Mapping[str, str]) -> Wrapped | None:
    """What the node of a script has told; None where nothing was told, or of another machine.

    Args:
        output: of the script, which was given the question.
        given: its environment; the home in it is there for the question alone.
    """
    line = next((line for line in output.splitlines() if line.startswith('{"node":')), None)
    if line is None:
        return None
    told: dict[str, Any] = json.loads(line)
    root, node = Path(told["root"]), Path(told["node"])
    if not (root.is_dir() and node.is_file()):
        return None
    added, is_split = _added(told["arguments"])
    changed = {
        name: value
        for name, value in told["environment"].items()
        if value != given.get(name) and name not in _SHELLS_OWN and given["HOME"] not in value
    }
    return Wrapped(root, node, tuple(told["options"]), added, changed, is_split)


def _added(arguments: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """The arguments that are not the question's, and whether the question's are split."""
    for words, is_split in ((QUESTION, False), (_SPLIT, True)):
        for at in range(len(arguments) - len(words) + 1):
            if tuple(arguments[at : at + len(words)]) == words:
                return (*arguments[:at], *arguments[at + len(words) :]), is_split
    return (), False  # it makes something else of them
