"""Gathers the facts that the checks need, without changing anything."""

from __future__ import annotations

import os
import resource
import shutil
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as distribution_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_core.paths import jupyter_path
from jupyter_server.extension.config import ExtensionConfigManager
from jupyter_server.serverapp import ServerApp

from jupyter_codeserver_proxy.codeserver import executable, user_data
from jupyter_codeserver_proxy.config.languages import LANGUAGES
from jupyter_codeserver_proxy.config.options import CodeServer, configured
from jupyter_codeserver_proxy.failure import CannotStart
from jupyter_codeserver_proxy.service import launch
from jupyter_codeserver_proxy.supervision.runtime_folder import RuntimeFolder, candidates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_codeserver_proxy.codeserver.command import StartOptions

_MOUNTS = Path("/proc/self/mounts")
_INOTIFY = Path("/proc/sys/fs/inotify")


@dataclass(frozen=True)
class Place:
    """A folder that a student's programs write to.

    Attributes:
        path: the folder, or the nearest existing folder above it.
        is_writable: whether this process may write to it.
        free: bytes that this process may still write.
        file_system: the kernel's name of the file system; empty if it is unknown.
        uid: the user id of this process.
    """

    path: Path
    is_writable: bool
    free: int
    file_system: str
    uid: int


@dataclass(frozen=True)
class Hub:
    """What the environment says about the hub.

    Attributes:
        activity_interval: seconds between two reports of the server's activity.
        public_url: the hub's address for browsers; empty if it is unknown.
    """

    activity_interval: int
    public_url: str


@dataclass(frozen=True)
class Facts:
    """The facts that the checks judge.

    Attributes:
        executable: the code-server; None if there is none.
        found_in: where it was found, for a person.
        version: its version; None if it does not say.
        flags: the flags that it knows.
        installation: its installation; None if that is unknown.
        violation: how this code-server would violate the operator's options.
        cannot_start: why no code-server can be started.
        wrong_option: what is wrong with the options.
        versions: versions of the distributions that matter; None for a missing one.
        enabled: the server extensions that Jupyter's configuration enables.
        kernels: the kernels that are installed; None: VS Code offers none.
        programs: the programs of each language, and whether each is there.
        home: the student's home.
        user_data: VS Code's folder of settings and state.
        runtime: the folder for the folders of sockets.
        no_runtime: why there is no folder for sockets.
        watches: inotify's limit of watches; None where there is none.
        instances: inotify's limit of instances; None where there is none.
        descriptors: the limit of open files and connections; None where there is none.
        hub: the hub; None outside of one.
    """

    home: Place
    user_data: Place
    executable: Path | None = None
    found_in: str = ""
    version: str | None = None
    flags: frozenset[str] = frozenset()
    installation: Path | None = None
    violation: CannotStart | None = None
    cannot_start: CannotStart | None = None
    wrong_option: CannotStart | None = None
    versions: Mapping[str, str | None] = field(default_factory=dict)
    enabled: frozenset[str] = frozenset()
    kernels: tuple[str, ...] | None = None
    programs: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    runtime: Path | None = None
    no_runtime: CannotStart | None = None
    watches: int | None = None
    instances: int | None = None
    descriptors: int | None = None
    hub: Hub | None = None


def gather(environment: Mapping[str, str]) -> Facts:
    """Asks the machine, Jupyter's configuration and code-server itself."""
    app = ServerApp()
    app.load_config_file()
    wrong_option = None
    try:
        options = configured(app, environment)
        settings = options.values()
        options.workspace()
    except CannotStart as error:
        wrong_option, options = error, CodeServer()
        settings = options.values()
    home = Path.home()
    data = settings.start.user_data_folder or user_data.default_folder(environment)
    runtime, no_runtime = _runtime(settings.process.runtime, environment)
    return Facts(
        home=place(home),
        user_data=place(data),
        **_code_server(settings.start, environment),
        wrong_option=wrong_option,
        versions={
            name: _installed_version(name) for name in ("jupyter-server", "jupyter-server-proxy")
        },
        enabled=_enabled(app),
        kernels=_kernels(app) if options.kernels else None,
        programs={name: _programs(name, environment) for name in options.languages},
        runtime=runtime,
        no_runtime=no_runtime,
        watches=_limit("max_user_watches"),
        instances=_limit("max_user_instances"),
        descriptors=_descriptors(),
        hub=_hub(environment),
    )


