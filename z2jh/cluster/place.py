"""Where a cluster is, as `custom.cluster` gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from z2jh.check.layers import get
from z2jh.check.problems import UnusableError

if TYPE_CHECKING:
    from z2jh.check.layers import Stack

_EXAMPLE = "example-project"  # what stands in the values before an operator has put in theirs
_FIELDS = ("project", "region", "zone", "name", "namespace", "budget")


@dataclass(frozen=True)
class Place:
    """Where a cluster is, from `custom.cluster`.

    Attributes:
        project: Google's project.
        region: of networks, registry and backups.
        zone: of the cluster and of the homes' disks.
        name: the cluster's; what belongs to it is named after it.
        namespace: where the hub is deployed.
        budget: for each month, in the billing account's currency.
    """

    project: str
    region: str
    zone: str
    name: str
    namespace: str
    budget: int

    @property
    def nodes_account(self) -> str:
        """The service account of all nodes."""
        return f"{self.name}-nodes@{self.project}.iam.gserviceaccount.com"

    @property
    def prescale_account(self) -> str:
        """The service account of prescale, for all hubs of the project."""
        return f"prescale@{self.project}.iam.gserviceaccount.com"

    @property
    def context(self) -> str:
        """What `get-credentials` calls the cluster."""
        return f"gke_{self.project}_{self.zone}_{self.name}"


def place(stack: Stack) -> Place:
    """Read `custom.cluster`.

    Raises:
        UnusableError: something in it is missing.
    """
    given: Any = get(stack.values, "custom", "cluster") or {}
    for name in _FIELDS:
        if not given.get(name):
            where = stack.origin(("custom", "cluster"))
            raise UnusableError(f"{where}: custom.cluster.{name}: is not given")
    return Place(**{name: given[name] for name in _FIELDS})


def own(stack: Stack) -> Place:
    """The same, for calls that reach Google.

    Raises:
        UnusableError: something is missing, or is still the example's.
    """
    where = place(stack)
    if where.project == _EXAMPLE:
        at = stack.origin(("custom", "cluster", "project"))
        raise UnusableError(f"{at}: custom.cluster.project: is the example's: put in your own")
    return where
