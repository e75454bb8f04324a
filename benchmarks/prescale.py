"""`python -m benchmarks.prescale`: the speed of plans and simulations, and the simulated waits."""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

_ROOT = Path(__file__).parents[1]
_TERM = ["--from", "2026-09-07", "--for", "112d"]
_DAY = ["--from", "2026-09-07", "--for", "24h"]
_WEEK = ["--week", "2026-09-07"]
_DAYS = ("mon", "tue", "wed", "thu", "fri")

_VALUES = """\
custom:
  pools:
    students: {machineType: n2-highmem-8, provisioning: spot, maxNodes: 5000}
  nodeReserve: {cpu: 0.5, memory: 786432000}
singleuser:
  image: {name: registry.example.org/codeserver-notebook, tag: "0.1.0"}
  memory: {guarantee: 2147483648}
  cpu: {guarantee: 0.25}
cull: {timeout: 3600, every: 300}
"""
_STORM = """\
timezone: Europe/Zurich
classes:
  - {name: Storm, students: 200, logins: 3m, meets: [{days: mon, from: 10:15, to: 12:00}]}
node_start: {image: 4, provisioning: 2m, pull: 25}
"""


@dataclass(frozen=True)
class Figure:
    """A measurement, and the limit that meets its target."""

    name: str
    value: float
    unit: str
    limit: float  # the most that the value may be

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.value <= self.limit

    def __str__(self) -> str:
        """Formats a row in Markdown."""
        limit = "" if self.limit == math.inf else f"<= {self.limit:g}"
        outcome = ("reached" if self.met else "missed") if limit else ""
        return f"| {self.name} | {self.value:.3g} {self.unit} | {limit} | {outcome} |"


def schedule(students: int, classes: int) -> str:
    """Returns a schedule with classes that meet twice a week."""
    choose = random.Random(1)  # noqa: S311 -- a timetable
    lines = ["timezone: Europe/Zurich", "classes:"]
    for number in range(classes):
        size = students // classes + (number < students % classes)
        first = choose.randrange(3)
        begin = choose.choice((8, 10, 13, 15, 17))
        days = f"[{_DAYS[first]}, {_DAYS[first + 2]}]"
        meets = f"[{{days: {days}, from: {begin:02}:15, to: {begin + 1:02}:45}}]"
        lines.append(f"  - {{name: C{number}, students: {size}, logins: 5m, meets: {meets}}}")
    return "\n".join(lines) + "\n"


def run(folder: Path, text: str, verb: str, *options: str) -> tuple[dict[str, Any], float, float]:
    """Runs prescale; returns its output, CPU seconds and peak memory in MB."""
    (folder / "schedule.yaml").write_text(text)
    (folder / "values.yaml").write_text(_VALUES)
    command = [
        sys.executable, "-m", "z2jh.prescale", verb, "--json", "--schedule",
        f"{folder}/schedule.yaml", "--values", f"{folder}/values.yaml", *options,
    ]  # fmt: skip
    out = folder / "out.json"
    # Python may write bytecode, as it does for an operator.
    variables = {
        key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"
    }
    with out.open("wb") as file:
        process = subprocess.Popen(command, cwd=_ROOT, stdout=file, env=variables)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"benchmarks: {' '.join(command)} ended with {process.returncode}")
    # CPU seconds, so that other processes on the machine do not count; prescale has one thread.
    return json.loads(out.read_text()), used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def measure(folder: Path) -> list[Figure]:
    """Measures all figures."""
    ours = ("--policy", "prescale")
    term = schedule(5000, 40)
    run(folder, term, "plan", *_DAY)  # writes the bytecode
    _, one, one_memory = run(folder, term, "simulate", *_TERM, *ours)
    _, every, memory = run(folder, term, "simulate", *_TERM)
    planning = median(run(folder, term, "plan", *_DAY)[1] for _ in range(5))
    storm, _, _ = run(folder, _STORM, "simulate", *_DAY)
    found = {outcome["policy"]: outcome for outcome in storm["policies"]}
    always, alone, class_of_200 = (
        found[name] for name in ("always on", "autoscaler alone", "prescale")
    )
    share = class_of_200["node_hours"] / always["node_hours"]
    alone_share = alone["node_hours"] / always["node_hours"]
    return [
        Figure("term, 5,000 students, 40 classes: prescale alone", one, "s", 20),
        Figure("the same, every policy", every, "s", 20),
        Figure("peak memory, prescale alone", one_memory, "MB", 300),
        Figure("peak memory, every policy", memory, "MB", 300),
        Figure("students 5,000 to 100,000: growth over n log n", growth(folder), "times", 1.2),
        Figure("plan of a day of that term", planning, "s", 0.5),
        Figure("class of 200 in 3 minutes: 95 of 100 wait at most", class_of_200["p95"], "s", 15),
        Figure("class of 200: failed starts", class_of_200["failed"], "", 0),
        Figure("class of 200: node hours against always on", share, "times", 0.45),
        Figure(
            "class of 200, the autoscaler alone: 95 of 100 wait at most",
            alone["p95"], "s", math.inf,
        ),
        Figure("the same: failed starts", alone["failed"], "", math.inf),
        Figure("the same: node hours against always on", alone_share, "times", math.inf),
    ]  # fmt: skip


def growth(folder: Path) -> float:
    """Returns the growth of a week's time over n log n, from 5,000 to 100,000 students.

    Takes the median of five, because a machine's clock rate may halve within seconds.
    """
    return median(_growth(folder) for _ in range(5))


def _growth(folder: Path) -> float:
    options = ("simulate", *_WEEK, "--policy", "prescale")
    # The time to load the program does not grow.
    _, loading, _ = run(folder, schedule(1, 1), *options)
    times = []
    for students in (5_000, 100_000):
        # Classes have 125 students each, so that only their number grows.
        _, seconds, _ = run(folder, schedule(students, students // 125), *options)
        times.append((students, seconds - loading))
    (few, short), (many, long) = times
    return (long / short) / (many * math.log(many) / (few * math.log(few)))


def main() -> int:
    """Runs the benchmark; returns 1 if --check is given and a target is missed, else 0."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.prescale", description=__doc__)
    options.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    given = options.parse_args()
    with TemporaryDirectory(prefix="benchmark-") as folder:
        figures = measure(Path(folder))
    head = "| what | measured | to reach | |\n|---|---:|---:|---|\n"
    sys.stdout.write(head + "\n".join(map(str, figures)) + "\n")
    return int(given.check and not all(figure.met for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
