"""Rights: the accounts of nodes and of prescale, the registry, the key of the secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .resource import Resource, describable, gcloud

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .place import Place

# The role of a node's account: it writes logs and metrics.
_NODE_ROLE = "roles/container.defaultNodeServiceAccount"
# The rights of prescale: it reads the cluster, and sets its pools' minimum.
_PRESCALE = "container.clusters.get,container.clusters.update,container.operations.get"


def nodes(where: Place) -> Iterator[Resource]:
    """Yields one account for the nodes, with no more roles than a node needs."""
    yield _account(where, f"{where.name}-nodes", f"Nodes of {where.name}")
    member = f"serviceAccount:{where.nodes_account}"
    yield Resource("nodes' role", (), _project_binding(where, member, _NODE_ROLE))


def prescale(where: Place) -> Iterator[Resource]:
    """Yields prescale's account, a role of three rights, and the pod that may use it.

    These come after the cluster: the project has identities of pods once a cluster has them.
    """
    yield _account(where, "prescale", "prescale")
    yield describable(
        where,
        "prescale's role",
        ("iam", "roles"),
        ("prescale",),
        *("--title", "prescale", "--stage", "GA", "--permissions", _PRESCALE),
    )
    member = f"serviceAccount:{where.prescale_account}"
    role = f"projects/{where.project}/roles/prescale"
    yield Resource("prescale's right", (), _project_binding(where, member, role))
    pod = f"serviceAccount:{where.project}.svc.id.goog[{where.namespace}/prescale]"
    bind = ("iam", "service-accounts", "add-iam-policy-binding", where.prescale_account)
    user = ("--member", pod, "--role", "roles/iam.workloadIdentityUser", "--condition", "None")
    yield Resource("prescale's pod", (), gcloud(where, *bind, *user))


def registry(where: Place) -> Iterator[Resource]:
    """Yields the registry of images, which the nodes may read, and no other."""
    region = ("--location", where.region)
    kind = ("artifacts", "repositories")
    yield describable(where, "registry", kind, ("hub", *region), "--repository-format", "docker")
    member = ("--member", f"serviceAccount:{where.nodes_account}")
    role = ("--role", "roles/artifactregistry.reader")
    bind = (*kind, "add-iam-policy-binding", "hub", *region, *member, *role)
    yield Resource("nodes' right to read images", (), gcloud(where, *bind))


def key(where: Place) -> Iterator[Resource]:
    """Yields the key that sops encrypts secrets with."""
    region = ("--location", where.region)
    yield describable(where, "key ring", ("kms", "keyrings"), ("hub", *region))
    yield describable(
        where,
        "key for secrets",
        ("kms", "keys"),
        ("sops", "--keyring", "hub", *region),
        *("--purpose", "encryption"),
    )


def _account(where: Place, name: str, title: str) -> Resource:
    """Returns a service account, which is looked up by its address and made by its name."""
    kind = ("iam", "service-accounts")
    address = f"{name}@{where.project}.iam.gserviceaccount.com"
    look = gcloud(where, *kind, "describe", address, "--format", "json")
    make = gcloud(where, *kind, "create", name, "--display-name", title)
    return Resource(f"account {name}", look, make)


def _project_binding(where: Place, member: str, role: str) -> tuple[str, ...]:
    """Returns the call that gives a role in the project; giving it twice changes nothing."""
    bind = ("projects", "add-iam-policy-binding", where.project, "--member", member)
    return gcloud(where, *bind, "--role", role, "--condition", "None")
