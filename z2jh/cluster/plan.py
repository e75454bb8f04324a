"""The plan: the calls that bring the cluster to its desired state."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from z2jh.gke.nodes import MAX_PODS, PROVISIONING, STANDARD
from z2jh.problems import UnusableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from z2jh.hubvalues.pools import Pool

    from .place import Place
    from .resource import Resource

    # Runs a program; returns its status and what it printed.
    Run = Callable[[tuple[str, ...]], "Answer"]

_NOT_THERE = ("not found", "NOT_FOUND", "notFound", "was not found", "404", "does not exist")


class CallError(UnusableError):
    """A call failed, and not because something does not exist yet."""

    exit_code = 1


@dataclass(frozen=True)
class Answer:
    """What a program printed, and its status."""

    status: int
    output: str
    error: str


@dataclass(frozen=True)
class Change:
    """One call that makes or changes something."""

    what: str  # the resource, for a person
    call: tuple[str, ...]
    why: str

    def __str__(self) -> str:
        """The call as it can be typed."""
        return f"# {self.what}: {self.why}\n{shlex.join(self.call)}"


def everything(resources: Iterable[Resource]) -> Iterator[Change]:
    """Yields all calls that an empty project needs, without looking up what exists."""
    for resource in resources:
        why = "goes, if it is there" if resource.deleted_with else "made, if it is not there"
        yield Change(resource.what, resource.make, why)


def missing(where: Place, resources: Iterable[Resource], run: Run) -> Iterator[Change]:
    """Yields the calls that are needed; looks up what exists, and changes nothing.

    Raises:
        CallError: a look-up failed, so that nobody knows what exists.
    """
    made = set()
    for resource in resources:
        if not resource.look:
            yield Change(resource.what, resource.make, "harmless when it was done before")
            continue
        found = _found(resource, run)
        if resource.deleted_with:
            if found is not None or resource.deleted_with in made:
                yield Change(resource.what, resource.make, "is not needed any more")
        elif found is None:
            made.add(resource.what)
            yield Change(resource.what, resource.make, "is not there")
        elif resource.pool:
            yield from _difference(where, resource.pool, found)


def apply(changes: Iterable[Change], run: Run, tell: Callable[[str], None]) -> None:
    """Make the calls, one after the other.

    Raises:
        CallError: one failed; those before it are done, and running again goes on from there.
    """
    for change in changes:
        tell(str(change))
        answer = run(change.call)
        if answer.status:
            raise CallError(f"{change.what}: {_line(answer)}; what came before it is done, and "
                            "the same command goes on from here")  # fmt: skip


def _found(resource: Resource, run: Run) -> dict[str, Any] | None:
    """Looks a resource up; returns None if it does not exist."""
    answer = run(resource.look)
    if resource.named:
        if answer.status:
            raise CallError(f"{resource.what}: {_line(answer)}")
        return {} if resource.named in answer.output.splitlines() else None
    if answer.status == 0:
        try:
            said: dict[str, Any] = json.loads(answer.output)
        except ValueError as error:
            raise CallError(f"{resource.what}: gcloud gave no JSON") from error
        return said
    if any(words in answer.error for words in _NOT_THERE):
        return None
    raise CallError(f"{resource.what}: {_line(answer)}")


def _difference(where: Place, pool: Pool, found: dict[str, Any]) -> Iterator[Change]:
    """Yields the call that gives a pool its sizes.

    Raises:
        CallError: it differs in what GKE cannot change, such as its machine type.
    """
    config = found.get("config", {})
    fixed = {
        "machine type": (config.get("machineType"), pool.machine.name),
        "provisioning": (_provisioning(config), pool.provisioning),
        "taints": (_taints(config), str(pool.taint)),
        "number of pods on a node": (_pods(found), pool.max_pods),
    }
    for name, (has, wanted) in fixed.items():
        if has != wanted:
            raise CallError(
                f"pool {pool.name}: its {name} is {has}, the values say {wanted}, and GKE cannot "
                "change it: give the new pool a new name in the values, and delete the old one "
                "when it is empty"
            )
    scaling = found.get("autoscaling", {})
    has = [int(scaling.get(key, 0)) for key in ("totalMinNodeCount", "totalMaxNodeCount")]
    if not scaling.get("enabled") or has[1] != pool.max_nodes:
        # The minimum is left as it is: in the term, prescale sets it.
        least = str(min(has[0], pool.max_nodes))
        call = (
            *("gcloud", "container", "node-pools", "update", pool.name),
            *("--cluster", where.name, "--zone", where.zone, "--enable-autoscaling"),
            *("--total-min-nodes", least, "--total-max-nodes", str(pool.max_nodes)),
            *("--project", where.project, "--quiet"),
        )
        yield Change(f"pool {pool.name}", call, f"has {has[1]} nodes at most, not {pool.max_nodes}")


def _provisioning(config: dict[str, Any]) -> str:
    return next((name for name in PROVISIONING if config.get(name)), STANDARD)


def _pods(found: dict[str, Any]) -> int:
    """Returns the number of pods; Google writes 64-bit numbers as text."""
    return int((found.get("maxPodsConstraint") or {}).get("maxPodsPerNode", MAX_PODS))


def _taints(config: dict[str, Any]) -> str:
    """Writes taints as the values do, without those that GKE adds by itself."""
    effects = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute"}
    return ", ".join(
        f"{taint['key']}={taint.get('value', '')}:{effects.get(taint['effect'], taint['effect'])}"
        for taint in config.get("taints", ())
        if not taint["key"].startswith("sandbox.gke.io/")
    )


def _line(answer: Answer) -> str:
    return " ".join(answer.error.split()) or f"ended with status {answer.status}"
