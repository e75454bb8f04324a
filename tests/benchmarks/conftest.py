"""Makes the benchmarks importable: they belong to the checkout and are not installed."""

from __future__ import annotations

import sys
from pathlib import Path

# At the end: the extension is imported from where it is installed.
sys.path.append(str(Path(__file__).parents[2]))
