"""Reads the hub's Helm values as Helm, KubeSpawner and Kubernetes do; every command uses it."""
