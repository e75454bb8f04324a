"""What a run needs: a browser, and a workspace with a code-server whose assets are compressed."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tqdm import tqdm

from jupyter_codeserver_proxy.assets import compression, files

from .errors import NotPossibleError
from .link import CHECKOUT
from .starting import Setup

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXAMPLES = CHECKOUT / "examples"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """Returns the browser that `CHROMIUM` names, or else the system's.

    Raises:
        NotPossibleError: there is none.
    """
    for name in (os.environ.get("CHROMIUM"), *_BROWSERS):
        if name and (found := shutil.which(name)):
            return found
    raise NotPossibleError("Chromium is missing: run `make chromium`, or name it in CHROMIUM.")


@contextmanager
def prepared(code_server: Path, *, compressed: bool) -> Iterator[Setup]:
    """Makes a workspace and, on request, compresses the assets as an image does.

    Raises:
        NotPossibleError: `code_server` is something else.
    """
    root = files.find_root(code_server)
    if root is None or code_server.name != "code-server":
        raise NotPossibleError(f"{code_server} is no code-server that could be compared.")
    with TemporaryDirectory(prefix="benchmark-") as folder:
        workspace, assets = Path(folder, "workspace"), Path(folder, "assets")
        shutil.copytree(_EXAMPLES, workspace, ignore=shutil.ignore_patterns(".*"))
        assets.mkdir()
        if compressed:
            _compress(root, assets)
        yield Setup(code_server, workspace, assets)


def _compress(root: files.AssetRoot, destination: Path) -> None:
    with tqdm(desc="compressing the assets", unit="file", disable=None) as progress:

        def show(_file: Path, number: int, of: int) -> None:
            progress.total = of
            progress.update(number - progress.n)

        compression.compress(root, destination, compression.INSTALL_QUALITY, show)
