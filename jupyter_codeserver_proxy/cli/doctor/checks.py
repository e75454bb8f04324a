"""Judges the facts: what is wrong, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jupyter_codeserver_proxy.failure import CannotStart

    from .facts import Facts, Place

# An extension with a language server takes some 200 MB. With less than 10 MB nothing is saved.
_SCARCE = 500_000_000  # bytes
_FULL = 10_000_000
# VS Code recommends 524288 for large workspaces. A class's folder is small, but its hub is shared.
_FEW_WATCHES = 65_536
_FEW_INSTANCES = 512  # per user id, which all students of a node may share; Linux's default is 128
_FEW_DESCRIPTORS = 1024  # a websocket takes two, a kernel some twenty
_NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "fuse.gcsfuse", "ceph", "9p"})
# The oldest versions that work, as in setup.cfg.
_LEAST = {"jupyter-server": (2, 14), "jupyter-server-proxy": (4, 6)}
# Flags of code-server, and what happens without each.
_WANTED_FLAGS = {
    "socket": "it cannot listen on a private socket",
    "reconnection-grace-time": "windows whose browser has gone are kept for three hours",
    "disable-workspace-trust": "VS Code asks students whether they trust their own folder",
}
_LONGEST_INTERVAL = 300  # seconds


class Level(str, Enum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        about: the subject of the check.
        level: how bad the finding is.
        what: one line for a person.
        advice: what to do or to type; empty if nothing is to be done.
    """

    about: str
    level: Level
    what: str
    advice: str = ""


def examine(facts: Facts) -> list[Finding]:
    """Returns all findings, in the order in which a start needs things."""
    return [finding for check in _CHECKS for finding in check(facts)]


def _fault(about: str, error: CannotStart) -> Finding:
    return Finding(about, Level.WRONG, error.what, error.advice)


def _code_server(facts: Facts) -> Iterator[Finding]:
    if facts.cannot_start:
        yield _fault("code-server", facts.cannot_start)
        return
    version = facts.version or "of unknown version"
    yield Finding("code-server", Level.OK, f"{version}, {facts.executable} ({facts.found_in})")
    if facts.violation:
        yield _fault("policy", facts.violation)
    elif facts.installation is None:
        yield Finding(
            "code-server",
            Level.WARNING,
            f"{facts.executable} does not tell which code-server it starts: VS Code reports no "
            "activity, and has its assistant's extension",
            "Set CodeServer.executable to the code-server that it starts.",
        )
    for flag, otherwise in _WANTED_FLAGS.items():
        if flag not in facts.flags:
            yield Finding(
                "flags",
                Level.WRONG if flag == "socket" else Level.WARNING,
                f"this code-server does not know --{flag}: {otherwise}",
                "Take a newer one: jupyter codeserver install",
            )


def _configuration(facts: Facts) -> Iterator[Finding]:
    if facts.wrong_option:
        yield _fault("options", facts.wrong_option)
    else:
        yield Finding("options", Level.OK, "every option has a value that it may have")


def _versions(facts: Facts) -> Iterator[Finding]:
    for name, least in _LEAST.items():
        version = facts.versions.get(name)
        wanted = ".".join(map(str, least))
        if version and _numbers(version) >= least:
            yield Finding(name, Level.OK, version)
        else:
            fault = f"{version} is too old" if version else "not installed"
            yield Finding(name, Level.WRONG, fault, f"pip install '{name}>={wanted}'")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _extensions(facts: Facts) -> Iterator[Finding]:
    for name in ("jupyter_codeserver_proxy", "jupyter_server_proxy"):
        if name in facts.enabled:
            yield Finding("server extension", Level.OK, f"{name} is enabled")
        else:
            yield Finding(
                "server extension",
                Level.WRONG,
                f"{name} is not enabled in this environment",
                f"jupyter server extension enable --sys-prefix {name}",
            )


def _kernels(facts: Facts) -> Iterator[Finding]:
    if facts.kernels:
        yield Finding("kernels", Level.OK, f"notebooks run on {', '.join(facts.kernels)}")
    elif facts.kernels is not None:
        yield Finding(
            "kernels",
            Level.WARNING,
            "none is installed here: notebooks run only if a gateway has kernels",
            "pip install ipykernel",
        )


