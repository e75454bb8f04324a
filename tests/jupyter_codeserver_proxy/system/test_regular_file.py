"""Only regular files are read, without blocking, up to a limit, and if need be only our own."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.system.regular_file import (
    NotOursError,
    open_ours,
    open_regular,
    read_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_file_and_a_link_to_one_are_read(tmp_path: Path) -> None:
    """An installed file may be a link, unless the caller forbids it."""
    (tmp_path / "file").write_text('{"a": [1]}')
    (tmp_path / "link").symlink_to("file")
    assert read_json(open_regular(tmp_path / "file", follow=False)) == {"a": [1]}
    assert read_json(open_regular(tmp_path / "link")) == {"a": [1]}
    with pytest.raises(OSError, match="symbolic links"):
        open_regular(tmp_path / "link", follow=False)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(os.mkfifo, id="pipe"),
        pytest.param(Path.mkdir, id="folder"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), id="device"),
    ],
)
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """The pipe has no writer, and the device no end."""
    make(tmp_path / "x")
    descriptors = os.listdir("/dev/fd")  # noqa: PTH208 -- the names are numbers
    with pytest.raises(OSError, match=r"regular file|directory"):
        open_regular(tmp_path / "x")
    assert os.listdir("/dev/fd") == descriptors  # noqa: PTH208 -- likewise


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 100_000, id="deep"),
        pytest.param('{"a":' * 100_000, id="deep in another way"),
        pytest.param(f'"{"x" * 200_000}"', id="long"),
        pytest.param("9" * 50_000, id="large"),
        pytest.param(b"\xff", id="not text"),
    ],
)
def test_what_is_no_json_to_be_meant_is_an_error_of_one_kind(
    tmp_path: Path, text: str | bytes
) -> None:
    """Callers expect a ValueError in any case."""
    (tmp_path / "x").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ValueError):  # noqa: PT011 -- json's own message for some
        read_json(open_regular(tmp_path / "x"), 150_000 if "9" not in str(text) else 1_000_000)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_users_is_not_ours(tmp_path: Path) -> None:
    """The error names the owner."""
    (tmp_path / "x").touch()
    os.chown(tmp_path / "x", 4711, -1)
    with pytest.raises(
        NotOursError, match=re.escape(f"{tmp_path / 'x'} belongs to the user id 4711")
    ):
        open_ours(tmp_path / "x")


@pytest.mark.parametrize(
    ("mode", "is_ours"), [(0o600, True), (0o644, True), (0o664, False), (0o646, False)]
)
def test_a_file_that_others_may_write_is_not_ours(
    tmp_path: Path, mode: int, *, is_ours: bool
) -> None:
    """Neither the group nor others may write it."""
    (tmp_path / "x").touch()
    (tmp_path / "x").chmod(mode)
    if is_ours:
        open_ours(tmp_path / "x").close()
        return
    with pytest.raises(NotOursError, match=f"mode {mode:o}"):
        open_ours(tmp_path / "x")
