"""The Helm values: what prescale takes out of the merged layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from z2jh.hubvalues import layers, pods, pools
from z2jh.hubvalues.layers import CHART_DEFAULTS, Stack, get
from z2jh.hubvalues.value_types import wrong_types
from z2jh.prescale.errors import Problem, ScheduleError

from .documents import refused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from z2jh import problems
    from z2jh.hubvalues.layers import Values as Merged
    from z2jh.hubvalues.pods import Pod
    from z2jh.hubvalues.pools import Pool

_LONGEST = 14 * 24 * 3600  # seconds, as for the durations of a schedule
_NO_LIMIT = 10**9  # servers


@dataclass(frozen=True)
class Cull:
    """Seconds without use until a server is stopped, and seconds between two looks."""

    timeout: int
    every: int

    @property
    def longest(self) -> int:
        """Seconds until a server that nobody uses is gone."""
        return self.timeout + self.every


@dataclass(frozen=True)
class Values:
    """All that prescale reads in the values.

    Attributes:
        pools: for students, by name.
        profiles: a student's pod by the profile's slug; under the empty string, the default one.
        image: of a student, with its tag.
        cull: None where servers are not culled.
        start_timeout: seconds that the hub waits for a server.
        spawns: servers that the hub starts at the same time.
        cluster: project, zone or region, name, namespace; as far as they are given.
    """

    pools: dict[str, Pool]
    profiles: dict[str, Pod]
    image: str
    cull: Cull | None
    start_timeout: int
    spawns: int
    cluster: dict[str, str]


def load(files: Sequence[Path]) -> Values:
    """Reads layers of values, later ones over earlier ones, as Helm does.

    Raises:
        ScheduleError: a value is missing or wrong; it names all problems.
    """
    with refused():
        stack = Stack(tuple(layers.read(file) for file in files))
    if wrong := wrong_types(stack) or _too_long(stack):
        raise ScheduleError([_shown(problem, files) for problem in wrong])
    found, wrong = pools.read_students(stack)
    if wrong:
        raise ScheduleError([_shown(problem, files) for problem in wrong])
    return _take(layers.over_defaults(CHART_DEFAULTS, stack.values), found)


def _too_long(stack: Stack) -> list[problems.Problem]:
    message = f"has to be a number of seconds up to {_LONGEST}"
    given = {key: get(stack.values, "cull", key) for key in ("timeout", "every")}
    return [
        stack.problem(("cull", key), f"is {value}, {message}")
        for key, value in given.items()
        if (value or 0) > _LONGEST
    ]


def _shown(problem: problems.Problem, files: Sequence[Path]) -> Problem:
    place = problem.source if problem.line else str(files[-1])
    return Problem(place, problem.line or 1, f"{problem.path}: {problem.message}")


def _take(values: Merged, found: list[Pool]) -> Values:
    def seconds(*path: str) -> int:
        return int(get(values, *path) or 0)

    image = get(values, "singleuser", "image") or {}
    name, tag = (str(image.get(key) or "") for key in ("name", "tag"))
    cull = Cull(seconds("cull", "timeout"), seconds("cull", "every"))
    cluster: dict[str, Any] = get(values, "custom", "cluster") or {}
    return Values(
        pools={pool.name: pool for pool in found},
        profiles=_profiles(values),
        image=f"{name}:{tag}" if tag else name,
        cull=cull if get(values, "cull", "enabled") else None,
        start_timeout=max(1, seconds("singleuser", "startTimeout")),
        # JupyterHub takes 0 for no limit.
        spawns=get(values, "hub", "concurrentSpawnLimit") or _NO_LIMIT,
        cluster={str(key): str(value) for key, value in cluster.items()},
    )


def _profiles(values: Merged) -> dict[str, Pod]:
    by_slug = {
        pod.variant.slug: pod
        for pod in pods.students(values)
        if pod.variant and pod.variant.is_plain
    }
    return {"": pods.default_student(values)} | by_slug
