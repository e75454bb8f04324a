"""Seats of a node, from the machine type and the hub's own values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.z2jh.prescale.conftest import SCHEDULE, VALUES
from z2jh.gke.machines import machine
from z2jh.prescale.errors import ScheduleError
from z2jh.prescale.inputs import values
from z2jh.resources import GIB, Resources

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from z2jh.prescale.planning.site import Site


@pytest.mark.parametrize(
    ("name", "cpu", "memory"),
    [
        # 4 GiB x 75 % + 4 x 80 % + 8 x 90 %, less 100 MiB; 4 CPUs less 60 + 10 + 5 + 5 m.
        pytest.param("e2-standard-4", 3.92, 13.3, id="16 GiB"),
        pytest.param("n1-standard-1", 0.94, 2.71, id="less than 4 GiB"),
        pytest.param("n2-highmem-8", 7.91, 58.42, id="64 GiB"),
        pytest.param("n2-standard-64", 63.77, 244.02, id="more than 128 GiB"),
        pytest.param("e2-medium", 0.94, 2.9, id="shared core"),
        pytest.param("e2-custom-6-12288", 5.915, 9.7, id="custom"),
    ],
)
def test_gke_keeps_its_part(name: str, cpu: float, memory: float) -> None:
    """GKE reserves memory and CPUs by tiers, and 100 MiB as eviction threshold."""
    found = machine(name)
    assert found.allocatable.cpu == pytest.approx(cpu, abs=0.005)
    assert found.allocatable.memory / GIB == pytest.approx(memory, abs=0.01)


def test_an_unknown_machine_type_is_not_guessed(site: Callable[..., Site]) -> None:
    """An unknown machine type is an error, with its line."""
    with pytest.raises(ValueError, match="'z9-standard-4', whose size is not known"):
        machine("z9-standard-4")
    with pytest.raises(
        ScheduleError,
        match=r"values.yaml:4: custom.pools.students.machineType: is 'z9-standard-4', whose size",
    ):
        site(
            values=VALUES.replace(
                "{machineType: n2-highmem-8, prov", "{machineType: z9-standard-4, prov", 1
            )
        )


@pytest.mark.parametrize(
    ("change", "seats", "bound"),
    [
        pytest.param(("", ""), 28, "memory", id="as it is"),
        pytest.param(("guarantee: 0.25", "guarantee: 0.5"), 14, "CPU", id="CPU"),
        pytest.param(
            ("provisioning: spot,", "provisioning: spot, maxPods: 32,"), 17, "pods", id="pods"
        ),
        pytest.param(
            (
                "machineType: n2-highmem-8, provisioning: spot",
                "machineType: n2-highmem-80, provisioning: spot",
            ),
            95,
            "pods",
            id="many",
        ),
    ],
)
def test_what_runs_out_first_bounds_the_seats(
    site: Callable[..., Site], change: tuple[str, str], seats: int, bound: str
) -> None:
    """The scarcest of memory, CPU, pods and volumes decides: (58.42 GiB - 750 MB) / 2 GiB."""
    found = site(values=VALUES.replace(*change)).capacities["students", ""]
    assert (found.seats, found.bound) == (seats, bound)
    assert f"students by memory {found.limits['memory']}" in found.told[-1]


def test_volumes_bound_the_seats(site: Callable[..., Site]) -> None:
    """A machine takes 127 disks beside its own; each home and extra claim needs one."""
    found = site().capacities["students", ""]
    assert found.limits["volumes"] == 127
    claim = "  storage: {extraVolumes: [{persistentVolumeClaim: {}}, {emptyDir: {}}]}\n"
    more = VALUES.replace("  cpu: {guarantee", f"{claim}  cpu: {{guarantee")
    assert site(values=more).capacities["students", ""].limits["volumes"] == 63
    static = VALUES.replace("  cpu: {guarantee", "  storage: {type: static}\n  cpu: {guarantee")
    assert "volumes" not in site(values=static).capacities["students", ""].limits


def test_a_profile_has_its_own_seats(site: Callable[..., Site]) -> None:
    """The override of a profile decides its seats."""
    found = site()
    assert found.capacities["students", "large"].seats == 7
    assert found.capacities["students", "course"].seats == found.capacities["students", ""].seats


def test_a_limit_without_a_guarantee_is_a_guarantee(site: Callable[..., Site]) -> None:
    """A limit without a guarantee is the guarantee, as in Kubernetes."""
    found = site(values=VALUES.replace("guarantee: 2147483648", "guarantee: null"))
    assert found.values.profiles[""].requests == Resources(4294967296, 0.25)


def test_later_layers_win(tmp_path: Path) -> None:
    """Later layers merge maps and replace everything else, like Helm."""
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text(VALUES)
    second.write_text(
        "custom: {pools: {ondemand: {maxNodes: 22}}}\nsingleuser: {memory: {guarantee: 3G}}\n"
    )
    found = values.load([first, second])
    assert found.pools["ondemand"].max_nodes == 22
    assert found.pools["ondemand"].machine.name == "n2-highmem-8"
    # KubeSpawner's G is 2^30.
    assert found.profiles[""].requests == Resources(3 * 2**30, 0.25)
    assert "core" not in found.pools


@pytest.mark.parametrize(
    ("change", "line", "what"),
    [
        pytest.param(("custom:", "custum:"), 1, "names no pool", id="no pools"),
        pytest.param(
            ("{machineType: n2-highmem-8, provisioning: spot", "{provisioning: spot"),
            4,
            "lacks machineType",
            id="machine",
        ),
        pytest.param(
            ("provisioning: spot", "provisioning: cheap"), 4, "'cheap'", id="provisioning"
        ),
        pytest.param(("maxNodes: 16", "maxNodes: 0"), 4, "maxNodes: is 0", id="no room"),
        pytest.param(
            ("guarantee: 2147483648", "guarantee: lots"), 10, "guarantee: is 'lots'", id="bytes"
        ),
        pytest.param(("timeout: 3600", "timeout: -1"), 17, "timeout: is -1", id="negative"),
        pytest.param(
            ("timeout: 3600", "timeout: 60000000000"), 17, "timeout: is 60000000000", id="for ever"
        ),
        pytest.param(
            ("profileList:", "profileList: many\n  unused:"),
            12,
            "profileList: is 'many'",
            id="list",
        ),
        pytest.param(("cull:", "cull: ["), 18, "not YAML", id="YAML"),
    ],
)
def test_bad_values_give_file_and_line(
    site: Callable[..., Site], change: tuple[str, str], line: int, what: str
) -> None:
    """Mistakes in values are reported with file and line."""
    with pytest.raises(ScheduleError) as caught:
        site(values=VALUES.replace(*change, 1))
    (problem,) = caught.value.problems
    assert what in problem.what
    assert problem.file.endswith("values.yaml")
    assert problem.line == line


def test_a_student_who_fits_no_node_is_told_of(site: Callable[..., Site]) -> None:
    """A student who fits on no node is an error of the schedule."""
    with pytest.raises(ScheduleError, match="no room for one student"):
        site(SCHEDULE, VALUES.replace("guarantee: 2147483648", "guarantee: 200G"))
