"""Rules of safety: what is closed, what is switched on, and which clocks fit each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from z2jh.hubvalues.layers import get

if TYPE_CHECKING:
    from collections.abc import Iterator

    from z2jh.check.hub import Hub
    from z2jh.problems import Problem

# Paths with one right value, and what happens otherwise.
_FIXED: tuple[tuple[str, object, str], ...] = (
    ("hub.networkPolicy.enabled", True, "anything in the cluster could reach the hub"),
    (
        "proxy.chp.networkPolicy.enabled",
        True,
        "anything in the cluster could reach the proxy's API",
    ),
    ("singleuser.networkPolicy.enabled", True, "students could reach each other"),
    (
        "singleuser.networkPolicy.egressAllowRules.cloudMetadataServer",
        False,
        "students could ask for the machine's identity",
    ),
    ("singleuser.allowPrivilegeEscalation", False, "students could become root"),
    ("proxy.https.enabled", True, "passwords and cookies would be readable on the way"),
    ("scheduling.podPriority.enabled", True, "placeholders would not make room for students"),
    ("scheduling.userPlaceholder.enabled", True, "its PriorityClass would go, too"),
    ("scheduling.userScheduler.enabled", True, "students would be spread, and no node ever empty"),
    ("prePuller.continuous.enabled", True, "a new node would have no image when students come"),
    ("singleuser.storage.type", "dynamic", "homes have to outlive a node that is taken away"),
)
_GKE_CUTOFF = -10  # GKE's autoscaler starts no node for pods of a lower priority
_WITHOUT_CLOCK = "proxyWithoutClock"  # culling.yaml's name for it
_HOSTS = ("proxy", "https", "hosts")
_BY_HOST = "--host-routing"  # without this switch, the proxy looks at paths alone
_SPOT_NOTICE = 15  # seconds that pods get of a Spot node's notice


def check(hub: Hub) -> Iterator[Problem]:
    """Yields what is open, off or badly timed."""
    for rule in (_fixed, _secret, _metadata, _priorities, _clocks, _hosts, _origins):
        yield from rule(hub)


def _fixed(hub: Hub) -> Iterator[Problem]:
    for name, right, why in _FIXED:
        path = name.split(".")
        value = get(hub.values, *path)
        if value != right or isinstance(value, bool) != isinstance(right, bool):
            yield hub.problem(f"is {value!r}, has to be {right!r}: else {why}", *path)


def _secret(hub: Hub) -> Iterator[Problem]:
    if not get(hub.values, "hub", "existingSecret"):
        yield hub.problem(
            "no Secret is named, so the hub has no secrets: name it, and make it from an encrypted "
            "file (z2jh/README.md, Secrets)",
            *("hub", "existingSecret"),
        )


def _metadata(hub: Hub) -> Iterator[Problem]:
    """The pod drops the metadata address; in a sandbox it cannot, and the policy does."""
    sandbox = get(hub.values, "singleuser", "extraPodConfig", "runtimeClassName") == "gvisor"
    blocked = get(hub.values, "singleuser", "cloudMetadata", "blockWithIptables")
    path = ("singleuser", "cloudMetadata", "blockWithIptables")
    if sandbox and blocked:
        yield hub.problem("a privileged container cannot be run in the sandbox: false", *path)
    elif not sandbox and not blocked:
        yield hub.problem(
            "has to be true: else students could ask for the machine's identity", *path
        )
    for pool in hub.pools:
        if pool.purpose == "user" and pool.sandbox != sandbox:
            yield hub.problem(
                "students run in the sandbox on all their pools or on none: runtimeClassName is "
                f"{'gvisor' if sandbox else 'not set'}",
                *("custom", "pools", pool.name, "sandbox"),
            )


def _priorities(hub: Hub) -> Iterator[Problem]:
    names = ("userPlaceholderPriority", "imagePullerPriority", "defaultPriority")
    priorities = [get(hub.values, "scheduling", "podPriority", name) for name in names]
    placeholder, puller, student = priorities
    if not all(isinstance(priority, int) for priority in priorities):
        yield hub.problem(f"has to give {', '.join(names)}", "scheduling", "podPriority")
    elif not _GKE_CUTOFF <= placeholder <= puller <= student or placeholder == student:
        yield hub.problem(
            f"placeholders ({placeholder}), pullers ({puller}) and students ({student}) have to "
            f"come in this order, and none below {_GKE_CUTOFF}, for which GKE starts no node",
            *("scheduling", "podPriority"),
        )


def _clocks(hub: Hub) -> Iterator[Problem]:
    grace = get(hub.values, "singleuser", "extraPodConfig", "terminationGracePeriodSeconds")
    if not isinstance(grace, int) or grace > _SPOT_NOTICE:
        yield hub.problem(
            f"is {grace}, and a Spot node leaves pods {_SPOT_NOTICE} s: what takes longer is lost",
            *("singleuser", "extraPodConfig", "terminationGracePeriodSeconds"),
        )
    yield from _activity(hub)
    if not get(hub.values, "cull", "enabled"):
        return
    every, timeout = (get(hub.values, "cull", name) or 0 for name in ("every", "timeout"))
    report = get(hub.values, "singleuser", "extraEnv", "JUPYTERHUB_ACTIVITY_INTERVAL") or "300"
    if not str(report).isdigit() or not int(report) < every < timeout:
        yield hub.problem(
            f"a server reports every {report} s, the culler looks every {every} s and culls after "
            f"{timeout} s: they have to come in this order",
            "cull",
        )


def _activity(hub: Hub) -> Iterator[Problem]:
    """The hub reads the proxy's routes, but not its times of activity."""
    path = ("hub", "config", "JupyterHub", "last_activity_interval")
    interval = get(hub.values, *path)
    if not isinstance(interval, int) or interval <= 0:
        yield hub.problem(
            f"is {interval!r}, has to be a number of seconds above 0: else a proxy that was "
            "started anew never gets its routes back",
            *path,
        )
    if not get(hub.values, "hub", "extraConfig", _WITHOUT_CLOCK):
        yield hub.problem(
            "is not there: else the hub would take every byte of an open page for activity",
            *("hub", "extraConfig", _WITHOUT_CLOCK),
        )


