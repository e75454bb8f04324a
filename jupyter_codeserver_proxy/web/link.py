"""Links of instructors: a path below the root becomes an address that opens it in VS Code."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlencode

from jupyter_codeserver_proxy.config.contents import WORKSPACE

if TYPE_CHECKING:
    from pathlib import Path


class OutsideError(Exception):
    """The path leads out of Jupyter's root."""


class CannotOpenError(Exception):
    """VS Code cannot open what is at the path, or there is nothing; says why."""


def query(root: Path, path: str, line: int | None, host: str) -> str:
    """The query by which VS Code, opened anew, shows a folder, a workspace, or a file in the root.

    Args:
        root: the folder that JupyterLab shows.
        path: below it, as in `lectures/week 1`; empty is the root itself.
        line: of a file, counted from 1; passed over for what has none.
        host: by which the browser calls, with the port; VS Code takes files of another for others.
            Its page, which knows better, corrects it.

    Raises:
        OutsideError: the path leads out of the root.
        CannotOpenError: there is nothing, or nothing that can be opened.
    """
    parts = [part for part in path.split("/") if part not in {"", "."}]
    # Links inside of the root may lead anywhere, as a class's shared data do.
    if ".." in parts:
        raise OutsideError
    found = root.joinpath(*parts)
    mode = _mode(found)
    if stat.S_ISDIR(mode):
        return urlencode({"folder": str(found)}, quote_via=quote)
    if not stat.S_ISREG(mode):
        raise CannotOpenError("it is neither a file nor a folder")
    if found.suffix == WORKSPACE:
        return urlencode({"workspace": str(found)}, quote_via=quote)
    position = f":{line}" if line else ""
    # What VS Code's own command line sends to a browser that opens a file.
    payload = [["openFile", f"vscode-remote://{host}{quote(str(found))}{position}"]]
    if line:
        payload.append(["gotoLineMode", "true"])
    return urlencode({"folder": str(root), "payload": json.dumps(payload)}, quote_via=quote)


def opens_file(query: str) -> bool:
    """Whether VS Code, opened with this query, shows a file."""
    return "payload" in parse_qs(query)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError as error:
        raise CannotOpenError(error.strerror) from error
    except ValueError as error:  # NUL, and what the file system's encoding has not
        raise CannotOpenError("no file has such a name") from error
