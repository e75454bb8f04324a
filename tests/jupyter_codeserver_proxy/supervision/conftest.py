"""Full and read-only disks."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system without a free byte."""
    with _mounted(tmp_path / "disk", "size=64k") as disk:
        with pytest.raises(OSError, match="No space left"):
            (disk / "filler").write_bytes(bytes(1024 * 1024))
        yield disk


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    """A read-only file system."""
    with _mounted(tmp_path / "disk", "ro") as disk:
        yield disk


@pytest.fixture
def disk_of_few_files(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for a single folder or file in it."""
    with _mounted(tmp_path / "disk", "nr_inodes=2") as disk:
        yield disk


@contextmanager
def _mounted(folder: Path, options: str) -> Iterator[Path]:
    """Mounts a small file system in memory, and unmounts it afterwards."""
    folder.mkdir()
    mount = [shutil.which("mount") or "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a file system cannot be mounted here (needs root): no real full disk")
    try:
        yield folder
    finally:
        subprocess.run([shutil.which("umount") or "umount", folder], check=True)
