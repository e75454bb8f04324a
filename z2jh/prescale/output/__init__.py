"""Plans and decisions as text, JSON, plots and metrics."""
