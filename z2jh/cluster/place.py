"""Where a cluster is, as `custom.cluster` gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from z2jh.hubvalues.layers import get
from z2jh.problems import FileError

if TYPE_CHECKING:
    from z2jh.hubvalues.layers import Stack

_PATH = ("custom", "cluster")
_EXAMPLE = "example-project"  # what stands in the values before an operator has put in theirs
_FIELDS = ("project", "region", "zone", "name", "namespace", "budget")


@dataclass(frozen=True)
class Place:
    """Where a cluster is, from `custom.cluster`."""

    project: str
    region: str  # of networks, registry and backups
    zone: str  # of the cluster and of the homes' disks
    name: str  # the cluster's; what belongs to it is named after it
    namespace: str  # of the hub
    budget: int  # for each month, in the billing account's currency

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
        """The name that `get-credentials` gives the cluster."""
        return f"gke_{self.project}_{self.zone}_{self.name}"


def place(stack: Stack) -> Place:
    """Read `custom.cluster`.

    Raises:
        FileError: a value is missing.
    """
    given: Any = get(stack.values, *_PATH) or {}
    for name in _FIELDS:
        if not given.get(name):
            raise FileError(str(stack.problem((*_PATH, name), "is not given")))
    return Place(**{name: given[name] for name in _FIELDS})


def own(stack: Stack) -> Place:
    """Read `custom.cluster` for calls that reach Google.

    Raises:
        FileError: a value is missing, or is still the example's.
    """
    where = place(stack)
    if where.project == _EXAMPLE:
        message = "is the example's: put in your own"
        raise FileError(str(stack.problem((*_PATH, "project"), message)))
    return where
