"""All options of the extension, from Jupyter's configuration, the environment and defaults."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from traitlets import Bool, Float, Int, List, TraitError, Unicode, validate
from traitlets.config import Config

from jupyter_codeserver_proxy.codeserver.command import StartOptions, Workspace
from jupyter_codeserver_proxy.failure import CannotStart, Reason
from jupyter_codeserver_proxy.supervision.run import ProcessOptions

from . import contents
from .environment import named_in_help, read_environment
from .policy import Map, Policy
from .settings import Settings
from .tile import Tile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_server.serverapp import ServerApp
    from traitlets import Bunch


class ConfigurationError(CannotStart):
    """An option has a value that is not allowed."""


@named_in_help
class CodeServer(Tile, Policy):
    """The options of VS Code in Jupyter.

    An option comes from Jupyter Server's configuration (its files, then its command line), else
    from the environment variable that its help names, else from its default.
    """

    executable = Unicode(
        help="""
        The code-server to start: a path, or a name to look up on PATH. When it is empty,
        `code-server` is looked for on PATH, in the Python environment and where
        `jupyter codeserver install` puts it.
        """,
    ).tag(config=True, old_variables=("CODE_EXECUTABLE",))

    working_folder = Unicode(
        help="""
        The folder that VS Code opens, or a `.code-workspace` file. It is relative to the folder
        that JupyterLab shows. When it is empty, VS Code opens the folder that JupyterLab opens
        first.
        """,
    ).tag(config=True, old_variables=("CODE_WORKINGDIR",))

    extensions_folder = Unicode(
        help="""
        The folder of VS Code's extensions. When it is empty, code-server decides: `extensions` in
        the user data folder.
        """,
    ).tag(config=True, old_variables=("CODE_EXTENSIONSDIR",))

    shared_extensions_folder = Unicode(
        help="""
        The folder of extensions that all students share, in addition to VS Code's and the
        student's own. When it is empty, the folder that `jupyter codeserver extensions` fills.
        """,
    ).tag(config=True)

    user_data_folder = Unicode(
        help="""
        The folder in which VS Code keeps settings and state. When it is empty, code-server
        decides: ~/.local/share/code-server.
        """,
    ).tag(config=True)

    runtime_folder = Unicode(
        help="""
        The folder for the private folders of code-server's sockets: on a local disk, with a short
        path. When it is empty: XDG_RUNTIME_DIR, else the system's temporary folder.
        """,
    ).tag(config=True)

    arguments = List(
        Unicode(),
        help="""
        Further arguments for code-server, as in ["--locale", "de"]. In the environment they are
        words as in a shell.
        """,
    ).tag(config=True)

    environment = Map(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="""
        Environment variables for code-server and everything that runs in it, added to Jupyter's
        own. Jupyter's tokens, and variables that would derail code-server, are passed on only if
        they are set here. In the environment it is JSON or a Python dictionary.
        """,
    ).tag(config=True)

    timeout = Float(ProcessOptions.timeout, help="Seconds that code-server may take to start.").tag(
        config=True
    )

    prestart = Bool(
        False,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether code-server starts with the Jupyter server, and not with the first click. It costs
        every student's server the memory of a code-server.
        """,
    ).tag(config=True)

    reconnection_grace = Int(
        900,
        help="""
        Seconds for which VS Code keeps the state of a window whose browser is gone (about 110 MB)
        in case it comes back. After that the window has to be reloaded.
        """,
    ).tag(config=True)

    job_limit = Float(
        4 * 3600.0,
        help="""
        Seconds for which a running job (in a terminal, a task, a debugger, a notebook in VS Code)
        counts as use after a person's last action; 0: it never does.
        """,
    ).tag(config=True)

    idle_timeout = Float(
        0.0,
        help="""
        Seconds without use after which code-server is stopped, which frees its memory, while
        Jupyter goes on. The next page load starts it again, with unsaved changes. 0: never.
        """,
    ).tag(config=True)

    def values(self) -> Settings:
        """Returns the options' values.

        Raises:
            ConfigurationError: the folder that JupyterLab shows does not exist.
        """
        return Settings(
            prestart=self.prestart,
            prefetch=self.prefetch,
            job_limit=self.job_limit,
            idle_timeout=self.idle_timeout,
            kernels=self.kernels,
            sandboxed_applications=self.sandboxed_applications,
            process=ProcessOptions(_path(self.runtime_folder), self.timeout),
            start=StartOptions(
                executable=self.executable,
                title=self.title,
                ai=self.ai,
                settings=self.settings,
                extensions_folder=_path(self.extensions_folder),
                shared_extensions_folder=_path(self.shared_extensions_folder),
                user_data_folder=_path(self.user_data_folder),
                arguments=tuple(self.arguments),
                environment={**self.variables(), **self.environment},
                reconnection_grace=self.reconnection_grace,
                own_extensions=self.own_extensions,
                workspace_trust=self.workspace_trust,
                switched_off=self.switched_off(),
                jupyter={
                    "JUPYTER_CODESERVER_BASE_URL": getattr(self.parent, "base_url", "/"),
                    "JUPYTER_CODESERVER_ROOT": str(self._contents().root or ""),
                    "JUPYTER_CODESERVER_LANGUAGE_SUPPORT": ",".join(self.languages),
                },
            ),
        )

    def workspace(self) -> Workspace:
        """Returns what VS Code opens, as it is on the disk now.

        Raises:
            ConfigurationError: the working folder is neither a folder nor a workspace.
        """
        served = self._contents()
        opened = served.first
        if self.working_folder:
            opened = Path(served.root or served.first, Path(self.working_folder).expanduser())
        file = opened if contents.is_workspace(opened) else None
        folder = opened.parent if file else opened
        if not contents.is_folder(folder):
            raise ConfigurationError(
                Reason.CONFIGURATION,
                f"CodeServer.working_folder is {self.working_folder!r}, and {opened} is neither a "
                "folder nor a .code-workspace file.",
                "Create it or correct the option.",
            )
        return Workspace(folder, file)

    def _contents(self) -> contents.Contents:
        try:
            return contents.find(self.parent)
        except TraitError as error:  # only if the server has not been started
            raise _wrong(error) from error

    @validate("timeout", "reconnection_grace", "job_limit", "idle_timeout")
    def _check_seconds(self, proposal: Bunch) -> float:
        value: float = proposal.value
        name = proposal.trait.name
        may_be_0 = name in {"job_limit", "idle_timeout"}
        if not (value > 0 or (may_be_0 and value == 0)):
            allowed = "a number of seconds, or 0" if may_be_0 else "a number of seconds above 0"
            raise TraitError(f"CodeServer.{name} is {value:g}; allowed is {allowed}.")
        return value


def configured(app: ServerApp | None, environment: Mapping[str, str]) -> CodeServer:
    """Returns the options from the Jupyter server, the environment and the defaults.

    Args:
        app: the running Jupyter server; None: there is none, and so no configuration.
        environment: the environment variables.

    Raises:
        ConfigurationError: an option has a value of the wrong type, or one that is not allowed.
    """
    config = Config({"CodeServer": dict(read_environment(CodeServer, environment))})
    if app is not None:
        config.merge(app.config)
    try:
        return CodeServer(parent=app, config=config)
    except TraitError as error:
        raise _wrong(error) from error


def _wrong(error: TraitError) -> ConfigurationError:
    return ConfigurationError(
        Reason.CONFIGURATION,
        str(error),
        "Correct it in jupyter_server_config.py, on the command line or in the environment.",
    )


def _path(value: str) -> Path | None:
    return Path(value).expanduser() if value else None
