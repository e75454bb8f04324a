"""The parameters of the model, with the source of each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameters:
    """The behaviour of the cluster; times are in seconds.

    Attributes:
        seed: of the random numbers.
        provisioning: median from the request for a node until it runs pods. 1 to 2 minutes are
            usual on GKE; the schedule's `node_start` sets it.
        pulling: median for pulling the image; the schedule's `node_start` sets it.
        spread: sigma of the logarithms of both; an assumption.
        server: median for starting a server on a node with the image; an assumption, which
            `learn` replaces by a measurement.
        server_spread: sigma of its logarithm; an assumption.
        scan: between two scans of the autoscaler (cluster-autoscaler's --scan-interval).
        unneeded: until an empty node is removed (--scale-down-unneeded-time).
        reclaimed: fraction of the Spot and preemptible machines that Google takes back a day; the
            documentation of preemptible machines gave 5 % to 15 % as the average.
        timeout: until the hub gives a start up (singleuser.startTimeout).
        spawns: number of servers that the hub starts simultaneously (hub.concurrentSpawnLimit).
        idle: until an unused server is culled, at least (cull.timeout).
        every: between two runs of the culler (cull.every), the most that is added to `idle`.
        returning: until a student whose node was taken logs in again; an assumption.
        interval: between two runs of `apply`.
    """

    seed: int = 1
    provisioning: float = 120
    pulling: float = 160
    spread: float = 0.15
    server: float = 5
    server_spread: float = 0.3
    scan: float = 10
    unneeded: float = 600
    reclaimed: float = 0.10
    timeout: float = 300
    spawns: int = 64
    idle: float = 3600
    every: float = 600
    returning: float = 60
    interval: float = 300
