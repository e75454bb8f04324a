"""Links of instructors: a path below Jupyter's root becomes an address that opens it in VS Code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlencode

if TYPE_CHECKING:
    from pathlib import Path


class OutsideError(Exception):
    """The path leads out of Jupyter's root."""


class MissingError(Exception):
    """There is nothing at the path."""


def query(root: Path, path: str, line: int | None, host: str) -> str:
    """The query by which VS Code, opened anew, shows a folder, or a file in the root folder.

    Args:
        root: Jupyter's root.
        path: below it, as in `lectures/week 1`; empty is the root itself.
        line: of a file, counted from 1.
        host: by which the browser calls, with the port; VS Code takes files of another for others.

    Raises:
        OutsideError: the path leads out of the root.
        MissingError: there is nothing.
    """
    parts = [part for part in path.split("/") if part not in {"", "."}]
    # Links inside of the root may lead anywhere, as a class's shared data do.
    if ".." in parts or "\0" in path:
        raise OutsideError(path)
    found = root.joinpath(*parts)
    if found.is_dir():
        return urlencode({"folder": str(found)}, quote_via=quote)
    if not found.exists():
        raise MissingError(path)
    position = f":{line}" if line else ""
    # What VS Code's own command line sends to a browser that opens a file.
    payload = [["openFile", f"vscode-remote://{host}{quote(str(found))}{position}"]]
    if line:
        payload.append(["gotoLineMode", "true"])
    return urlencode({"folder": str(root), "payload": json.dumps(payload)}, quote_via=quote)


def opens_file(query: str) -> bool:
    """Whether VS Code, opened with this query, shows a file."""
    return "payload" in parse_qs(query)
