"""Prescale: nodes ready before class, and given back afterwards."""
