"""The desired state: everything that the values ask for, in the order of its making."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from z2jh.hubvalues.pools import PURPOSE_LABEL

from . import accounts
from .resource import Resource, describable, gcloud

if TYPE_CHECKING:
    from collections.abc import Iterator

    from z2jh.hubvalues.pools import Pool

    from .place import Place

HOMES_FILE = Path(__file__).with_name("homes.yaml")
_APIS = (
    "artifactregistry",
    "billingbudgets",
    "cloudkms",
    "compute",
    "container",
    "gkebackup",
    "iam",
    "iamcredentials",
    "logging",
    "monitoring",
)
_DAILY_BACKUP = "0 2 * * *"
_KEPT_DAYS = 14


def resources(where: Place, pools: list[Pool], billing_account: str) -> Iterator[Resource]:
    """Yields every resource, after those that it needs; no budget without a billing account."""
    apis = tuple(f"{name}.googleapis.com" for name in _APIS)
    yield Resource("APIs", (), gcloud(where, "services", "enable", *apis))
    yield from _network(where)
    yield from accounts.nodes(where)
    yield from accounts.registry(where)
    yield from accounts.key(where)
    yield _cluster(where)
    yield from accounts.prescale(where)
    for pool in pools:
        yield _pool(where, pool)
    yield _first_pool(where)
    yield _backup(where)
    if billing_account:
        yield _budget(where, billing_account)
    zone = ("--zone", where.zone)
    login = ("container", "clusters", "get-credentials", where.name, *zone)
    yield Resource("kubectl's context", (), gcloud(where, *login))
    apply = ("kubectl", "--context", where.context, "apply", "--filename", str(HOMES_FILE))
    yield Resource("storage class of the homes", (), apply)


def _network(where: Place) -> Iterator[Resource]:
    """Yields a network of its own; nodes have no public address and use NAT."""
    region = ("--region", where.region)
    name = where.name
    yield describable(where, "network", ("compute", "networks"), (name,), "--subnet-mode", "custom")
    yield describable(
        where,
        "subnet",
        ("compute", "networks", "subnets"),
        (name, *region),
        *("--network", name, "--range", "10.0.0.0/22"),
        *("--secondary-range", "pods=10.4.0.0/14,services=10.8.0.0/20"),
        "--enable-private-ip-google-access",
    )
    yield describable(where, "router", ("compute", "routers"), (name, *region), "--network", name)
    yield describable(
        where,
        "NAT",
        ("compute", "routers", "nats"),
        (name, "--router", name, *region),
        *("--auto-allocate-nat-external-ips", "--nat-all-subnet-ip-ranges"),
        # The students of a node share an address, and open many connections at once.
        *("--min-ports-per-vm", "2048"),
    )


def _cluster(where: Place) -> Resource:
    """Returns the cluster; its Dataplane V2 enforces network policies."""
    return describable(
        where,
        "cluster",
        ("container", "clusters"),
        (where.name, "--zone", where.zone),
        *("--release-channel", "regular"),
        *("--network", where.name, "--subnetwork", where.name, "--enable-ip-alias"),
        *("--cluster-secondary-range-name", "pods", "--services-secondary-range-name", "services"),
        *("--enable-private-nodes", "--enable-dataplane-v2"),
        *("--workload-pool", f"{where.project}.svc.id.goog"),
        *("--enable-image-streaming", "--enable-shielded-nodes"),
        *("--addons", "GcePersistentDiskCsiDriver,BackupRestore,NodeLocalDNS"),
        # The autoscaler fills nodes before others, and removes empty ones soon.
        *("--autoscaling-profile", "optimize-utilization"),
        *("--maintenance-window-start", "2026-01-03T02:00:00Z"),
        *("--maintenance-window-end", "2026-01-03T08:00:00Z"),
        *("--maintenance-window-recurrence", "FREQ=WEEKLY;BYDAY=SA,SU"),
        *("--service-account", where.nodes_account),
        *("--num-nodes", "1", "--machine-type", "e2-medium"),
    )


def _pool(where: Place, pool: Pool) -> Resource:
    provisioning = {"spot": ("--spot",), "preemptible": ("--preemptible",)}
    sandbox = ("--sandbox", "type=gvisor") if pool.sandbox else ()
    made = describable(
        where,
        f"pool {pool.name}",
        ("container", "node-pools"),
        (pool.name, "--cluster", where.name, "--zone", where.zone),
        *("--machine-type", pool.machine.name),
        *provisioning.get(pool.provisioning, ()),
        *("--num-nodes", str(pool.min_nodes), "--enable-autoscaling"),
        *("--total-min-nodes", str(pool.min_nodes), "--total-max-nodes", str(pool.max_nodes)),
        *("--max-pods-per-node", str(pool.max_pods)),
        # ANY takes Spot nodes from whichever zone has some left.
        *(("--location-policy", "ANY") if pool.is_preemptible else ()),
        *("--node-labels", f"{PURPOSE_LABEL}={pool.purpose}"),
        *("--node-taints", str(pool.taint)),
        *("--disk-type", "pd-balanced", "--disk-size", f"{pool.disk}GB"),
        *("--service-account", where.nodes_account, "--workload-metadata", "GKE_METADATA"),
        *("--enable-image-streaming", "--shielded-secure-boot"),
        *sandbox,
    )
    return Resource(made.what, made.look, made.make, pool=pool)


def _first_pool(where: Place) -> Resource:
    """Returns the pool that GKE makes with every cluster, and that is deleted."""
    scope = ("--cluster", where.name, "--zone", where.zone)
    pools = ("container", "node-pools")
    look = gcloud(where, *pools, "describe", "default-pool", *scope, "--format", "json")
    make = gcloud(where, *pools, "delete", "default-pool", *scope)
    return Resource("GKE's first pool", look, make, deleted_with="cluster")


def _backup(where: Place) -> Resource:
    """Returns the backup of every home, once a day, at night."""
    cluster = f"projects/{where.project}/locations/{where.zone}/clusters/{where.name}"
    return describable(
        where,
        "daily backup of the homes",
        ("container", "backup-restore", "backup-plans"),
        (f"{where.name}-homes", "--location", where.region),
        *("--cluster", cluster, "--included-namespaces", where.namespace),
        *("--include-volume-data", "--cron-schedule", _DAILY_BACKUP),
        *("--backup-retain-days", str(_KEPT_DAYS)),
    )


def _budget(where: Place, billing_account: str) -> Resource:
    """Returns the budget: a mail at half of the month's amount, at 90 % and at 100 %."""
    title = f"hub {where.name}"
    account = ("--billing-account", billing_account)
    budgets = ("billing", "budgets")
    look = gcloud(where, *budgets, "list", *account, "--format", "value(displayName)")
    thresholds = [f"--threshold-rule=percent={part}" for part in ("0.5", "0.9", "1.0")]
    make = gcloud(
        where,
        *(*budgets, "create", *account, "--display-name", title),
        *("--budget-amount", str(where.budget)),
        *("--filter-projects", f"projects/{where.project}"),
        *thresholds,
    )
    return Resource("budget", look, make, named=title)
