"""Seats ready before class, given back in the evening."""
