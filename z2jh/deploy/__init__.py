"""Brings the hub's values onto its cluster, and back; `python -m z2jh.deploy` is its command."""
