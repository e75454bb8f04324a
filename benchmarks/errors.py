"""Errors of the benchmarks.

BenchmarkError
├── MeasurementError   one measurement failed: its result says so, and the others continue
└── NotPossibleError   nothing can be measured: something is missing on this machine
"""

from __future__ import annotations


class BenchmarkError(Exception):
    """A benchmark could not be run."""


class MeasurementError(BenchmarkError):
    """A measurement failed."""


class NotPossibleError(BenchmarkError):
    """The machine lacks what a benchmark needs."""
