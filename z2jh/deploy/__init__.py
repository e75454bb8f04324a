"""Deploys the hub's values, and rolls them back; `python -m z2jh.deploy` is its command."""
