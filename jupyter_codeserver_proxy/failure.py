"""Why code-server could not start or has ended, in words that a person can act on.

Exception
├── CannotStart     a start is not even attempted
└── NotReady        code-server does not run, and waiting does not help
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Reason(str, Enum):
    """The likely cause, for programs."""

    NOT_INSTALLED = "not installed"
    WRONG_GLIBC = "wrong glibc"
    CONFIGURATION = "configuration"
    DISK_FULL = "disk full"
    READ_ONLY = "read-only"
    SOCKET_TAKEN = "socket taken"
    OUT_OF_MEMORY = "out of memory"
    TOO_MANY_OPEN = "too many open files"
    TIMEOUT = "timeout"
    SOCKET_GONE = "socket gone"
    NOT_RESPONDING = "not responding"
    CRASH = "crash"

    @property
    def is_lasting(self) -> bool:
        """Whether the next start would fail in the same way unless somebody acts."""
        return self not in {
            Reason.SOCKET_TAKEN,
            Reason.OUT_OF_MEMORY,
            Reason.TOO_MANY_OPEN,
            Reason.SOCKET_GONE,
            Reason.NOT_RESPONDING,
            Reason.CRASH,
        }


class CannotStart(Exception):  # noqa: N818 -- its subclasses are the errors
    """A start is not even attempted.

    Attributes:
        reason: the cause, for programs.
        what: what is wrong and where, in one line for a person.
        advice: what to do about it, in one line.
    """

    def __init__(self, reason: Reason, what: str, advice: str) -> None:
        super().__init__(f"{what} {advice}")
        self.reason = reason
        self.what = what
        self.advice = advice


class NotReady(Exception):  # noqa: N818 -- a state that a caller asks about
    """code-server does not run, and waiting longer does not help.

    Attributes:
        failure: the failure; None if code-server was stopped on purpose.
    """

    def __init__(self, failure: Failure | None) -> None:
        super().__init__(failure.what if failure else "code-server was stopped.")
        self.failure = failure


@dataclass(frozen=True)
class Diagnosis:
    """A likely cause and what to do about it.

    Attributes:
        reason: the cause, for programs.
        what: what happened, in one line for a person.
        advice: what to do, in one line.
    """

    reason: Reason
    what: str
    advice: str


@dataclass(frozen=True)
class Failure(Diagnosis):
    """A code-server that could not start, or that ended unexpectedly.

    Attributes:
        exit_status: as `subprocess` gives it, -9 for SIGKILL; None if code-server did not run or
            was ended.
        log: the last lines of output.
        at: the time, with its zone.
    """

    exit_status: int | None
    log: tuple[str, ...]
    at: datetime
