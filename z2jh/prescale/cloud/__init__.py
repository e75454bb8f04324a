"""The real cluster: Google's API for the pools' limits, Kubernetes' for nodes and placeholders."""
