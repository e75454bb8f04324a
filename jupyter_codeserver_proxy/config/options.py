"""Every option of the extension, once."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from traitlets import Bool, Float, Int, List, TraitError, Unicode, validate
from traitlets.config import Config
from traitlets.config.loader import DeferredConfig, DeferredConfigList, DeferredConfigString

from jupyter_codeserver_proxy.codeserver.command import Options
from jupyter_codeserver_proxy.failure import CannotStart, Reason

from . import contents
from .policy import Map, Policy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jupyter_server.serverapp import ServerApp
    from traitlets import Bunch


class ConfigurationError(CannotStart):
    """An option has a value that it cannot have."""


class CodeServer(Policy):
    """The options of VS Code in Jupyter.

    An option comes from Jupyter Server's configuration (its files, then its command line), else
    from the environment variable that its help names, else it has its default.
    """

    executable = Unicode(
        help="""
        The code-server to start: a path, or a name to be looked up on PATH. When it is empty,
        `code-server` is looked for on PATH, in the Python environment and where
        `jupyter codeserver install` puts it.
        Environment: JUPYTER_CODESERVER_EXECUTABLE, CODE_EXECUTABLE.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_EXECUTABLE", "CODE_EXECUTABLE"))

    working_folder = Unicode(
        help="""
        The folder that VS Code opens, or a `.code-workspace` file. Relative to the folder that
        JupyterLab shows; when it is empty, the one in it that JupyterLab opens first.
        Environment: JUPYTER_CODESERVER_WORKING_FOLDER, CODE_WORKINGDIR.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_WORKING_FOLDER", "CODE_WORKINGDIR"))

    extensions_folder = Unicode(
        help="""
        Where VS Code's extensions are. When it is empty, code-server decides: `extensions` in the
        user data folder.
        Environment: JUPYTER_CODESERVER_EXTENSIONS_FOLDER, CODE_EXTENSIONSDIR.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_EXTENSIONS_FOLDER", "CODE_EXTENSIONSDIR"))

    shared_extensions_folder = Unicode(
        help="""
        Where the extensions are that all students share, which VS Code gets beside its own and
        the student's. When it is empty: where `jupyter codeserver extensions` puts them.
        Environment: JUPYTER_CODESERVER_SHARED_EXTENSIONS_FOLDER.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_SHARED_EXTENSIONS_FOLDER",))

    user_data_folder = Unicode(
        help="""
        Where VS Code keeps settings and state. When it is empty, code-server decides:
        ~/.local/share/code-server.
        Environment: JUPYTER_CODESERVER_USER_DATA_FOLDER.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_USER_DATA_FOLDER",))

    runtime_folder = Unicode(
        help="""
        Where the private folders for code-server's sockets are made: on a local disk, below a
        short path. When it is empty: XDG_RUNTIME_DIR, else the system's temporary folder.
        Environment: JUPYTER_CODESERVER_RUNTIME_FOLDER.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_RUNTIME_FOLDER",))

    arguments = List(
        Unicode(),
        help="""
        Further arguments for code-server, as in ["--locale", "de"].
        Environment: JUPYTER_CODESERVER_ARGUMENTS, words as in a shell.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_ARGUMENTS",))

    environment = Map(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="""
        Environment variables for code-server and all that runs in it, added to Jupyter's own.
        Jupyter's tokens, and variables that would derail code-server, reach it only from here.
        Environment: JUPYTER_CODESERVER_ENVIRONMENT, in JSON, or a dictionary as in Python.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_ENVIRONMENT",))

    timeout = Float(
        60.0,
        help="""
        Seconds that code-server may take to start.
        Environment: JUPYTER_CODESERVER_TIMEOUT.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_TIMEOUT",))

    title = Unicode(
        "VS Code",
        help="""
        The title of the tile, and what VS Code calls itself.
        Environment: JUPYTER_CODESERVER_TITLE.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_TITLE",))

    icon = Unicode(
        help="""
        The picture on the tile: an SVG file. When it is empty, one of ours.
        Environment: JUPYTER_CODESERVER_ICON.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_ICON",))

    new_browser_tab = Bool(
        True,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether the tile opens VS Code in a browser tab of its own (true) or in a tab of
        JupyterLab (false).
        Environment: JUPYTER_CODESERVER_NEW_BROWSER_TAB.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_NEW_BROWSER_TAB",))

    category = Unicode(
        "Notebook",
        help="""
        The section of JupyterLab's launcher that the tile is in: "Notebook", "Console", "Other",
        or a new one. When it is empty, the launcher has no tile.
        Environment: JUPYTER_CODESERVER_CATEGORY.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_CATEGORY",))

    rank = Int(
        default_value=None,
        allow_none=True,
        help="""
        The place of the tile in its section: those of smaller ranks come before it. When it is
        None, it comes behind those that have one.
        Environment: JUPYTER_CODESERVER_RANK.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_RANK",))

    prefetch = Bool(
        True,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether an idle JupyterLab has the browser fetch VS Code's large files ahead of the click.
        Environment: JUPYTER_CODESERVER_PREFETCH.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_PREFETCH",))

    prestart = Bool(
        False,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether code-server is started with the Jupyter server, and not only by the first click.
        It costs every student's server the memory of a code-server.
        Environment: JUPYTER_CODESERVER_PRESTART.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_PRESTART",))

    reconnection_grace = Int(
        900,
        help="""
        Seconds for which VS Code keeps what belongs to a window whose browser has gone (about
        110 MB) in case it comes back. After that the window has to be reloaded.
        Environment: JUPYTER_CODESERVER_RECONNECTION_GRACE.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_RECONNECTION_GRACE",))

    job_limit = Float(
        4 * 3600.0,
        help="""
        Seconds for which a running job (in a terminal, a task, a debugger, a notebook in VS Code)
        counts as use after a person was last there; 0: it never does.
        Environment: JUPYTER_CODESERVER_JOB_LIMIT.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_JOB_LIMIT",))

    idle_timeout = Float(
        0.0,
        help="""
        Seconds without use after which code-server is stopped, which frees its memory, while
        Jupyter stays; the next page load starts it again, with unsaved changes. 0: never.
        Environment: JUPYTER_CODESERVER_IDLE_TIMEOUT.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_IDLE_TIMEOUT",))

    def runtime(self) -> Path | None:
        """Where the sockets' folders are made; None: where such things are made here."""
        return _folder(self.runtime_folder)

    def draws_tile(self) -> bool:
        """Whether our extension of JupyterLab draws the tile instead of jupyter-server-proxy's.

        That one has no ranks, and no icon but in the sections of kernels.
        """
        is_usual = self.category in {"Notebook", "Console"} and self.rank is None
        return bool(self.category) and not is_usual

    def jupyter(self) -> dict[str, str]:
        """What VS Code's side has to know of the Jupyter server, as environment variables."""
        return {
            "JUPYTER_CODESERVER_BASE_URL": getattr(self.parent, "base_url", "/"),
            "JUPYTER_CODESERVER_ROOT": str(self._contents().root or ""),
        }

    def shared_extensions(self) -> Path | None:
        """Where the shared extensions are; None: where the command line puts them."""
        return _folder(self.shared_extensions_folder)

    def values(self) -> Options:
        """What code-server is started with, as values.

        Raises:
            ConfigurationError: the working folder is neither a folder nor a workspace.
        """
        opened = self._opened()
        workspace = opened if contents.is_workspace(opened) else None
        folder = opened.parent if workspace else opened
        if not contents.is_folder(folder):
            raise ConfigurationError(
                Reason.CONFIGURATION,
                f"CodeServer.working_folder is {self.working_folder!r}, and {opened} is neither a "
                "folder nor a .code-workspace file.",
                "Create it or correct the option.",
            )
        return Options(
            folder=folder,
            workspace=workspace,
            extensions_folder=_folder(self.extensions_folder),
            user_data_folder=_folder(self.user_data_folder),
            arguments=tuple(self.arguments),
            reconnection_grace=self.reconnection_grace,
            title=self.title,
            own_extensions=self.own_extensions,
            workspace_trust=self.workspace_trust,
            switched_off=self.switched_off(),
        )

    def picture(self) -> str | None:
        """The picture of the tile, in SVG; None: ours, also where it cannot be read."""
        try:
            return Path(self.icon).expanduser().read_text("utf-8") if self.icon else None
        except (OSError, UnicodeDecodeError) as error:
            self.log.warning("CodeServer.icon cannot be read: %s", error)
            return None

    def additions(self) -> dict[str, str]:
        """The environment variables that code-server gets beside Jupyter's own."""
        return {**self.variables(), **self.environment}

    def _contents(self) -> contents.Contents:
        try:
            return contents.find(self.parent)
        except TraitError as error:  # only of a server that is not started
            raise _wrong(error) from error

    def _opened(self) -> Path:
        served = self._contents()
        if not self.working_folder:
            return served.first
        return Path(served.root or served.first, Path(self.working_folder).expanduser())

    @validate("icon")
    def _is_picture(self, proposal: Bunch) -> str:
        icon = str(proposal.value)
        if icon and not (icon.endswith(".svg") and Path(icon).expanduser().is_file()):
            raise TraitError(f"CodeServer.icon is {icon!r}; allowed is an SVG file that is there.")
        return icon

    @validate("timeout", "reconnection_grace")
    def _is_positive(self, proposal: Bunch) -> float:
        return _checked(proposal, "a number of seconds above 0", is_allowed=proposal.value > 0)

    @validate("job_limit", "idle_timeout")
    def _is_not_negative(self, proposal: Bunch) -> float:
        return _checked(proposal, "a number of seconds, or 0", is_allowed=proposal.value >= 0)


def _checked(proposal: Bunch, allowed: str, *, is_allowed: bool) -> float:
    value: float = proposal.value
    if not is_allowed:
        name = proposal.trait.name
        raise TraitError(f"CodeServer.{name} is {value:g}; allowed is {allowed}.")
    return value


def configured(app: ServerApp | None, environment: Mapping[str, str]) -> CodeServer:
    """The options as the Jupyter server, the environment and the defaults give them, in this order.

    Args:
        app: the running Jupyter server; None: there is none, and so no configuration.
        environment: the environment variables.

    Raises:
        ConfigurationError: an option has a value of the wrong type, or one that is not allowed.
    """
    config = Config({"CodeServer": dict(_from_environment(environment))})
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


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, DeferredConfig]]:
    for name, trait in CodeServer.class_traits(config=True).items():
        values = (environment.get(variable) for variable in trait.metadata["environment"])
        if value := next(filter(None, values), None):
            if isinstance(trait, List):
                yield name, DeferredConfigList(shlex.split(value))
            else:
                yield name, DeferredConfigString(value)


def _folder(value: str) -> Path | None:
    return Path(value).expanduser() if value else None
