"""One prescale at a time: a Lease that its holder takes, and gives back."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from lightkube import ApiError
from lightkube.resources.coordination_v1 import Lease

from z2jh.prescale.errors import HeldError, PrescaleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightkube import Client

    from .kubernetes import Kubernetes

_log = logging.getLogger(__name__)

NAME = "prescale"
SECONDS = 240  # less than the interval of the CronJob: one that was killed costs one run
_FRESH = timedelta(seconds=60)  # with the longest change, less than SECONDS
_CONFLICT = 409
_NOT_FOUND = 404


class Hold:
    """A lease that is held.

    Args:
        client: lightkube's.
        kubernetes: that tries again what may pass.
        lease: as the API gave it.
        now: gives the time, with its zone.
    """

    def __init__(
        self,
        client: Client,
        kubernetes: Kubernetes,
        lease: Any,  # noqa: ANN401 -- lightkube lets everything be missing
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._kubernetes = kubernetes
        self._lease = lease
        self._now = now

    def renew(self) -> None:
        """Hold it on, if that is due.

        Raises:
            HeldError: another one has taken it.
            UnreachableError: the API does not answer.
            ForbiddenError: it refuses.
        """
        moment = self._now().astimezone(timezone.utc)
        if abs(moment - self._lease.spec.renewTime) > _FRESH:
            self._lease.spec.renewTime = moment
            self._replace("renew the lease")

    def give_back(self) -> None:
        """Let others have it."""
        self._lease.spec.holderIdentity = ""
        try:
            self._replace("give the lease back")
        except PrescaleError as error:
            _log.warning("the lease was not given back, and ends by itself: %s", error)

    def _replace(self, told: str) -> None:
        def replaced() -> Any:  # noqa: ANN401 -- lightkube lets everything be missing
            try:
                return self._client.replace(self._lease)
            except ApiError as error:
                if error.status.code == _CONFLICT:
                    raise HeldError("another prescale has taken the lease; it goes on") from error
                raise

        self._lease = self._kubernetes.retry(replaced, told)


@contextmanager
def held(
    client: Client,
    kubernetes: Kubernetes,
    namespace: str,
    holder: str,
    now: Callable[[], datetime],
) -> Iterator[Hold]:
    """Hold the lease.

    Raises:
        HeldError: another one holds it.
        UnreachableError: the API does not answer.
        ForbiddenError: it refuses.
    """
    lease = kubernetes.retry(lambda: _take(client, namespace, holder, now()), "take the lease")
    hold = Hold(client, kubernetes, lease, now)
    try:
        yield hold
    finally:
        hold.give_back()


def _take(client: Client, namespace: str, holder: str, now: datetime) -> Any:  # noqa: ANN401 -- lightkube lets everything be missing
    try:
        lease: Any = client.get(Lease, NAME, namespace=namespace)
    except ApiError as error:
        if error.status.code != _NOT_FOUND:
            raise
        lease = None
    try:
        if lease is None:
            return client.create(_new(namespace, holder, now))
        if _is_held(lease.spec, holder, now):
            raise HeldError(
                f"{lease.spec.holderIdentity} is at work since {lease.spec.renewTime}; the next "
                "run goes on"
            )
        lease.spec = _new(namespace, holder, now).spec
        # The version that was read goes with it: of two who try, one gets a conflict.
        return client.replace(lease)
    except ApiError as error:
        if error.status.code == _CONFLICT:
            raise HeldError("another prescale was faster; the next run goes on") from error
        raise


def _is_held(spec: Any, holder: str, now: datetime) -> bool:  # noqa: ANN401 -- as above
    if not spec or not spec.holderIdentity or spec.holderIdentity == holder or not spec.renewTime:
        return False
    age = now.astimezone(timezone.utc) - spec.renewTime
    # One from the future is of a clock that was set back since.
    return bool(abs(age) <= timedelta(seconds=spec.leaseDurationSeconds or SECONDS))


def _new(namespace: str, holder: str, now: datetime) -> Any:  # noqa: ANN401 -- as above
    moment = now.astimezone(timezone.utc)
    return Lease.from_dict(
        {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": NAME, "namespace": namespace},
            "spec": {
                "holderIdentity": holder,
                "leaseDurationSeconds": SECONDS,
                "acquireTime": moment,
                "renewTime": moment,
            },
        }
    )
