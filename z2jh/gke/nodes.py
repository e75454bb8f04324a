"""What every node of GKE has: its labels, GKE's own pods, and GKE's limits."""

from __future__ import annotations

from z2jh.resources import MIB, Resources

POOL_LABEL = "cloud.google.com/gke-nodepool"
SANDBOX_LABEL = "sandbox.gke.io/runtime"  # also the key of the taint that GKE adds
STANDARD = "standard"
PROVISIONING = ("spot", "preemptible", STANDARD)
MAX_PODS = 110  # on a node, unless the pool says otherwise
MAX_NODES = 15_000  # in a cluster

# What GKE's own pods on a node ask for together, and their number: an assumption until an
# operator has looked at a node (`kubectl describe node`).
OWN_PODS = Resources(750 * MIB, 0.5)
OWN_PODS_COUNT = 15
