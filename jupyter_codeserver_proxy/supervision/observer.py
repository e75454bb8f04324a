"""The states of a supervised code-server, and the interface that is told when they change."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_codeserver_proxy.failure import Failure


class State(str, Enum):
    """What code-server is doing."""

    STOPPED = "stopped"  # the next request starts it
    STARTING = "starting"  # or waiting for the back-off to pass
    READY = "ready"
    FAILED = "failed"  # until somebody asks for a start


class Observer:
    """Base class with a method for each event; each does nothing unless it is overridden."""

    def started(self) -> None:
        """A process is about to be started."""

    def became_ready(self, socket: Path, seconds: float) -> None:
        """code-server answers on `socket`, so many seconds after `started`."""

    def ended(self) -> None:
        """A code-server that was ready no longer is."""

    def failed(self, failure: Failure) -> None:
        """code-server could not start, or ended unexpectedly."""
