"""What code-server is started with: options in, arguments and environment out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_codeserver_proxy.failure import CannotStart, Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

# Variables that change where code-server listens, who may enter, what it opens or whether it
# starts at all (code-server's `out/node/cli.js`).
_DERAILING = frozenset(
    {
        "CS_DISABLE_FILE_DOWNLOADS",
        "CS_DISABLE_GETTING_STARTED_OVERRIDE",
        "CS_DISABLE_PROXY",
        "EXTENSIONS_GALLERY",
        "GITHUB_TOKEN",
        "HASHED_PASSWORD",
        "NODE_OPTIONS",
        "PASSWORD",
        "PORT",
    }
)
# What NODE_OPTIONS is called on its way past code-server, which a stale one keeps from starting, to
# its terminals.
NODE_OPTIONS = "JUPYTER_CODESERVER_NODE_OPTIONS"

# With VSCODE_IPC_HOOK_CLI or CODE_SERVER_PARENT_PID set, as they are in VS Code's own terminal,
# it takes itself for a client or a child of the other one.
_DERAILING_PREFIXES = ("CODE_SERVER_", "VSCODE_")

# What is Jupyter's stays Jupyter's: with one of these a program acts as the student's server.
_SECRETS = frozenset(
    {
        "CONFIGPROXY_AUTH_TOKEN",
        "JPY_API_TOKEN",
        "JUPYTERHUB_API_TOKEN",
        "JUPYTERHUB_CRYPT_KEY",
        "JUPYTER_TOKEN",
    }
)

# A clean first screen, at the price of flags alone.
_CLEAN_START = (
    # What is remembered is remembered for the home: it may be the folder of another server.
    ("ignore-last-opened",),
    ("disable-getting-started-override",),
    ("disable-telemetry",),
    ("disable-update-check",),
    # Otherwise VS Code asks a login shell for its PATH, and Debian's /etc/profile knows nothing
    # of the environment that Jupyter runs in.
    ("vscode-option", "force-disable-user-env"),
)


@dataclass(frozen=True)
class Options:
    """What can be chosen about a start.

    Attributes:
        folder: the folder that VS Code opens, and that code-server runs in.
        extensions_folder: where extensions are; None: code-server's own choice.
        user_data_folder: where settings and state are; None: code-server's own choice.
        reconnection_grace: seconds that a window whose browser has gone is kept; None:
            code-server's own choice, which is three hours.
        arguments: further arguments, last before the folder, so that they win.
        title: what VS Code calls itself.
        own_extensions: whether the student's own are loaded; if not, `extensions_folder` is not
            looked at.
        workspace_trust: whether VS Code asks whether a folder's authors are trusted.
        switched_off: flags that a code-server must know to be started.
        workspace: the workspace file that VS Code opens instead of the folder; None: there is none.
    """

    folder: Path
    extensions_folder: Path | None = None
    user_data_folder: Path | None = None
    arguments: tuple[str, ...] = ()
    reconnection_grace: int | None = None
    title: str = ""
    own_extensions: bool = True
    workspace_trust: bool = False
    switched_off: tuple[str, ...] = ()
    workspace: Path | None = None


class CannotSwitchOffError(CannotStart):
    """This code-server does not know the flag that leaves out what is not wanted."""


def arguments(
    options: Options, flags: Collection[str], socket: Path, built_in: Path | None = None
) -> tuple[str, ...]:
    """The arguments with which code-server listens on `socket`, and nowhere else.

    Args:
        options: what was chosen.
        flags: those that this code-server knows; a flag that it does not know is left out.
        socket: the unix socket; the configuration file and the session socket lie beside it,
            as the home may be read-only, or on NFS, where sockets do not work.
        built_in: the folder of VS Code's built-in extensions; None: code-server's own.

    Raises:
        CannotSwitchOffError: what an option leaves out would be there.
    """
    result = ["--auth", "none", "--socket", str(socket), "--socket-mode", "0600"]
    result += ["--config", f"{socket}.yaml"]
    if "session-socket" in flags:
        result += ["--session-socket", session_socket(socket)]
    for name, *value in _CLEAN_START:
        if name in flags:
            result += [f"--{name}", *value]
    result += _chosen(options, flags)
    if built_in:  # its help does not tell of this flag
        result += ["--builtin-extensions-dir", str(built_in)]
    # A new folder for every start, where the student's own are not wanted.
    extensions = options.extensions_folder if options.own_extensions else f"{socket}.extensions"
    if extensions:
        result += ["--extensions-dir", str(extensions)]
    if options.user_data_folder:
        result += ["--user-data-dir", str(options.user_data_folder)]
    return (*result, *options.arguments, str(options.workspace or options.folder))


def _chosen(options: Options, flags: Collection[str]) -> Iterator[str]:
    for flag in options.switched_off:
        if flag not in flags:
            raise CannotSwitchOffError(
                Reason.CONFIGURATION,
                f"This code-server does not know --{flag}, which an option asks for.",
                "Install a newer one, or change the option.",
            )
        yield f"--{flag}"
    if not options.workspace_trust and "disable-workspace-trust" in flags:
        yield "--disable-workspace-trust"
    if options.title and "app-name" in flags:
        yield from ("--app-name", options.title)
    if options.reconnection_grace and "reconnection-grace-time" in flags:
        yield from ("--reconnection-grace-time", str(options.reconnection_grace))


def environment(
    added: Mapping[str, str], inherited: Mapping[str, str], programs: Path
) -> dict[str, str]:
    """The environment of code-server, and so of VS Code's terminals.

    Args:
        added: variables that win over all others.
        inherited: Jupyter's own; what is not for code-server is left out.
        programs: the folder of Jupyter's `python` and `jupyter`, put first on a PATH that lacks it
            (a Jupyter that was started by its path, its environment not activated).
    """
    result = {name: value for name, value in inherited.items() if not is_withheld(name)}
    if "NODE_OPTIONS" in inherited:
        result[NODE_OPTIONS] = inherited["NODE_OPTIONS"]
    path = result.get("PATH", os.defpath)
    if str(programs) not in path.split(os.pathsep):
        path = f"{programs}{os.pathsep}{path}"
    return {**result, "PATH": path, **added}


def session_socket(socket: Path) -> str:
    """Where code-server that listens on `socket` tells which window opens a file."""
    return f"{socket}.session"


def is_withheld(variable: str) -> bool:
    """Whether an environment variable of Jupyter's is kept from code-server."""
    return variable in _DERAILING | _SECRETS or variable.startswith(_DERAILING_PREFIXES)
