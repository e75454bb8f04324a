"""How many files and connections this process may still open."""

from __future__ import annotations

import os
import resource
import sys

RESERVE = 64
"""Descriptors that are left to what Jupyter does meanwhile; a kernel takes some twenty."""

_OPEN = "/dev/fd"


def left() -> int:
    """How many descriptors are still to be had; takes a millisecond for some thousand of them."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = sys.maxsize if soft == resource.RLIM_INFINITY else soft
    try:
        return limit - len(os.listdir(_OPEN))  # noqa: PTH208 -- to be counted alone
    except FileNotFoundError:
        return limit  # nobody can tell
    except OSError:
        return 0  # not even one for that folder
