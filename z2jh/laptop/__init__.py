"""A hub that is tried on one machine, without Kubernetes."""