def _hosts(hub: Hub) -> Iterator[Problem]:
    hosts = get(hub.values, *_HOSTS)
    if not hosts:
        yield hub.problem("no host name for the certificate", *_HOSTS)
        return
    for name, options in (get(hub.values, "hub", "config") or {}).items():
        callback = options.get("oauth_callback_url") if isinstance(options, dict) else None
        if callback and callback != f"https://{hosts[0]}/hub/oauth_callback":
            yield hub.problem(
                f"is {callback}, has to be https://{hosts[0]}/hub/oauth_callback",
                *("hub", "config", name, "oauth_callback_url"),
            )


def _origins(hub: Hub) -> Iterator[Problem]:
    """Students have host names of their own: browsers keep them apart by nothing else."""
    subdomains = ("hub", "config", "JupyterHub", "subdomain_host")
    address, reason = get(hub.values, *subdomains), get(hub.values, "custom", "sharedHost")
    if bool(address) == bool(reason):
        yield hub.problem(
            "has to be given, or else custom.sharedHost with the reason in words, and not both: on "
            "one host name, a page of one student's server may read and write all that another has "
            "who looks at it; subdomains cost a wildcard in the DNS and in the certificate "
            "(z2jh/README.md, Subdomains)",
            *subdomains,
        )
    if address:
        yield from _subdomains(hub, f"https://{(get(hub.values, *_HOSTS) or [''])[0]}", *subdomains)


def _subdomains(hub: Hub, right: str, *path: str) -> Iterator[Problem]:
    address = get(hub.values, *path)
    if address != right:
        yield hub.problem(f"is {address}, has to be {right}, as proxy.https.hosts begins", *path)
    flags = ("proxy", "chp", "extraCommandLineFlags")
    if _BY_HOST not in (get(hub.values, *flags) or ()):
        yield hub.problem(f"has to have {_BY_HOST}: else no subdomain leads anywhere", *flags)
    if get(hub.values, "proxy", "https", "type") == "letsencrypt":
        yield hub.problem(
            "is letsencrypt, by which the chart gets no wildcard certificate: secret, with the "
            "certificate, or offload",
            *("proxy", "https", "type"),
        )
