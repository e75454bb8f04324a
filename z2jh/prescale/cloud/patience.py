"""The limits of waiting, and the retries of calls to the cloud."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from z2jh.prescale.errors import BusyError, PrescaleError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """Limits in seconds; a whole run must end before the next one begins.

    Attributes:
        call: for one call.
        first: until the first retry; doubles with each further one.
        longest: until a retry.
        total: for all tries of a change.
        poll: between two reads of an operation.
    """

    call: float = 20
    first: float = 1
    longest: float = 15
    total: float = 120
    poll: float = 2

    def retry(
        self, call: Callable[[], T], meaning: Callable[[Exception], PrescaleError | None]
    ) -> T:
        """Calls until it succeeds, as long as its failure may pass.

        Args:
            call: may raise a PrescaleError, which is not retried.
            meaning: translates a client's exception; returns None for a bug.

        Raises:
            PrescaleError: the failure does not pass, or lasted too long.
        """
        until = time.monotonic() + self.total
        wait = self.first
        while True:
            try:
                return call()
            except PrescaleError:
                raise
            except Exception as error:
                failure = meaning(error)
                if failure is None:
                    raise
                may_pass = isinstance(failure, UnreachableError | BusyError)
                if not may_pass or time.monotonic() + wait > until:
                    raise failure from error
            _log.info("%s; trying again in %.1f s", failure, wait)
            time.sleep(wait)
            wait = min(2 * wait, self.longest)