def _languages(facts: Facts) -> Iterator[Finding]:
    for language, programs in facts.programs.items():
        found = ", ".join(name for name, is_there in programs.items() if is_there)
        missing = ", ".join(name for name, is_there in programs.items() if not is_there)
        what = "; ".join(filter(None, (found, missing and f"not there: {missing}")))
        if missing and language == "python":
            advice = "pip install debugpy pyrefly ruff"
            yield Finding("python", Level.WARNING, what, advice)
        elif what:
            yield Finding(language, Level.OK, what)


def _home(facts: Facts) -> Iterator[Finding]:
    yield from _place("home", facts.home, "settings and extensions are not kept")
    yield from _place("user data", facts.user_data, "settings and extensions are not kept")
    if facts.home.file_system in _NETWORK_FILE_SYSTEMS:
        yield Finding(
            "home",
            Level.OK,
            f"on {facts.home.file_system}: sockets are kept elsewhere; many small files are slow",
        )


def _place(about: str, place: Place, otherwise: str) -> Iterator[Finding]:
    if not place.is_writable:
        yield Finding(
            about,
            Level.WRONG,
            f"{place.path} cannot be written: {otherwise}",
            f"Give it to its student: chown -R {place.uid} {place.path}",
        )
    elif place.free < _SCARCE:
        yield Finding(
            about,
            Level.WRONG if place.free < _FULL else Level.WARNING,
            f"{place.path} has {place.free // 1_000_000} MB left",
            f"See what takes the room: du -xh {place.path} | sort -h | tail",
        )
    else:
        yield Finding(about, Level.OK, f"{place.path}, {place.free // 1_000_000} MB left")


def _runtime(facts: Facts) -> Iterator[Finding]:
    if facts.no_runtime:
        yield _fault("runtime folder", facts.no_runtime)
    else:
        yield Finding("runtime folder", Level.OK, f"a private one can be made in {facts.runtime}")


def _inotify(facts: Facts) -> Iterator[Finding]:
    limits = (
        ("max_user_watches", facts.watches, _FEW_WATCHES),
        ("max_user_instances", facts.instances, _FEW_INSTANCES),
    )
    for name, value, enough in limits:
        if value is None:
            continue  # not Linux
        if value < enough:
            yield Finding(
                "inotify",
                Level.WARNING,
                f"fs.inotify.{name} is {value}: VS Code may miss changes of files",
                f"On the machine (of a hub: on its nodes): sysctl fs.inotify.{name}={enough}",
            )
        else:
            yield Finding("inotify", Level.OK, f"fs.inotify.{name} is {value}")


def _descriptors(facts: Facts) -> Iterator[Finding]:
    if facts.descriptors is None:
        return
    if facts.descriptors < _FEW_DESCRIPTORS:
        yield Finding(
            "descriptors",
            Level.WARNING,
            f"a process may have {facts.descriptors} files and connections open: "
            "further windows of VS Code are refused soon",
            f"Where Jupyter is started: ulimit -Hn {_FEW_DESCRIPTORS * 4} (of a container: its "
            "engine's nofile)",
        )
    else:
        yield Finding("descriptors", Level.OK, f"{facts.descriptors} may be open")


def _hub(facts: Facts) -> Iterator[Finding]:
    if facts.hub is None:
        return
    interval = facts.hub.activity_interval
    level = Level.OK if interval <= _LONGEST_INTERVAL else Level.WARNING
    advice = "" if level is Level.OK else "Set JUPYTERHUB_ACTIVITY_INTERVAL=60 for its servers."
    yield Finding("hub", level, f"activity is told every {interval} s", advice)
    yield Finding(
        "hub",
        Level.OK,
        "whether it believes its proxy instead cannot be seen from here",
        "docs/culling.md has what belongs into jupyterhub_config.py.",
    )
    if facts.hub.public_url.startswith("http://"):
        yield Finding(
            "https",
            Level.WARNING,
            f"{facts.hub.public_url} is not https: browsers refuse VS Code's webviews there",
            "Give the hub a certificate; only localhost does without.",
        )


_CHECKS: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    _configuration,
    _code_server,
    _versions,
    _extensions,
    _runtime,
    _kernels,
    _languages,
    _home,
    _inotify,
    _descriptors,
    _hub,
)
