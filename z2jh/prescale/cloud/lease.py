"""The lease that lets one prescale at a time change the cluster."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from lightkube import ApiError
from lightkube.resources import coordination_v1

from z2jh.prescale.errors import BusyError, PrescaleError

from .kubernetes import find

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightkube import Client

    from .kubernetes import Kubernetes

_log = logging.getLogger(__name__)

NAME = "prescale"
SECONDS = 240  # below the CronJob's interval, so that a killed run costs only the next one
_FRESH = timedelta(seconds=60)  # plus the longest change, this is below SECONDS
_CONFLICT = 409


class Lease:
    """A lease, held within a `with` block.

    Methods raise BusyError if another prescale holds the lease, UnreachableError if the API does
    not answer, and ForbiddenError if it refuses. The holder is this process; `clock` returns a
    time with a zone.
    """

    def __init__(
        self,
        client: Client,
        kubernetes: Kubernetes,
        namespace: str,
        holder: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._kubernetes = kubernetes
        self._namespace = namespace
        self._holder = holder
        self._clock = clock
        self._object: Any = None

    def __enter__(self) -> Lease:  # noqa: PYI034 -- typing has Self from 3.11
        self._object = self._kubernetes.retry(self._take, "take the lease")
        return self

    def __exit__(self, *_: object) -> None:
        self._object.spec.holderIdentity = ""
        try:
            self._replace("release the lease")
        except PrescaleError as error:
            _log.warning("the lease was not released, and will expire: %s", error)

    def renew(self) -> None:
        """Renews the lease if it is due."""
        if abs(self._now() - self._object.spec.renewTime) > _FRESH:
            self._object.spec.renewTime = self._now()
            self._replace("renew the lease")

    def _now(self) -> datetime:
        return self._clock().astimezone(timezone.utc)

    def _replace(self, purpose: str) -> None:
        def replace() -> Any:  # noqa: ANN401 -- lightkube lets everything be missing
            try:
                return self._client.replace(self._object)
            except ApiError as error:
                if error.status.code == _CONFLICT:
                    raise BusyError("another prescale has taken the lease; it goes on") from error
                raise

        self._object = self._kubernetes.retry(replace, purpose)

    def _take(self) -> Any:  # noqa: ANN401 -- as above
        lease = find(self._client, coordination_v1.Lease, NAME, self._namespace)
        try:
            if lease is None:
                return self._client.create(self._new())
            if self._is_held_by_another(lease.spec):
                raise BusyError(
                    f"{lease.spec.holderIdentity} is at work since {lease.spec.renewTime}; the "
                    "next run goes on"
                )
            lease.spec = self._new().spec
            # The resource version makes the API refuse one of two simultaneous writers.
            return self._client.replace(lease)
        except ApiError as error:
            if error.status.code == _CONFLICT:
                raise BusyError("another prescale was faster; the next run goes on") from error
            raise

    def _is_held_by_another(self, spec: Any) -> bool:  # noqa: ANN401 -- as above
        if not spec or spec.holderIdentity in {None, "", self._holder} or not spec.renewTime:
            return False
        # A time in the future comes from a clock that was set back since.
        age = abs(self._now() - spec.renewTime)
        return bool(age <= timedelta(seconds=spec.leaseDurationSeconds or SECONDS))

    def _new(self) -> Any:  # noqa: ANN401 -- as above
        now = self._now()
        spec = {
            "holderIdentity": self._holder,
            "leaseDurationSeconds": SECONDS,
            "acquireTime": now,
            "renewTime": now,
        }
        metadata = {"name": NAME, "namespace": self._namespace}
        return coordination_v1.Lease.from_dict({"metadata": metadata, "spec": spec})
