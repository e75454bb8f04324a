"""Makes the GKE cluster that the values ask for; `python -m z2jh.cluster` is its command."""
