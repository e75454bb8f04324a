"""The cluster that the values ask for: every resource, how to look for it and how to make it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from z2jh.check.layers import get
from z2jh.check.pools import PURPOSE_LABEL
from z2jh.check.problems import UnusableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from z2jh.check.layers import Stack
    from z2jh.check.pools import Pool

HOMES_FILE = Path(__file__).with_name("homes.yaml")
_EXAMPLE = "example-project"  # what stands in the values before an operator has put in theirs
_FIELDS = ("project", "region", "zone", "name", "namespace", "budget")
_APIS = (
    "artifactregistry",
    "billingbudgets",
    "cloudkms",
    "compute",
    "container",
    "gkebackup",
    "iam",
    "logging",
    "monitoring",
)
# What a node's account may do: write logs and metrics, and read images.
_NODE_ROLES = ("roles/container.defaultNodeServiceAccount",)
_DAILY_BACKUP = "0 2 * * *"
_KEPT_DAYS = 14


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
    def context(self) -> str:
        """What `get-credentials` calls the cluster."""
        return f"gke_{self.project}_{self.zone}_{self.name}"


@dataclass(frozen=True)
class Resource:
    """One thing that is to exist.

    Attributes:
        what: for a person.
        look: the call that succeeds when it exists; empty when making it twice does no harm.
        make: the call that makes it.
        named: for a call that lists: what its answer contains when the thing exists.
        pool: the pool that it is, so that a change of its size is seen.
        comes_with: what brings it along, unwanted: `make` takes it away again.
    """

    what: str
    look: tuple[str, ...]
    make: tuple[str, ...]
    named: str = ""
    pool: Pool | None = None
    comes_with: str = ""


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


def resources(where: Place, pools: list[Pool], billing_account: str) -> Iterator[Resource]:
    """Everything, in an order in which each finds what it needs.

    Args:
        where: the project and the cluster.
        pools: the cluster's.
        billing_account: who pays; without one there is no budget.
    """
    apis = tuple(f"{name}.googleapis.com" for name in _APIS)
    yield Resource("APIs", (), _gcloud(where, "services", "enable", *apis))
    yield from _network(where)
    yield from _accounts(where)
    yield _registry(where)
    yield from _keys(where)
    yield _cluster(where)
    for pool in pools:
        yield _pool(where, pool)
    yield _first_pool(where)
    yield _backup(where)
    if billing_account:
        yield _budget(where, billing_account)
    zone = ("--zone", where.zone)
    login = ("container", "clusters", "get-credentials", where.name, *zone)
    yield Resource("kubectl's context", (), _gcloud(where, *login))
    apply = ("kubectl", "--context", where.context, "apply", "--filename", str(HOMES_FILE))
    yield Resource("storage class of the homes", (), apply)


def _gcloud(where: Place, *arguments: str) -> tuple[str, ...]:
    return ("gcloud", *arguments, "--project", where.project, "--quiet")


def _looked(
    where: Place,
    what: str,
    kind: tuple[str, ...],
    named: tuple[str, ...],
    *options: str,
) -> Resource:
    """A resource of the usual kind: `describe` tells whether it is there, `create` makes it.

    Args:
        where: the project.
        what: for a person.
        kind: gcloud's group of commands.
        named: its name, and the options that say where it is.
        options: what it is to be like.
    """
    look = _gcloud(where, *kind, "describe", *named, "--format", "json")
    return Resource(what, look, _gcloud(where, *kind, "create", *named, *options))


def _network(where: Place) -> Iterator[Resource]:
    """A network of its own; nodes have no public address and reach the world through NAT."""
    region = ("--region", where.region)
    name = where.name
    yield _looked(where, "network", ("compute", "networks"), (name,), "--subnet-mode", "custom")
    yield _looked(
        where,
        "subnet",
        ("compute", "networks", "subnets"),
        (name, *region),
        *("--network", name, "--range", "10.0.0.0/22"),
        *("--secondary-range", "pods=10.4.0.0/14,services=10.8.0.0/20"),
        "--enable-private-ip-google-access",
    )
    yield _looked(where, "router", ("compute", "routers"), (name, *region), "--network", name)
    yield _looked(
        where,
        "NAT",
        ("compute", "routers", "nats"),
        (name, "--router", name, *region),
        *("--auto-allocate-nat-external-ips", "--nat-all-subnet-ip-ranges"),
        # 200 students of one node's worth of addresses open many connections at once.
        *("--min-ports-per-vm", "2048"),
    )


def _accounts(where: Place) -> Iterator[Resource]:
    """One account for the nodes, with the roles that a node needs and no more."""
    account = ("iam", "service-accounts")
    look = _gcloud(where, *account, "describe", where.nodes_account, "--format", "json")
    title = ("--display-name", f"Nodes of {where.name}")
    make = _gcloud(where, *account, "create", f"{where.name}-nodes", *title)
    yield Resource("nodes' service account", look, make)
    for role in _NODE_ROLES:
        member = ("--member", f"serviceAccount:{where.nodes_account}", "--role", role)
        bind = ("projects", "add-iam-policy-binding", where.project, *member)
        # Binding twice changes nothing.
        yield Resource(f"nodes' role {role}", (), _gcloud(where, *bind, "--condition", "None"))


def _registry(where: Place) -> Resource:
    return _looked(
        where,
        "registry",
        ("artifacts", "repositories"),
        ("hub", "--location", where.region),
        *("--repository-format", "docker"),
    )


def _keys(where: Place) -> Iterator[Resource]:
    """Read rights on the images alone, and the key that sops encrypts secrets with."""
    region = ("--location", where.region)
    member = ("--member", f"serviceAccount:{where.nodes_account}")
    role = ("--role", "roles/artifactregistry.reader")
    bind = ("artifacts", "repositories", "add-iam-policy-binding", "hub", *region, *member, *role)
    yield Resource("nodes' right to read images", (), _gcloud(where, *bind))
    yield _looked(where, "key ring", ("kms", "keyrings"), ("hub", *region))
    yield _looked(
        where,
        "key for secrets",
        ("kms", "keys"),
        ("sops", "--keyring", "hub", *region),
        *("--purpose", "encryption"),
    )


def _cluster(where: Place) -> Resource:
    """Dataplane V2 enforces network policies; GKE's first pool goes when ours are there."""
    return _looked(
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
        # Chooses nodes that can be emptied, and empties them soon.
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
    made = _looked(
        where,
        f"pool {pool.name}",
        ("container", "node-pools"),
        (pool.name, "--cluster", where.name, "--zone", where.zone),
        *("--machine-type", pool.machine_type),
        *provisioning.get(pool.provisioning, ()),
        *("--num-nodes", str(pool.min_nodes), "--enable-autoscaling"),
        *("--total-min-nodes", str(pool.min_nodes), "--total-max-nodes", str(pool.max_nodes)),
        # ANY takes Spot nodes from wherever they are left.
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
    """GKE makes no cluster without a pool of its own, which nothing of ours needs."""
    scope = ("--cluster", where.name, "--zone", where.zone)
    pools = ("container", "node-pools")
    look = _gcloud(where, *pools, "describe", "default-pool", *scope, "--format", "json")
    make = _gcloud(where, *pools, "delete", "default-pool", *scope)
    return Resource("GKE's first pool", look, make, comes_with="cluster")


def _backup(where: Place) -> Resource:
    """Every home once a day, at night."""
    cluster = f"projects/{where.project}/locations/{where.zone}/clusters/{where.name}"
    return _looked(
        where,
        "daily backup of the homes",
        ("container", "backup-restore", "backup-plans"),
        (f"{where.name}-homes", "--location", where.region),
        *("--cluster", cluster, "--included-namespaces", where.namespace),
        *("--include-volume-data", "--cron-schedule", _DAILY_BACKUP),
        *("--backup-retain-days", str(_KEPT_DAYS)),
    )


def _budget(where: Place, billing_account: str) -> Resource:
    """A mail at half of the month's budget, at 90 % and at all of it."""
    title = f"hub {where.name}"
    account = ("--billing-account", billing_account)
    budgets = ("billing", "budgets")
    look = _gcloud(where, *budgets, "list", *account, "--format", "value(displayName)")
    thresholds = [f"--threshold-rule=percent={part}" for part in ("0.5", "0.9", "1.0")]
    make = _gcloud(
        where,
        *(*budgets, "create", *account, "--display-name", title),
        *("--budget-amount", str(where.budget)),
        *("--filter-projects", f"projects/{where.project}"),
        *thresholds,
    )
    return Resource("budget", look, make, named=title)
