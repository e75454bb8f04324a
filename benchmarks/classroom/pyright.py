"""Pyright's language server, with a file open as in an editor."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

from benchmarks import language_servers
from benchmarks.errors import NotPossibleError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.language_servers import Server


@contextmanager
def pyright(node: Path, file: Path) -> Iterator[Server]:
    """Runs Pyright until the block ends, once it has checked a file.

    Raises:
        NotPossibleError: it is not installed.
    """
    try:
        script = files("pyright") / "dist" / "langserver.index.js"
    except ModuleNotFoundError as error:
        raise NotPossibleError("Pyright is missing: run `make .venv/bench`.") from error
    command = [str(node), str(script), "--stdio"]
    with language_servers.running(command, file.parent, {}) as server:
        uri, text = file.as_uri(), file.read_text(encoding="utf-8")
        language_servers.open_document(server, file.parent, uri, text)
        server.until_diagnosed(uri)
        yield server
