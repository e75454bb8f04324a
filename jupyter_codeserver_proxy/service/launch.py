"""Prepares a start of code-server: finds the program, lays out its files, makes its command."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_codeserver_proxy.codeserver import (
    builtin_extensions,
    command,
    executable,
    shared_extensions,
    user_data,
)
from jupyter_codeserver_proxy.codeserver.builtin_extensions import check_policy
from jupyter_codeserver_proxy.codeserver.default_settings import defaults
from jupyter_codeserver_proxy.failure import CannotStart
from jupyter_codeserver_proxy.kernels.kernels_socket import kernels_socket
from jupyter_codeserver_proxy.supervision.child import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jupyter_codeserver_proxy.assets.files import AssetRoot
    from jupyter_codeserver_proxy.codeserver.command import StartOptions, Workspace

_log = logging.getLogger(__name__)

_REPORTS = "reports"

# MiB of V8's young generation, times three. With node's default, 16, VS Code's server grows at its
# first window and never shrinks again. 8 saves 30 MB in all. 4 would save 50 MB, but a start would
# take 5 % more processor time (medians of three starts of 4.139.1).
_SEMI_SPACE = 8
# Bytes of a request's head. Jupyter accepts 64 kB, and we add some. node's default is 16 kB, which
# the cookies of a host with many services exceed.
_HEAD = 128 * 1024
_NODE_FLAGS = (f"--max-semi-space-size={_SEMI_SPACE}", f"--max-http-header-size={_HEAD}")


def reports_folder(socket: Path) -> Path:
    """Returns the folder in which the windows of the code-server at `socket` report."""
    return socket.with_name(_REPORTS)


@dataclass(frozen=True)
class Program:
    """A code-server that can be started.

    Attributes:
        path: the executable file.
        version: its version; None if it does not say.
        root: its installation; None if that is unknown.
    """

    path: Path
    version: str | None
    root: AssetRoot | None


@dataclass(frozen=True)
class Launch:
    """One start of code-server.

    Attributes:
        program: the program that is started.
        command: the command that starts it.
        defaults: the default settings of VS Code.
    """

    program: Program
    command: Command
    defaults: Mapping[str, Any]


class Launcher:
    """Prepares each start of code-server anew.

    Its methods read disks and run programs, so they are meant for threads.

    Args:
        options: the options, or what is wrong with them.
        workspace: returns what VS Code opens; may raise `CannotStart`.
        inherited: the environment variables of the Jupyter server.
        interpreter: returns the Python of a notebook's kernel. It is called at a start, as it would
            delay Jupyter's own start.
        on_start: called at each start.
    """

    def __init__(
        self,
        options: StartOptions | CannotStart,
        workspace: Callable[[], Workspace],
        inherited: Mapping[str, str],
        interpreter: Callable[[], str] = lambda: sys.executable,
        on_start: Callable[[], None] = lambda: None,
    ) -> None:
        self._options = options
        self._workspace = workspace
        self._inherited = inherited
        self._interpreter = interpreter
        self._on_start = on_start

    def find(self) -> Program:
        """Finds the code-server to start. The first call takes a second, as it asks the program.

        Raises:
            CannotStart: an option is wrong, or there is no code-server.
        """
        path = executable.find(self._valid_options().executable, self._inherited).path
        return Program(path, executable.version(path), executable.installation(path))

    def installation(self) -> AssetRoot | None:
        """Returns the installation that a start would run; None if it is unknown."""
        with suppress(CannotStart):
            return self.find().root
        return None

    def launch(self, socket: Path) -> Launch:
        """Prepares a start on `socket`, and writes beside it the files that code-server needs.

        Raises:
            CannotStart: an option is wrong, or there is no code-server that runs.
            OSError: the files cannot be written.
        """
        options = self._valid_options()
        program = self.find()
        workspace = self._workspace()
        flags = executable.abilities(program.path).flags
        reports = reports_folder(socket)
        reports.mkdir()
        self._on_start()
        options, unwritable = user_data.writable(
            options, self._inherited, socket.with_name("user-data")
        )
        kernels = kernels_socket(socket)
        added = {
            "JUPYTER_CODESERVER_REPORTS": str(reports),
            "JUPYTER_CODESERVER_UNWRITABLE": str(unwritable or ""),
            "JUPYTER_CODESERVER_KERNELS_SOCKET": str(kernels) if kernels.exists() else "",
            **options.jupyter,
            **options.environment,
        }
        settings = self._default_settings(options)
        built_in = self._lay_out_extensions(options, program, socket, settings)
        words, variables = _program_words(program)
        environment = command.environment(added, self._inherited, Path(sys.prefix, "bin"))
        arguments = command.arguments(options, workspace, flags, socket, built_in)
        run = Command((*words, *arguments), {**environment, **variables}, workspace.folder)
        return Launch(program, run, settings)

    def _valid_options(self) -> StartOptions:
        if isinstance(self._options, CannotStart):
            raise self._options
        return self._options

    def _default_settings(self, options: StartOptions) -> dict[str, Any]:
        return defaults(
            ai=bool(options.ai),
            interpreter=self._interpreter(),
            chosen=options.settings,
            node_options="NODE_OPTIONS" in self._inherited.keys() - options.environment.keys(),
        )

    def _lay_out_extensions(
        self, options: StartOptions, program: Program, socket: Path, settings: Mapping[str, Any]
    ) -> Path | None:
        """Returns the folder of built-in extensions; None: code-server's own has to do.

        Raises:
            PolicyError: code-server's own extensions violate the operator's options.
        """
        shared = shared_folder(options, self._inherited)
        if program.root is None:
            check_unrecognised(program.path, shared, ai=options.ai)
            _log.warning("%s: VS Code will not report activity", _unrecognised(program.path))
            return None
        own, folder = program.root.root / "lib/vscode/extensions", socket.with_name("extensions")
        try:
            builtin_extensions.lay_out(own, shared, folder, settings, ai=bool(options.ai))
        except (OSError, ValueError) as error:
            why = f"VS Code's extensions cannot be laid out in {folder} ({error})"
            check_policy(why, "Mend that", shared, ai=options.ai)
            _log.warning("%s: it will not report activity", why)
            return None
        return folder


def _program_words(program: Program) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Returns the words that run code-server, and variables that they need."""
    # node passes its own arguments on to the processes that it forks. Unlike NODE_OPTIONS they do
    # not reach terminals.
    path, root = program.path, program.root
    wrapped = executable.abilities(path).wrapped
    if wrapped and wrapped.is_split:
        return wrapped.words(*_NODE_FLAGS), wrapped.environment
    top = root.root if root else None
    if top and path.resolve() == top / "bin/code-server" and (top / "lib/node").is_file():
        # These are the words that a release's script runs.
        return (str(top / "lib/node"), *_NODE_FLAGS, str(top)), {}
    return (str(path),), {}


def check_unrecognised(path: Path, shared: Path, *, ai: bool | None) -> None:
    """Checks that a code-server whose installation is unknown obeys the operator's options.

    Raises:
        PolicyError: it does not.
    """
    advice = "Set CodeServer.executable to the code-server that it starts"
    check_policy(_unrecognised(path), advice, shared, ai=ai)


def _unrecognised(path: Path) -> str:
    return f"{path} does not tell which code-server it starts"


def shared_folder(options: StartOptions, inherited: Mapping[str, str]) -> Path:
    """Returns the folder of the extensions that all students share."""
    prefix = executable.default_prefix(inherited)
    return options.shared_extensions_folder or shared_extensions.folder_in(prefix)
