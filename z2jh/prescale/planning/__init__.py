"""Plans and decisions, without any I/O: students, seats, nodes and cost at each instant."""
