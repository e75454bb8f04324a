"""Reads regular files only, and up to a limit, as a path may lead to a pipe or a device."""

from __future__ import annotations

import errno
import json
import os
import stat
from io import FileIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 1 << 24  # bytes; the longest file, the manifest of an extension, has some 300 kB


class NotOursError(PermissionError):
    """Another user may have written the file."""


def open_regular(path: Path, *, follow: bool = True) -> FileIO:
    """Opens a file for reading, without blocking.

    Args:
        path: the file.
        follow: whether the path may be a link.

    Raises:
        OSError: the file cannot be opened, or is no regular file.
    """
    # This has no buffer, as a read that hangs would keep the buffer's lock and block `close`.
    return FileIO(path, opener=_open if follow else _open_no_link)


def _open(path: str, flags: int) -> int:
    # A pipe without a writer then does not block, and a terminal does not become ours.
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "It is no regular file", path)
    return descriptor


def _open_no_link(path: str, flags: int) -> int:
    return _open(path, flags | os.O_NOFOLLOW)


def open_ours(path: Path) -> FileIO:
    """Opens a file for reading that is no link, and that no other user can have written.

    Raises:
        NotOursError: another user can have written it.
        OSError: the file cannot be opened, or is no regular file.
    """
    file = open_regular(path, follow=False)
    try:
        check_ours(path, os.fstat(file.fileno()))
    except NotOursError:
        file.close()
        raise
    return file


def check_ours(path: Path, status: os.stat_result) -> None:
    """Checks the owner and the mode of the file at `path`.

    Raises:
        NotOursError: it belongs to another user (except root), or others may write it.
    """
    if status.st_uid not in {0, os.geteuid()}:
        raise NotOursError(f"{path} belongs to the user id {status.st_uid}")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mode = stat.S_IMODE(status.st_mode)
        raise NotOursError(f"{path} has the mode {mode:o}, so that others may write it")


def read_json(file: FileIO, longest: int = _LONGEST) -> Any:  # noqa: ANN401 -- any JSON value
    """Parses a file as JSON, and closes it.

    Args:
        file: the file.
        longest: bytes that it may have at most.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not JSON, or is too long or nested too deeply.
    """
    with file:
        text = file.read(longest + 1)
    if len(text) > longest:
        raise ValueError(f"{file.name} has more than {longest} bytes")
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError(f"{file.name} is nested too deeply") from error
