"""The command line of a bare checkout: `python -m binaries VERB`."""

from __future__ import annotations

import sys

from . import answer
from .cli import main

if __name__ == "__main__":
    sys.exit(answer.run(main))
