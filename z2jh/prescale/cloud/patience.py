"""How long calls to the cloud are waited for, and which of them are tried again."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from z2jh.prescale.errors import HeldError, PrescaleError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """Seconds; the whole of a run has to end before the next begins.

    Attributes:
        call: that a call may take.
        first: before the second try; each further wait is twice as long.
        longest: between two tries.
        total: for all tries of a change.
        poll: between two looks at an operation.
    """

    call: float = 20
    first: float = 1
    longest: float = 15
    total: float = 120
    poll: float = 2

    def retry(
        self, call: Callable[[], T], meaning: Callable[[Exception], PrescaleError | None]
    ) -> T:
        """Call until it succeeds, as long as its failure may pass.

        Args:
            call: may raise a PrescaleError, which is not tried again.
            meaning: turns a client's exception into ours; None for one that is a bug.

        Raises:
            PrescaleError: the failure is a lasting one, or lasted for too long.
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
                may_pass = isinstance(failure, UnreachableError | HeldError)
                if not may_pass or time.monotonic() + wait > until:
                    raise failure from error
            _log.info("%s; trying again in %.1f s", failure, wait)
            time.sleep(wait)
            wait = min(2 * wait, self.longest)
