"""Memory and CPU: what GKE leaves of a machine, and how many students fit into it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from z2jh import resources
from z2jh.gke import machines
from z2jh.resources import GIB, MIB, Resources


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("2.147483648e+09", 2147483648, id="as helm writes large numbers"),
        pytest.param("2Gi", 2147483648, id="binary"),
        pytest.param("2G", 2000000000, id="decimal"),
        pytest.param("250m", Decimal("0.25"), id="thousandths"),
    ],
)
def test_quantities_are_read_as_kubernetes_reads_them(text: str, number: Decimal) -> None:
    """To the byte."""
    assert resources.quantity(text) == number


def test_custom_machines_say_what_they_have() -> None:
    """Cores and MiB stand in the name."""
    assert machines.machine("n2-custom-8-40960").capacity == Resources(40 * GIB, 8)
    assert machines.machine_for_homes("custom-4-16384").capacity == Resources(16 * GIB, 4)


@pytest.mark.parametrize("name", ["n4-highmem-8", "c4-standard-8", "n2-huge-8", "n4-custom-8-4096"])
def test_a_machine_that_the_homes_cannot_be_attached_to_is_none(name: str) -> None:
    """Newer families take Hyperdisks alone."""
    with pytest.raises(ValueError, match="no machine type that takes pd-balanced disks"):
        machines.machine_for_homes(name)


@pytest.mark.parametrize(
    ("name", "whole_machine", "left"),
    [
        # Google's own example of a 16 GiB node, and the rule for CPU applied to four cores.
        pytest.param("n2-standard-4", (16, 4), (16 - 2.6 - 100 / 1024, 3.92), id="n2-standard-4"),
        pytest.param("n2-highmem-8", (64, 8), (64 - 5.48 - 100 / 1024, 7.91), id="n2-highmem-8"),
        pytest.param("n1-standard-1", (3.75, 1), (3.75 * 0.75 - 100 / 1024, 0.94), id="n1"),
    ],
)
def test_gke_keeps_a_part_of_each_machine(
    name: str, whole_machine: tuple[float, float], left: tuple[float, float]
) -> None:
    """By the slices that Google documents."""
    machine = machines.machine(name)
    assert (machine.capacity.memory / GIB, machine.capacity.cpu) == whole_machine
    found = machine.allocatable
    assert found.memory / GIB == pytest.approx(left[0], abs=1e-6)
    assert found.cpu == pytest.approx(left[1])


@pytest.mark.parametrize(
    ("each", "count"),
    [
        pytest.param(Resources(1024 * MIB, 0.25), 8, id="by memory"),
        pytest.param(Resources(512 * MIB, 0.5), 6, id="by CPU"),
        pytest.param(Resources(0, 0.1), 30, id="CPU alone, without a rounding error"),
        pytest.param(Resources(9 * GIB, 0.1), 0, id="too large"),
    ],
)
def test_seats_go_by_what_is_scarce(each: Resources, count: int) -> None:
    """Memory or CPU, whichever is used up first."""
    assert min(Resources(8 * GIB, 3.0).count(each).values()) == count
