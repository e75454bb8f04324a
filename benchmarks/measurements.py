"""The rows of the table: what is measured of which contender, and the targets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .pacing import Profile


class Contender(str, Enum):
    """A server that is compared; the value is its name on the command line."""

    DIRECT = "direct"
    DEFAULTS = "direct-defaults"
    PEER_TCP = "peer-tcp"
    PEER_SOCKET = "peer-socket"
    OURS = "ours"
    JUPYTER = "jupyter"
    JUPYTERLAB = "jupyterlab"
    OFF = "ours-off"
    PYRIGHT = "pyright"


TITLES = {
    Contender.DIRECT: "code-server itself",
    Contender.DEFAULTS: "code-server, its defaults",
    Contender.PEER_TCP: "jupyter-vscode-proxy, TCP",
    Contender.PEER_SOCKET: "jupyter-vscode-proxy, socket",
    Contender.OURS: "ours",
    Contender.JUPYTER: "Jupyter alone",
    Contender.JUPYTERLAB: "JupyterLab",
    Contender.OFF: "ours, switched off",
    Contender.PYRIGHT: "Pyright",
}


class Step(str, Enum):
    """A measurement that can run by itself; the value is its name on the command line."""

    LOOPBACK = "loopback"
    FAST_LINK = "20mbit"
    SLOW_LINK = "5mbit"
    IDLED = "5mbit-idled"
    COLD = "cold"
    ASSET = "asset"
    REQUESTS = "requests"
    WEBSOCKET = "websocket"
    DOWNLOAD = "download"
    WINDOW = "window"
    IDLE = "idle"
    LAB = "lab"


SLOW = Profile(megabits=5, round_trip=60)
LINKS: dict[Step, Profile | None] = {
    Step.LOOPBACK: None,
    Step.FAST_LINK: Profile(megabits=20, round_trip=30),
    Step.SLOW_LINK: SLOW,
}

_EDITORS = (Contender.DIRECT, Contender.PEER_TCP, Contender.PEER_SOCKET, Contender.OURS)
_PEERS = (Contender.PEER_TCP, Contender.PEER_SOCKET)
# Those of `python -m benchmarks`; the others are compared in the classroom.
SERVERS = (*_EDITORS, Contender.DEFAULTS, Contender.JUPYTER)


def contenders(step: Step) -> tuple[Contender, ...]:
    """Returns the contenders that a step measures."""
    if step in {Step.IDLE, Step.LAB}:
        return (Contender.JUPYTER, Contender.OURS)
    if step is Step.SLOW_LINK:
        return (*_EDITORS, Contender.DEFAULTS)
    if step is Step.IDLED:
        return (*_PEERS, Contender.OURS)
    return (*_EDITORS, Contender.JUPYTER) if step is Step.REQUESTS else _EDITORS


@dataclass(frozen=True)
class Unit:
    """The unit in which figures are printed."""

    name: str
    scale: float  # the factor from what is measured: seconds, bytes, bytes or events a second
    digits: int  # after the decimal point


class Bound(Enum):
    """The value that a target limits: our figure, its ratio to another, or their difference."""

    ITSELF = "itself"
    RATIO = "ratio"
    DIFFERENCE = "difference"


@dataclass(frozen=True)
class Target:
    """A target for our figure; beside several others, the limit holds for each."""

    limit: float
    bound: Bound = Bound.ITSELF
    others: tuple[Contender, ...] = ()


@dataclass(frozen=True)
class Row:
    """A row of the table, and the step that measures it."""

    key: str  # its name in JSON
    step: str  # a member of an enumeration of steps
    title: str
    unit: Unit
    more_is_better: bool = False  # a rate, not a time or a size
    targets: tuple[Target, ...] = ()


SECONDS = Unit("s", 1, 2)
MILLISECONDS = Unit("ms", 1e3, 0)
_FINE_MILLISECONDS = Unit("ms", 1e3, 2)
_MEGABYTES = Unit("MB", 1e-6, 2)
MEBIBYTES = Unit("MiB", 2**-20, 1)
_MEGABYTES_A_SECOND = Unit("MB/s", 1e-6, 0)
_PER_SECOND = Unit("1/s", 1, 0)


def at(ratio: float, *others: Contender) -> Target:
    """Returns a target for the ratio of our figure to each of the others."""
    return Target(ratio, Bound.RATIO, others)


def above(difference: float, other: Contender) -> Target:
    """Returns a target for the difference of our figure to another."""
    return Target(difference, Bound.DIFFERENCE, (other,))


_D, _T, _J = Contender.DIRECT, Contender.PEER_TCP, Contender.JUPYTER

# fmt: off
ROWS = (
    Row("load-loopback", Step.LOOPBACK, "click to ready, loopback", SECONDS,
        targets=(at(1.02, _D),)),
    Row("load-20mbit", Step.FAST_LINK, "click to ready, 20 Mbit/s, 30 ms", SECONDS,
        targets=(at(0.80, *_PEERS), at(0.90, _D))),
    Row("load-5mbit", Step.SLOW_LINK, "click to ready, 5 Mbit/s, 60 ms", SECONDS,
        targets=(at(0.55, *_PEERS), at(0.90, _D), at(0.70, Contender.DEFAULTS))),
    Row("load-idled", Step.IDLED, "the same after JupyterLab stood idle", SECONDS,
        targets=(at(0.35, *_PEERS),)),
    Row("bytes-20mbit", Step.FAST_LINK, "bytes for that, 20 Mbit/s", _MEGABYTES,
        targets=(at(0.36, *_PEERS),)),
    Row("bytes-5mbit", Step.SLOW_LINK, "bytes for that, 5 Mbit/s", _MEGABYTES,
        targets=(at(0.36, *_PEERS),)),
    Row("ready-bytes-20mbit", Step.FAST_LINK, "of them until ready, 20 Mbit/s", _MEGABYTES),
    Row("ready-bytes-5mbit", Step.SLOW_LINK, "of them until ready, 5 Mbit/s", _MEGABYTES),
    Row("cold-page", Step.COLD, "cold: click to the first page", MILLISECONDS,
        targets=(Target(0.100),)),
    Row("cold-ready", Step.COLD, "cold: click to ready", SECONDS,
        targets=(at(1.05, _D),)),
    Row("asset-total", Step.ASSET, "workbench.js with brotli", _FINE_MILLISECONDS,
        targets=(at(1 / 50, *_PEERS, _D),)),
    Row("asset-first", Step.ASSET, "workbench.js, first byte", _FINE_MILLISECONDS),
    Row("requests", Step.REQUESTS, "small requests", _PER_SECOND, more_is_better=True,
        targets=(at(3.5, _T),)),
    Row("messages", Step.WEBSOCKET, "websocket messages", _PER_SECOND, more_is_better=True,
        targets=(at(0.75, _D),)),
    Row("round-trip", Step.WEBSOCKET, "websocket round trip", _FINE_MILLISECONDS,
        targets=(at(1.6, _D),)),
    Row("download", Step.DOWNLOAD, "1 GiB download", _MEGABYTES_A_SECOND, more_is_better=True,
        targets=(at(0.5, _D),)),
    Row("download-memory", Step.DOWNLOAD, "Jupyter's growth meanwhile", MEBIBYTES,
        targets=(Target(32 * 2**20),)),
    Row("window-memory", Step.WINDOW, "code-server's memory with one window (PSS)", MEBIBYTES,
        targets=(at(0.70, *_PEERS),)),
    Row("start", Step.IDLE, "Jupyter's start", MILLISECONDS,
        targets=(above(0.100, _J),)),
    Row("memory", Step.IDLE, "Jupyter's memory, idle", MEBIBYTES,
        targets=(above(10 * 2**20, _J),)),
    Row("lab", Step.LAB, "JupyterLab's load", MILLISECONDS,
        targets=(above(0.050, _J),)),
)
# fmt: on

IN_SHORT = frozenset(
    ("load-loopback", "load-20mbit", "load-5mbit", "bytes-20mbit", "cold-page", "requests")
)
