"""Supervises one code-server: starts it, watches it, restarts it and ends it."""
