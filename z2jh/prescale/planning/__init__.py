"""Plans: students, seats, nodes and money at each instant."""
