"""Regular files alone, read up to a limit: at a path there may be a pipe, a device, or no end."""

from __future__ import annotations

import errno
import json
import os
import stat
from io import FileIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 1 << 24  # bytes; the longest, the manifest of an extension, has some 300 kB


class NotOursError(PermissionError):
    """Somebody else may have written what is there."""


def open_regular(path: Path, *, follow: bool = True) -> FileIO:
    """Open a file for reading, without waiting.

    Args:
        path: of the file.
        follow: whether it may be a link to one.

    Raises:
        OSError: it cannot be opened, or is no regular file.
    """
    # Without a buffer, whose lock a read that hangs would hold against who closes the file.
    return FileIO(path, opener=_opened if follow else _opened_itself)


def _opened(path: str, flags: int) -> int:
    # So a pipe without a writer is opened at once, and no terminal becomes ours.
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "It is no regular file", path)
    return descriptor


def _opened_itself(path: str, flags: int) -> int:
    return _opened(path, flags | os.O_NOFOLLOW)


def open_ours(path: Path) -> FileIO:
    """Open a file for reading that is no link, and that nobody else can have written.

    Raises:
        NotOursError: somebody else can.
        OSError: it cannot be opened, or is no regular file.
    """
    file = open_regular(path, follow=False)
    try:
        check_ours(path, os.fstat(file.fileno()))
    except NotOursError:
        file.close()
        raise
    return file


def check_ours(path: Path, status: os.stat_result) -> None:
    """Look at the owner and the mode of what is at `path`.

    Raises:
        NotOursError: it belongs to another user, root aside, or others may write it.
    """
    if status.st_uid not in {0, os.geteuid()}:
        raise NotOursError(f"{path} belongs to the user id {status.st_uid}")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mode = stat.S_IMODE(status.st_mode)
        raise NotOursError(f"{path} has the mode {mode:o}, so that others may write it")


def read_json(file: FileIO, longest: int = _LONGEST) -> Any:  # noqa: ANN401 -- whatever JSON says
    """What a file says in JSON; the file is closed.

    Args:
        file: to read.
        longest: that it may be, in bytes.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON, or is too long or too deep to be meant.
    """
    with file:
        text = file.read(longest + 1)
    if len(text) > longest:
        raise ValueError(f"{file.name} has more than {longest} bytes")
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError(f"{file.name} is nested too deeply") from error
