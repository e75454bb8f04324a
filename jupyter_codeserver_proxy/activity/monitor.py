"""Judges, again and again while the server runs, whether VS Code is in use."""

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

_PERIOD = 15.0  # seconds, as the windows' own


class Monitor:
    """Knows when VS Code was last in use.

    Args:
        observe: looks at VS Code.
        job_limit: how long after a person was last there a running job counts.
        judged: is told what each look has led to.
    """

    def __init__(
        self,
        observe: Callable[[], Awaitable[Observation]],
        job_limit: timedelta,
        judged: Callable[[Activity], Awaitable[None]],
    ) -> None:
        self._observe = observe
        self._job_limit = job_limit
        self._judged = judged
        self._activity = Activity()

    async def look(self) -> Activity:
        """What is true now."""
        seen = await self._observe()
        now = datetime.now(timezone.utc)
        before, self._activity = self._activity, judge(seen, self._activity, self._job_limit, now)
        if before.why != self._activity.why:
            level = logging.WARNING if self._activity.why == BLIND else logging.INFO
            _log.log(level, "VS Code is in use by: %s", self._activity.why)
        return self._activity

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self._judged(await self.look())
            except Exception:  # noqa: BLE001 -- logged, and tried again
                # Without this a fault of ours would have a student culled who works.
                _log.exception("Looking for activity failed")
            await asyncio.sleep(_PERIOD)
