"""Hostile archives of each kind: nothing of them is ever written."""

from __future__ import annotations

import io
import stat
import tarfile
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.binaries import archive
from jupyter_codeserver_proxy.binaries.errors import VerificationError
from tests.binaries.conftest import (
    TOP,
    catalogue_of,
    entry,
    release,
    sha256,
    tarball,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.binaries.conftest import Fetcher

SYMLINK, HARDLINK, FOLDER = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE
RUNNABLE = entry(f"{TOP}/bin/code-server", b"#!/bin/sh\necho 9.9.9\n", mode=0o755)

HOSTILE = [
    pytest.param([entry("/etc/owned", b"x")], id="absolute"),
    pytest.param([entry(f"{TOP}/../../owned", b"x")], id="dot-dot"),
    pytest.param([entry("../owned", b"x")], id="dot-dot-first"),
    pytest.param([entry("owned", b"x")], id="outside-of-the-top-folder"),
    pytest.param([entry("other/owned", b"x")], id="two-top-folders"),
    pytest.param([entry(f"{TOP}/a\\..\\owned", b"x")], id="backslash"),
    pytest.param([entry(f"{TOP}/l", type=SYMLINK, linkname="/etc")], id="absolute-link"),
    pytest.param([entry(f"{TOP}/l", type=SYMLINK, linkname="../x")], id="link-to-outside"),
    pytest.param([entry(f"{TOP}/l", type=SYMLINK, linkname="a/../../x")], id="link-winds-outside"),
    pytest.param(
        [
            entry(f"{TOP}/a/b/deep", b"x"),
            entry(f"{TOP}/up", type=SYMLINK, linkname="a/b"),
            # By its letters it stays inside; the kernel goes a/b/../../.. .
            entry(f"{TOP}/a/l", type=SYMLINK, linkname="../up/../../../x"),
        ],
        id="chain-of-links",
    ),
    pytest.param(
        [
            entry(f"{TOP}/d/here", type=SYMLINK, linkname="."),
            entry(f"{TOP}/l", type=SYMLINK, linkname="d/here/here/../../x"),
        ],
        id="links-to-here-count-for-nothing",
    ),
    pytest.param(
        [
            entry(f"{TOP}/a", type=SYMLINK, linkname="b"),
            entry(f"{TOP}/b", type=SYMLINK, linkname="a"),
        ],
        id="links-in-a-circle",
    ),
    pytest.param(
        [
            entry(f"{TOP}/l", type=SYMLINK, linkname="lib"),
            entry(f"{TOP}/l/owned", b"x"),
        ],
        id="written-through-a-link",
    ),
    pytest.param(
        [
            entry(f"{TOP}/l/owned", b"x"),
            entry(f"{TOP}/l", type=SYMLINK, linkname="lib"),
        ],
        id="a-link-over-a-folder",
    ),
    pytest.param(
        [
            entry(f"{TOP}/L", type=SYMLINK, linkname="lib"),
            entry(f"{TOP}/l/owned", b"x"),
        ],
        id="through-a-link-on-a-mac",
    ),
    pytest.param(
        [
            entry(f"{TOP}/l", type=SYMLINK, linkname="lib"),
            entry(f"{TOP}/l", b"x"),
        ],
        id="a-file-over-a-link",
    ),
    pytest.param([entry(f"{TOP}/f", b"1"), entry(f"{TOP}/f", b"2")], id="twice"),
    pytest.param(
        [entry(f"{TOP}/l", type=HARDLINK, linkname="/etc/passwd")], id="hard-link-absolute"
    ),
    pytest.param(
        [entry(f"{TOP}/l", type=HARDLINK, linkname=f"{TOP}/../x")], id="hard-link-to-outside"
    ),
    pytest.param(
        [entry(f"{TOP}/l", type=HARDLINK, linkname=f"{TOP}/none")], id="hard-link-to-nothing"
    ),
    pytest.param(
        [
            entry(f"{TOP}/s", type=SYMLINK, linkname="lib"),
            entry(f"{TOP}/l", type=HARDLINK, linkname=f"{TOP}/s"),
        ],
        id="hard-link-to-a-link",
    ),
    pytest.param(
        [entry(f"{TOP}/d", type=tarfile.CHRTYPE, devmajor=1, devminor=3)], id="character-device"
    ),
    pytest.param([entry(f"{TOP}/d", type=tarfile.BLKTYPE, devmajor=8)], id="block-device"),
    pytest.param([entry(f"{TOP}/d", type=tarfile.FIFOTYPE)], id="fifo"),
    pytest.param([entry(f"{TOP}/su", b"x", mode=0o4755)], id="setuid"),
    pytest.param([entry(f"{TOP}/sg", b"x", mode=0o2755)], id="setgid"),
]


@pytest.mark.parametrize("members", HOSTILE)
def test_a_hostile_archive_is_refused_before_a_byte_is_written(
    fetch: Fetcher, members: list[tuple[tarfile.TarInfo, bytes]], tmp_path: Path
) -> None:
    """Its hash is right, so only the check of its members refuses it."""
    archive.inspect(io.BytesIO(tarball(RUNNABLE)))  # what they are added to is accepted
    data = tarball(RUNNABLE, *members)
    folder = tmp_path / "unpacked"
    with pytest.raises(VerificationError):
        archive.unpack(io.BytesIO(data), folder)
    assert not folder.exists()
    fetch.server.data = data
    with pytest.raises(VerificationError):
        fetch(catalogue=catalogue_of(data, fetch.server.url()))
    assert fetch.is_empty()
    assert not list(tmp_path.rglob("*owned*"))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not a tarball at all", id="text"),
        pytest.param(release()[:-2000], id="cut"),
        pytest.param(tarball(), id="no-members"),
        pytest.param(tarball(entry(f"{TOP}/LICENSE", b"MIT")), id="no-code-server"),
        pytest.param(
            tarball(entry(f"{TOP}/bin/code-server", b"#!/bin/sh\necho 9.9.9\n")),
            id="not-executable",
        ),
        pytest.param(release(says="4.0.0"), id="another-version"),
        pytest.param(
            tarball(entry(f"{TOP}/bin/code-server", b"\x7fELF another cpu", mode=0o755)),
            id="for-another-machine",
        ),
        pytest.param(
            tarball(entry(f"{TOP}/bin/code-server", b"#!/bin/sh\nexit 3\n", mode=0o755)),
            id="fails",
        ),
    ],
)
def test_what_is_no_working_release_is_refused(fetch: Fetcher, data: bytes) -> None:
    """Even with the right hash, a code-server is run before it counts as installed."""
    fetch.server.data = data
    with pytest.raises(VerificationError):
        fetch(catalogue=catalogue_of(data, fetch.server.url()))
    assert fetch.is_empty()


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An archive that would fill any disk is not unpacked."""
    monkeypatch.setattr(archive, "MAX_BYTES", 1_000_000)
    data = tarball(RUNNABLE, entry(f"{TOP}/zeros", bytes(2_000_000)))
    assert len(data) < 50_000
    with pytest.raises(VerificationError, match="larger"):
        archive.unpack(io.BytesIO(data), tmp_path / "unpacked")


def test_harmless_links_and_modes_are_kept(tmp_path: Path) -> None:
    """The links and modes of real releases are kept, except who may write."""
    data = tarball(
        entry(f"{TOP}", type=FOLDER, mode=0o777),
        entry(f"{TOP}/bin", type=FOLDER, mode=0o700),
        entry(f"{TOP}/bin/code-server", b"#!", mode=0o777, mtime=1_600_000_000),
        entry(f"{TOP}/lib/secret", b"s", mode=0o600),
        entry(f"{TOP}/lib/up", type=SYMLINK, linkname="../bin/code-server"),
        entry(f"{TOP}/lib/same", type=HARDLINK, linkname=f"{TOP}/lib/secret"),
        entry(f"{TOP}/lib/ahead", type=SYMLINK, linkname="later"),
        entry(f"{TOP}/lib/later", b"l"),
    )
    folder = tmp_path / "unpacked"
    archive.unpack(io.BytesIO(data), folder)
    executable = folder / "bin" / "code-server"
    assert stat.S_IMODE(executable.stat().st_mode) == 0o755
    assert executable.stat().st_mtime == 1_600_000_000
    assert stat.S_IMODE((folder / "bin").stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / "lib/secret").stat().st_mode) == 0o644
    assert (folder / "lib/up").readlink().as_posix() == "../bin/code-server"
    assert (folder / "lib/same").samefile(folder / "lib/secret")
    assert (folder / "lib/ahead").read_bytes() == b"l"


def test_a_hash_is_compared_before_the_archive_is_opened(fetch: Fetcher) -> None:
    """A hostile archive of another hash is refused for its hash."""
    data = tarball(entry("/etc/owned", b"x"))
    fetch.server.data = data
    with pytest.raises(VerificationError, match=sha256(data)):
        fetch()
