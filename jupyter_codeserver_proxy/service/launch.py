"""A start of code-server, from the options: which program, with what, in which environment."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_codeserver_proxy.codeserver import (
    builtin_extensions,
    command,
    executable,
    shared_extensions,
    user_data,
)
from jupyter_codeserver_proxy.codeserver.builtin_extensions import check_wishes
from jupyter_codeserver_proxy.codeserver.default_settings import defaults
from jupyter_codeserver_proxy.failure import CannotStart
from jupyter_codeserver_proxy.supervision.process import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jupyter_codeserver_proxy.assets.files import AssetRoot
    from jupyter_codeserver_proxy.codeserver.command import Options
    from jupyter_codeserver_proxy.codeserver.executable import Executable
    from jupyter_codeserver_proxy.config.options import CodeServer

_log = logging.getLogger(__name__)

_REPORTS = "reports"

# MiB for V8's young objects, times three. Of node's own choice, 16, what VS Code's server takes for
# its first window is never given back: 30 MB less in all with 8. With 4 it is 50 MB, and a start
# takes a twentieth more of the processor (medians of three starts of 4.139.1).
_YOUNG_SPACE = 8
# For all that Jupyter takes of a request's head, 64 kB, and what we add; node itself takes 16 kB,
# which the cookies of a host with many services exceed.
_HEAD = f"--max-http-header-size={128 * 1024}"


def reports_folder(socket: Path) -> Path:
    """Where the windows of the code-server that listens on `socket` report."""
    return socket.with_name(_REPORTS)


class Launch:
    """Says what to run for a socket; to be called anew for each start.

    Args:
        options: the options, or what is wrong with them.
        inherited: the environment variables of the Jupyter server.
        interpreter: gives the Python that a notebook's kernel runs in; asked at the first start,
            as the answer takes Jupyter's start too long.
        beginning: done at each start.
    """

    def __init__(
        self,
        options: CodeServer | CannotStart,
        inherited: Mapping[str, str],
        interpreter: Callable[[], str] = lambda: sys.executable,
        beginning: Callable[[], None] = lambda: None,
    ) -> None:
        self._options = options
        self._inherited = inherited
        self._interpreter = interpreter
        self._beginning = beginning
        self.executable: Executable | None = None
        """What the last start has found."""
        self.version: str | None = None
        """Its version."""
        self.root: AssetRoot | None = None
        """Its installation; None where it cannot be told."""

    def __call__(self, socket: Path) -> Command:
        """What to run; what it needs is laid beside the socket.

        Raises:
            CannotStart: an option is wrong, or there is no code-server that runs.
        """
        options, path, values, flags = self._resolved()
        self.root = executable.installation(path)
        reports = reports_folder(socket)
        reports.mkdir()
        self._beginning()
        values, unwritable = user_data.writable(
            values, self._inherited, socket.with_name("user-data")
        )
        added = {
            "JUPYTER_CODESERVER_REPORTS": str(reports),
            "JUPYTER_CODESERVER_UNWRITABLE": str(unwritable or ""),
            **options.jupyter(),
            **options.additions(),
        }
        built_in = self._built_in(options, path, socket.with_name("extensions"))
        program, variables = self._program(path)
        environment = command.environment(added, self._inherited, Path(sys.prefix, "bin"))
        return Command(
            (*program, *command.arguments(values, flags, socket, built_in)),
            {**environment, **variables},
            values.folder,
        )

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The defaults of VS Code's settings."""
        options = self._options
        if isinstance(options, Exception):
            return {}
        return defaults(
            ai=bool(options.ai),
            interpreter=self._interpreter(),
            chosen=options.settings,
            node_options="NODE_OPTIONS" in self._inherited.keys() - options.environment.keys(),
        )

    def installation(self) -> AssetRoot | None:
        """The installation that a start would run, None where that cannot be told."""
        if isinstance(self._options, Exception):
            return None
        try:
            found = executable.find(self._options.executable, self._inherited)
        except CannotStart:
            return None
        return executable.installation(found.path)

    def prepare(self) -> None:
        """Learn ahead of a start what takes a second to learn; what is wrong is told then."""
        with suppress(CannotStart):
            self._resolved()

    def _resolved(self) -> tuple[CodeServer, Path, Options, frozenset[str]]:
        options = self._options
        if isinstance(options, Exception):
            raise options
        self.executable = executable.find(options.executable, self._inherited)
        path = self.executable.path
        self.version = executable.version(path)
        return options, path, options.values(), executable.abilities(path).flags

    def _program(self, path: Path) -> tuple[tuple[str, ...], Mapping[str, str]]:
        """The words that run it, and variables that go with them."""
        # node hands its own arguments down to the processes that it forks, and unlike NODE_OPTIONS
        # no terminal sees them.
        flags = (f"--max-semi-space-size={_YOUNG_SPACE}", _HEAD)
        wrapped = executable.abilities(path).wrapped
        if wrapped and wrapped.is_split:
            return wrapped.words(*flags), wrapped.environment
        top = self.root.root if self.root else None
        if top and path.resolve() == top / "bin/code-server" and (top / "lib/node").is_file():
            return (str(top / "lib/node"), *flags, str(top)), {}  # what a release's script runs
        return (str(path),), {}

    def _built_in(self, options: CodeServer, path: Path, folder: Path) -> Path | None:
        """VS Code's built-in extensions with ours among them; None: only its own can be had.

        Raises:
            CannotHoldError: its own alone are not what the operator has asked for.
        """
        shared = shared_folder(options, self._inherited)
        if self.root is None:
            check_unrecognised(path, shared, ai=options.ai)
            _log.warning("%s: VS Code will not report activity", _unrecognised(path))
            return None
        own = self.root.root / "lib/vscode/extensions"
        try:
            builtin_extensions.lay_out(own, shared, folder, self.defaults, ai=bool(options.ai))
        except (OSError, ValueError) as error:
            why = f"VS Code's extensions cannot be laid out in {folder} ({error})"
            check_wishes(why, "Mend that", shared, ai=options.ai)
            _log.warning("%s: it will not report activity", why)
            return None
        return folder


def check_unrecognised(path: Path, shared: Path, *, ai: bool | None) -> None:
    """Check whether a code-server whose installation cannot be told does what was asked for.

    Raises:
        CannotHoldError: it does not.
    """
    advice = "Set CodeServer.executable to the code-server that it starts"
    check_wishes(_unrecognised(path), advice, shared, ai=ai)


def _unrecognised(path: Path) -> str:
    return f"{path} does not tell which code-server it starts"


def shared_folder(options: CodeServer, inherited: Mapping[str, str]) -> Path:
    """Where the extensions are that all students share."""
    prefix = executable.default_prefix(inherited)
    return options.shared_extensions() or shared_extensions.folder_in(prefix)
