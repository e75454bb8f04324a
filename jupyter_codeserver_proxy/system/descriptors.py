"""Counts how many files and connections this process may still open."""

from __future__ import annotations

import os
import resource
import sys

RESERVE = 64
"""Descriptors that are reserved for Jupyter; a kernel takes some twenty."""

_OPEN = "/dev/fd"


def left() -> int:
    """Returns how many descriptors are left; takes a millisecond if some thousand are open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = sys.maxsize if soft == resource.RLIM_INFINITY else soft
    try:
        return limit - len(os.listdir(_OPEN))  # noqa: PTH208 -- the entries are only counted
    except FileNotFoundError:
        return limit  # this system does not tell
    except OSError:
        return 0  # not even one is left for this folder
