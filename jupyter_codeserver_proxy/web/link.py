"""Instructors' links: turns a path below the root into the query that opens it in VS Code."""

from __future__ import annotations

import json
import re
import stat
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlencode

from jupyter_codeserver_proxy.config.contents import WORKSPACE
from jupyter_codeserver_proxy.forwarding.refusals import RefusedRequestError

if TYPE_CHECKING:
    from pathlib import Path

_LINE = re.compile("[0-9]{1,9}")
_MAX_QUOTED = 100  # characters of a link's text that a message repeats


def query(root: Path | None, path: str, line: str, host: str) -> str:
    """Returns the query with which VS Code opens a folder, a workspace, or a file in the root.

    Args:
        root: the folder that JupyterLab shows; None if it is not on this machine.
        path: below the root, as in `lectures/week 1`; empty for the root itself.
        line: in a file, counted from 1, or empty; ignored for folders and workspaces.
        host: the host and port that the browser asked; VS Code opens no file of another host. The
            page corrects it, if a proxy has changed it.

    Raises:
        RefusedRequestError: the link is malformed, or VS Code can open nothing at the path.
    """
    if line and not _LINE.fullmatch(line):
        why = f"In this link the line is {_quote(line)}, which is no line's number."
        raise RefusedRequestError(HTTPStatus.BAD_REQUEST, why)
    if root is None:
        why = "JupyterLab shows no files of this machine for VS Code to open."
        raise RefusedRequestError(HTTPStatus.NOT_FOUND, why)
    parts = [part for part in path.split("/") if part not in {"", "."}]
    # Symbolic links in the root may lead anywhere, such as to a class's shared data.
    if ".." in parts:
        why = f"{_quote(path)} is not below the folder of this server."
        raise RefusedRequestError(HTTPStatus.FORBIDDEN, why)
    found = root.joinpath(*parts)
    try:
        mode = found.stat().st_mode
    except OSError as error:
        raise _cannot_open(path, error.strerror) from error
    except ValueError as error:  # NUL, or a character outside the file system's encoding
        raise _cannot_open(path, "no file has such a name") from error
    if stat.S_ISDIR(mode):
        return urlencode({"folder": str(found)}, quote_via=quote)
    if not stat.S_ISREG(mode):
        raise _cannot_open(path, "it is neither a file nor a folder")
    if found.suffix == WORKSPACE:
        return urlencode({"workspace": str(found)}, quote_via=quote)
    return _file_query(root, found, int(line or 0), host)


def _file_query(root: Path, file: Path, line: int, host: str) -> str:
    # VS Code's own command line sends this payload to a browser that opens a file.
    position = f":{line}" if line else ""
    payload = [["openFile", f"vscode-remote://{host}{quote(str(file))}{position}"]]
    if line:
        payload.append(["gotoLineMode", "true"])
    return urlencode({"folder": str(root), "payload": json.dumps(payload)}, quote_via=quote)


def opens_file(query: str) -> bool:
    """Whether VS Code opens a file with this query."""
    return "payload" in parse_qs(query)


def _cannot_open(path: str, why: str | None) -> RefusedRequestError:
    where = f"{_quote(path)} below the folder of this server"
    return RefusedRequestError(HTTPStatus.NOT_FOUND, f"VS Code cannot open {where}: {why}.")


def _quote(text: str) -> str:
    """Returns a link's text as one readable line."""
    return repr(text if len(text) <= _MAX_QUOTED else f"{text[:_MAX_QUOTED]}…")
