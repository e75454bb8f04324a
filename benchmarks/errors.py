"""Errors of the benchmarks."""

from __future__ import annotations


class MeasurementError(Exception):
    """A measurement failed: its result says so, and the others continue."""


class NotPossibleError(Exception):
    """Nothing can be measured: something is missing on this machine."""
