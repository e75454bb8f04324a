"""The figures of the model, and where each comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameters:
    """How the cluster behaves; times are in seconds.

    Attributes:
        seed: of all that is random.
        provisioning: median from the autoscaler's wish until a node runs pods. 1 to 2 minutes are
            usual on GKE; the schedule's `node_start` sets it.
        pulling: median of the image's pull; the schedule's `node_start` sets it.
        spread: sigma of the logarithm of both; an assumption.
        server: median of a server's start on a node with the image; an assumption, `learn`
            measures it.
        server_spread: sigma of its logarithm; an assumption.
        scan: between two looks of the autoscaler (cluster-autoscaler's --scan-interval).
        unneeded: for which a node is empty until it is removed (--scale-down-unneeded-time).
        reclaimed: Spot and preemptible machines taken back, a day and machine. Google gave 5 % to
            15 % a day as the average (documentation of preemptible machines).
        timeout: that the hub waits for a server (singleuser.startTimeout).
        spawns: servers that the hub starts at once (hub.concurrentSpawnLimit).
        idle: until a server that nobody uses is culled, at least (cull.timeout).
        every: between two looks of the culler (cull.every): the most that is added.
        returning: until a student whose node was taken is back; an assumption.
        interval: between two runs of prescale.
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
