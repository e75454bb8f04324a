"""Plans and runs as tables, plots and metrics."""
