"""Installs the VS Code extensions in a lock for all users of the image.

A program of its own, so that the image's layer depends on `binaries/`, `shared_extensions.py` and
`regular_file.py` alone.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import shared_extensions  # type: ignore[import-not-found]  # copied beside this file in the image

from binaries.download import Download, Limits
from binaries.errors import FetchError
from binaries.partial import Partial
from binaries.progress import report_to
from binaries.urls import Token

lock, folder = (Path(argument) for argument in sys.argv[1:])
here = shared_extensions.machine(platform.system(), platform.machine())
folder.mkdir(parents=True, exist_ok=True)
for line in lock.read_text().splitlines():
    if line.startswith("#"):
        continue
    identifier, version, target, sha256, url = line.split()
    if target not in {"universal", here}:
        continue
    with TemporaryDirectory() as temporary:
        partial = Partial(Path(temporary, "extension.vsix"))
        try:
            report = report_to(quiet=True)
            most = shared_extensions.MOST_BYTES
            file = Download(url, partial, None, Limits(), Token(""), report, most).fetch()
            shared_extensions.install(file, folder, platform=here, sha256=sha256)
        except (FetchError, shared_extensions.ExtensionError) as error:
            sys.exit(f"install-extensions: {identifier} {version}: {error}")
    sys.stdout.write(f"installed {identifier} {version}\n")
