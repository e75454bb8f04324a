"""Fixtures: prescale from the checkout, an operator's files, sites and plans."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# At the end: the extension is imported from where it is installed.
sys.path.append(str(Path(__file__).parents[3]))

from z2jh.prescale.cloud import placeholders
from z2jh.prescale.commands.files import Files, read_site
from z2jh.prescale.planning import plan
from z2jh.prescale.schedule.meetings import instant

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from z2jh.prescale.planning.plan import CalendarMeetings, Plan
    from z2jh.prescale.planning.site import Site

VALUES = """\
custom:
  pools:
    core: {purpose: core, machineType: n2-standard-2, minNodes: 1, maxNodes: 2}
    students: {machineType: n2-highmem-8, provisioning: spot, minNodes: 0, maxNodes: 16}
    ondemand: {machineType: n2-highmem-8, provisioning: standard, minNodes: 0, maxNodes: 10}
  nodeReserve: {cpu: 0.5, memory: 786432000}
  cluster: {project: example-project, zone: europe-west6-a, name: hub, namespace: hub}
singleuser:
  image: {name: registry.example.org/codeserver-notebook, tag: "0.1.0"}
  memory: {guarantee: 2147483648, limit: 4294967296}
  cpu: {guarantee: 0.25, limit: 4}
  profileList:
    - {slug: course, display_name: Course, default: true}
    - slug: large
      display_name: Large
      kubespawner_override: {mem_guarantee: 8589934592, cpu_guarantee: 1}
cull: {timeout: 3600, every: 300}
"""

SCHEDULE = """\
timezone: Europe/Zurich
classes:
  - name: Databases
    students: 200
    logins: 3m
    meets:
      - {days: mon, from: 10:15, to: 12:00}
"""


def deployments(site: Site, namespace: str = "hub") -> list[dict[str, Any]]:
    """Returns the Deployments of placeholders that an operator applies."""
    return [placeholders.manifest(site, pool, namespace) for pool in site.values.pools]


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., Files]:
    """Writes schedule.yaml and values.yaml; the default is a class of 200 on Monday."""

    def write(schedule: str = SCHEDULE, values: str = VALUES) -> Files:
        found = Files(tmp_path / "schedule.yaml", [tmp_path / "values.yaml"])
        found.schedule.write_text(schedule)
        found.values[0].write_text(values)
        return found

    return write


@pytest.fixture
def site(files: Callable[..., Files]) -> Callable[..., Site]:
    """Reads what `files` writes."""
    return lambda *arguments, **more: read_site(files(*arguments, **more))


@pytest.fixture
def planned() -> Callable[..., Plan]:
    """Plans whole days, given as dates, in the site's zone."""

    def make(found: Site, first: str, last: str, extra: CalendarMeetings | None = None) -> Plan:

        zone = found.schedule.timezone
        start, end = (instant(date.fromisoformat(day), 0, zone) for day in (first, last))
        return plan.make(found, start, end, extra)

    return make
