"""Puts a verified code-server on a machine or into an image; see docs/fetcher.md."""
