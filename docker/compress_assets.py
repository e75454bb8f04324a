"""Compresses code-server's assets into a folder tree that is copied over the image.

A program of its own, so that the image's layer depends on the extension's `assets` and
`regular_file.py` alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from assets import compression, files, index  # type: ignore[import-not-found]  # copied beside this file in the image

prefix, tree = (Path(argument) for argument in sys.argv[1:])
root = files.find_root(prefix / "bin" / "code-server")
if root is None:
    sys.exit(f"compress-assets: {prefix} holds no code-server whose layout is known")
folder = tree / index.shared_folder(root).relative_to("/")
summary = compression.compress(root, folder, compression.INSTALL_QUALITY)
sys.stdout.write(f"{summary}\n")
