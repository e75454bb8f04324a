"""The chart, and what helm makes of it and the layers."""
