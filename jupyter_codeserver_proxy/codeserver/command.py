"""Turns options into code-server's arguments and environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_codeserver_proxy.failure import CannotStart, Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

# These variables change where code-server listens, who may enter, what it opens or whether it
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
# Carries NODE_OPTIONS past code-server to its terminals, as stale options keep code-server from
# starting.
NODE_OPTIONS = "JUPYTER_CODESERVER_NODE_OPTIONS"

# VS Code's own terminal sets VSCODE_IPC_HOOK_CLI and CODE_SERVER_PARENT_PID. With them
# code-server acts as a client or a child of the other one.
_DERAILING_PREFIXES = ("CODE_SERVER_", "VSCODE_")

# With one of these tokens a program could act as the student's server, so only Jupyter keeps them.
_SECRETS = frozenset(
    {
        "CONFIGPROXY_AUTH_TOKEN",
        "JPY_API_TOKEN",
        "JUPYTERHUB_API_TOKEN",
        "JUPYTERHUB_CRYPT_KEY",
        "JUPYTER_TOKEN",
    }
)

# Flags for a clean first screen.
_CLEAN_START = (
    # code-server remembers the folder for the home, so it may be another server's.
    ("ignore-last-opened",),
    ("disable-getting-started-override",),
    ("disable-telemetry",),
    ("disable-update-check",),
    # Otherwise VS Code takes PATH from a login shell, and Debian's /etc/profile does not know the
    # environment that Jupyter runs in.
    ("vscode-option", "force-disable-user-env"),
)


@dataclass(frozen=True)
class StartOptions:
    """Options of a start.

    Attributes:
        executable: a path or a name of code-server; empty: it is looked for.
        title: the name that VS Code gives itself.
        ai: whether VS Code has its assistant; None: without it where that is possible.
        settings: the operator's default settings.
        extensions_folder: the folder of extensions; None: code-server decides.
        shared_extensions_folder: the folder of shared extensions; None: the fetcher's.
        user_data_folder: the folder of settings and state; None: code-server decides.
        arguments: further arguments. They are the last before the workspace, so that they win.
        environment: variables that win over all others.
        jupyter: variables that tell VS Code's extension about the Jupyter server.
        reconnection_grace: seconds for which a window without a browser is kept; None:
            code-server decides, which is three hours.
        own_extensions: whether the student's own extensions are loaded; if not,
            `extensions_folder` is ignored.
        workspace_trust: whether VS Code asks whether a folder's authors are trusted.
        switched_off: flags that a code-server must know to be started.
    """

    executable: str = ""
    title: str = ""
    ai: bool | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    extensions_folder: Path | None = None
    shared_extensions_folder: Path | None = None
    user_data_folder: Path | None = None
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    jupyter: Mapping[str, str] = field(default_factory=dict)
    reconnection_grace: int | None = None
    own_extensions: bool = True
    workspace_trust: bool = False
    switched_off: tuple[str, ...] = ()


@dataclass(frozen=True)
class Workspace:
    """What VS Code opens.

    Attributes:
        folder: the folder that VS Code opens, and in which code-server runs.
        file: the workspace file that VS Code opens instead of the folder, if any.
    """

    folder: Path
    file: Path | None = None


class CannotSwitchOffError(CannotStart):
    """This code-server does not know the flag that switches off an unwanted feature."""


def arguments(
    options: StartOptions,
    workspace: Workspace,
    flags: Collection[str],
    socket: Path,
    built_in: Path | None = None,
) -> tuple[str, ...]:
    """Returns the arguments with which code-server listens on `socket`, and nowhere else.

    Args:
        options: options of the start.
        workspace: what VS Code opens.
        flags: the flags that this code-server knows; others are left out.
        socket: the unix socket. The configuration file and the session socket lie beside it, as
            the home may be read-only, or on NFS, where sockets do not work.
        built_in: the folder of VS Code's built-in extensions; None: code-server's own.

    Raises:
        CannotSwitchOffError: code-server cannot leave out what an option excludes.
    """
    result = ["--auth", "none", "--socket", str(socket), "--socket-mode", "0600"]
    result += ["--config", f"{socket}.yaml"]
    if "session-socket" in flags:
        result += ["--session-socket", session_socket(socket)]
    for name, *value in _CLEAN_START:
        if name in flags:
            result += [f"--{name}", *value]
    result += _optional(options, flags)
    if built_in:  # code-server's help does not list this flag
        result += ["--builtin-extensions-dir", str(built_in)]
    # Without the student's own extensions each start has a new, empty folder.
    extensions = options.extensions_folder if options.own_extensions else f"{socket}.extensions"
    if extensions:
        result += ["--extensions-dir", str(extensions)]
    if options.user_data_folder:
        result += ["--user-data-dir", str(options.user_data_folder)]
    return (*result, *options.arguments, str(workspace.file or workspace.folder))


def _optional(options: StartOptions, flags: Collection[str]) -> Iterator[str]:
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
    """Returns the environment of code-server, and so of VS Code's terminals.

    Args:
        added: variables that win over all others.
        inherited: Jupyter's variables; those not meant for code-server are left out.
        programs: the folder of Jupyter's `python` and `jupyter`. It is put first on a PATH that
            lacks it, as when Jupyter was started by its path without activating its environment.
    """
    result = {name: value for name, value in inherited.items() if not is_withheld(name)}
    if "NODE_OPTIONS" in inherited:
        result[NODE_OPTIONS] = inherited["NODE_OPTIONS"]
    path = result.get("PATH", os.defpath)
    if str(programs) not in path.split(os.pathsep):
        path = f"{programs}{os.pathsep}{path}"
    return {**result, "PATH": path, **added}


def session_socket(socket: Path) -> str:
    """Returns the socket on which code-server says which window opens a file."""
    return f"{socket}.session"


def is_withheld(variable: str) -> bool:
    """Returns whether a variable of Jupyter's is withheld from code-server."""
    return variable in _DERAILING | _SECRETS or variable.startswith(_DERAILING_PREFIXES)
