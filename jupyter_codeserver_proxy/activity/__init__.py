"""Detects whether VS Code is in use, so that the hub culls idle servers only."""
