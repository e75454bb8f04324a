"""Checks the hub's values before anything is deployed; `python -m z2jh.check` is its command."""