def _code_server(options: StartOptions, environment: Mapping[str, str]) -> dict[str, Any]:
    try:
        found = executable.find(options.executable, environment)
        installation = executable.installation(found.path)
        return {
            "executable": found.path,
            "found_in": found.found_in,
            "version": executable.version(found.path),
            "flags": executable.abilities(found.path).flags,
            "installation": installation.root if installation else None,
            "violation": None if installation else _violation(found.path, options, environment),
        }
    except CannotStart as error:
        return {"cannot_start": error}


def _violation(
    path: Path, options: StartOptions, environment: Mapping[str, str]
) -> CannotStart | None:
    try:
        launch.check_unrecognised(path, launch.shared_folder(options, environment), ai=options.ai)
    except CannotStart as error:
        return error
    return None


def _runtime(
    configured: Path | None, environment: Mapping[str, str]
) -> tuple[Path | None, CannotStart | None]:
    try:
        folder = RuntimeFolder.create(candidates(configured, environment))
    except CannotStart as error:
        return None, error
    folder.remove()
    return folder.path.parent, None


def place(path: Path) -> Place:
    """Returns the facts about a folder, or about the nearest existing folder above it."""
    while not path.is_dir() and path != path.parent:
        path = path.parent
    return Place(
        path,
        os.access(path, os.W_OK | os.X_OK),
        shutil.disk_usage(path).free,
        _file_system(path),
        os.getuid(),
    )


def _file_system(path: Path) -> str:
    try:
        mounts = [line.split()[1:3] for line in _MOUNTS.read_text().splitlines()]
    except OSError:
        return ""  # not Linux
    resolved = path.resolve()
    # Of two mounts at the same point the later one counts.
    above = [(point, kind) for point, kind in mounts if resolved.is_relative_to(_unescaped(point))]
    return max(reversed(above), key=lambda mount: len(mount[0]))[1] if above else ""


def _unescaped(point: str) -> str:
    return point.encode().decode("unicode_escape") if "\\" in point else point


def _installed_version(name: str) -> str | None:
    try:
        return distribution_version(name)
    except PackageNotFoundError:
        return None


def _enabled(app: ServerApp) -> frozenset[str]:
    # As at the server's start, the configuration overrides the folders of switches.
    manager = ExtensionConfigManager(read_config_path=app.config_file_paths)
    switches = dict(manager.get_jpserver_extensions())  # type: ignore[no-untyped-call] # Jupyter's is not typed
    switches |= app.config.get("ServerApp", {}).get("jpserver_extensions", {})
    return frozenset(name for name, is_on in switches.items() if is_on)


def _kernels(app: ServerApp) -> tuple[str, ...]:
    # IPython's own folder of kernels is left out, as IPython would make that in the home.
    manager = KernelSpecManager(
        parent=app, kernel_dirs=jupyter_path("kernels"), ensure_native_kernel=False
    )
    return tuple(manager.find_kernel_specs())


def _programs(language: str, environment: Mapping[str, str]) -> dict[str, bool]:
    # Those of the kernel's environment, which is nearly always this one, come before PATH.
    path = os.pathsep.join((str(Path(sys.prefix, "bin")), environment.get("PATH", os.defpath)))
    return {name: shutil.which(name, path=path) is not None for name in LANGUAGES[language]}


def _limit(name: str) -> int | None:
    try:
        return int((_INOTIFY / name).read_text())
    except (OSError, ValueError):
        return None


def _descriptors() -> int | None:
    # Jupyter raises its own limit up to this one.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if hard == resource.RLIM_INFINITY else hard


def _hub(environment: Mapping[str, str]) -> Hub | None:
    if "JUPYTERHUB_API_URL" not in environment:
        return None
    interval = environment.get("JUPYTERHUB_ACTIVITY_INTERVAL", "")
    return Hub(
        int(interval) if interval.isdigit() else 300,  # JupyterHub's own default
        environment.get("JUPYTERHUB_PUBLIC_HUB_URL", ""),
    )
