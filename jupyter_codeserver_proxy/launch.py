"""A start of code-server, from the options: which program, with what, in which environment."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from . import command, executable
from .failure import CannotStart
from .supervision.process import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .config import CodeServer
    from .executable import Executable


class Launch:
    """Says what to run for a socket; to be called anew for each start.

    Args:
        options: the options, or what is wrong with them.
        inherited: the environment variables of the Jupyter server.
    """

    def __init__(self, options: CodeServer | CannotStart, inherited: Mapping[str, str]) -> None:
        self._options = options
        self._inherited = inherited
        self.executable: Executable | None = None
        """What the last start has found."""
        self.version: str | None = None
        """Its version."""

    def __call__(self, socket: Path) -> Command:
        """What to run.

        Raises:
            CannotStart: an option is wrong, or there is no code-server that runs.
        """
        options = self._options
        if isinstance(options, Exception):
            raise options
        self.executable = executable.find(options.executable, self._inherited)
        path = self.executable.path
        self.version = executable.version(path)
        values = options.values()
        flags = executable.abilities(path).flags
        return Command(
            (str(path), *command.arguments(values, flags, socket)),
            command.environment(options.environment, self._inherited, Path(sys.prefix, "bin")),
            values.folder,
        )

    def prepare(self) -> None:
        """Learn ahead of a start what takes a second to learn; what is wrong is told then."""
        with suppress(CannotStart):
            self(Path(os.devnull))
