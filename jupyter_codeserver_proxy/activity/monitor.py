"""Watches whether VS Code is in use, for as long as the server runs."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from .judgement import BLIND, Activity, judge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import timedelta

    from .judgement import Observation

_log = logging.getLogger(__name__)

_PERIOD = 15.0  # seconds, as in the windows


class Monitor:
    """Keeps the time of VS Code's last use.

    Args:
        observe: makes an observation.
        job_limit: how long a running job counts as use after a person's last action.
        act: called with each new judgement.
    """

    def __init__(
        self,
        observe: Callable[[], Awaitable[Observation]],
        job_limit: timedelta,
        act: Callable[[Activity], Awaitable[None]],
    ) -> None:
        self._observe = observe
        self._job_limit = job_limit
        self._act = act
        self._activity = Activity()

    def judge(self, seen: Observation) -> Activity:
        """Returns what an observation means; changes nothing."""
        return judge(seen, self._activity, self._job_limit, datetime.now(timezone.utc))

    async def run(self) -> None:
        """Observes and judges for ever."""
        while True:
            try:
                await self._act(await self._update())
            except Exception:  # noqa: BLE001 -- logged, and tried again
                # Without this a bug of ours would have an active student culled.
                _log.exception("Looking for activity failed")
            await asyncio.sleep(_PERIOD)

    async def _update(self) -> Activity:
        before, self._activity = self._activity, self.judge(await self._observe())
        if before.why != self._activity.why:
            level = logging.WARNING if self._activity.why == BLIND else logging.INFO
            _log.log(level, "VS Code is in use by: %s", self._activity.why)
        return self._activity
