"""Installs that are repeated, that race, that are killed, and that run out of room."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.binaries.errors import (
    FetchError,
    KnownBadError,
    LockedError,
    NetworkError,
    NoRoomError,
    NotFoundError,
    PlatformError,
    UsageError,
    VerificationError,
)
from jupyter_codeserver_proxy.binaries.install import Request, install
from jupyter_codeserver_proxy.binaries.manifest import MANIFEST
from jupyter_codeserver_proxy.binaries.platforms import Machine, this_machine
from jupyter_codeserver_proxy.binaries.prefix import Prefix
from jupyter_codeserver_proxy.binaries.progress import Quiet
from jupyter_codeserver_proxy.binaries.releases import Catalogue, KnownBad, NpmRelease
from tests.binaries.conftest import (
    PLATFORM,
    QUICK,
    TOP,
    VERSION,
    catalogue_of,
    command,
    entry,
    release,
    serve,
    sha256,
    tarball,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.binaries.conftest import Fetcher, Handler


def test_an_install_is_marked_and_linked(fetch: Fetcher) -> None:
    """The marker has its source, and the link is relative, so the prefix may move."""
    done = fetch().install
    folder = fetch.prefix.folder(TOP)
    marker = json.loads((folder / "install.json").read_text())
    assert marker["version"] == VERSION
    assert marker["platform"] == PLATFORM
    assert marker["source"] == "release"
    assert marker["sha256"] == sha256(fetch.good)
    assert marker["url"].startswith("http://127.0.0.1:")
    assert marker["size"] > 300_000
    assert done.slim is False
    assert (folder / "LICENSE").exists()
    assert (folder / "ThirdPartyNotices.txt").exists()
    moved = fetch.prefix.path.rename(fetch.prefix.path.with_name("moved"))
    said = subprocess.run([moved / "bin/code-server"], capture_output=True, check=True)
    assert said.stdout.startswith(b"9.9.9 ")
    assert [path.name for path in (moved / "lib").iterdir()].count(TOP) == 1
    assert not (moved / "bin/code-server").readlink().is_absolute()


def test_a_second_install_does_nothing(fetch: Fetcher) -> None:
    """Not a byte is fetched or written, so it works on a read-only prefix as well."""
    first = fetch()
    before = fetch.prefix.link.lstat()
    second = fetch()
    assert not second.fresh
    assert second.install == first.install
    assert len(fetch.server.seen) == 1
    assert fetch.prefix.link.lstat() == before


def test_the_version_installed_last_is_used(fetch: Fetcher) -> None:
    """Installing a version that is there links to it."""
    fetch()
    older = release("9.9.8")
    fetch.server.data = older
    fetch(version="9.9.8", source=fetch.server.url(), sha256=sha256(older))
    assert fetch.prefix.current() == fetch.prefix.find(f"code-server-9.9.8-{PLATFORM}")
    fetch()
    assert fetch.works()
    assert len(fetch.server.seen) == 2


@pytest.mark.parametrize("scheme", ["path", "folder", "file-url", "template"])
def test_a_local_tarball_needs_no_network(fetch: Fetcher, tmp_path: Path, scheme: str) -> None:
    """The source may be a path, its folder, a file URL or a template of one."""
    local = tmp_path / "with space" / f"{TOP}.tar.gz"
    local.parent.mkdir()
    local.write_bytes(fetch.good)
    source = {
        "path": str(local),
        "folder": str(local.parent),
        "file-url": local.as_uri(),
        "template": f"{local.parent}/code-server-{{version}}-{{platform}}.tar.gz",
    }[scheme]
    assert fetch(source=source, offline=True).install.source == "file"
    assert fetch.works()
    assert not fetch.server.seen
    assert local.read_bytes() == fetch.good


def test_a_changed_local_tarball_is_refused_and_kept(fetch: Fetcher, tmp_path: Path) -> None:
    """The file is the user's."""
    local = tmp_path / "x.tar.gz"
    local.write_bytes(fetch.good + b"x")
    with pytest.raises(VerificationError, match="sha256"):
        fetch(source=str(local))
    assert local.exists()
    assert fetch.is_empty()


def test_a_cache_is_filled_and_used(fetch: Fetcher, tmp_path: Path) -> None:
    """With it another machine, or the same offline, needs no network."""
    cache = tmp_path / "cache"
    fetch(cache=cache)
    assert [path.name for path in cache.iterdir()] == [f"{TOP}.tar.gz"]
    fetch.prefix.remove(fetch().install)
    assert fetch(cache=cache, offline=True).fresh
    assert len(fetch.server.seen) == 1
    assert fetch.works()


def test_offline_uses_no_network(fetch: Fetcher) -> None:
    """It fails rather than asks a server."""
    with pytest.raises(NetworkError, match="--source FILE"):
        fetch(offline=True)
    assert not fetch.server.seen
    assert fetch.is_empty()


def test_an_unknown_version_needs_a_hash(fetch: Fetcher) -> None:
    """No version that is not pinned is fetched, unless the user gives its hash."""
    with pytest.raises(NotFoundError, match="--sha256"):
        fetch(version="9.9.7", source=fetch.server.url())
    assert not fetch.server.seen
    with pytest.raises(VerificationError, match="contradicts"):
        fetch(sha256="0" * 64)


def test_a_known_bad_release_is_refused_with_the_reason(fetch: Fetcher) -> None:
    """A hash does not help."""
    bad = KnownBad("9.9.8", (PLATFORM,), "its node is for another machine", VERSION)
    known = catalogue_of(fetch.good, fetch.server.url())
    catalogue = Catalogue(VERSION, known.releases, (), (), (bad,))
    with pytest.raises(KnownBadError, match=r"node is for another machine; install 9\.9\.9"):
        fetch(version="9.9.8", sha256="0" * 64, catalogue=catalogue)
    assert fetch(catalogue=catalogue).fresh


@pytest.mark.parametrize(
    ("source", "says"),
    [
        pytest.param("ftp://host/{file}", "http, https and file", id="scheme"),
        pytest.param("http://host/{name}", "placeholders", id="placeholder"),
        pytest.param("/nowhere/x.tar.gz", "not a file", id="no-file"),
        pytest.param("github", "auto, release, npm", id="misspelt"),
    ],
)
def test_a_wrong_source_says_what_is_allowed(fetch: Fetcher, source: str, says: str) -> None:
    """It is found before anything is fetched."""
    with pytest.raises(UsageError, match=says):
        fetch(source=source)


def test_auto_does_not_turn_to_npm_when_bytes_are_wrong(fetch: Fetcher) -> None:
    """Another source is for a network that fails, not for an attack."""
    known = catalogue_of(fetch.good, fetch.server.url())
    npm = NpmRelease(VERSION, "sha512-x", 24)
    fetch.server.data = b"other bytes"
    with pytest.raises(VerificationError, match="sha256"):
        fetch(catalogue=Catalogue(VERSION, known.releases, (npm,), (), ()))
    assert fetch.is_empty()


def test_a_machine_without_a_build_is_refused(prefix: Prefix, good: bytes) -> None:
    """Nothing is made on it."""
    with pytest.raises(PlatformError, match="musl"):
        install(
            Request(),
            prefix,
            Machine("Linux", "x86_64", "musl"),
            catalogue_of(good, "http://127.0.0.1/"),
            Quiet(),
        )
    assert not prefix.path.exists()


def test_leftovers_of_a_dead_install_are_cleaned_by_the_next(fetch: Fetcher) -> None:
    """A folder of ours without a complete marker was never an install."""
    dead = fetch.prefix.lib / f"code-server-9.9.8-{PLATFORM}"
    for folder in (fetch.prefix.folder(TOP), dead):
        folder.mkdir(parents=True)
        (folder / MANIFEST).write_text("{}")
    (fetch.prefix.folder(TOP) / "install.json").write_text('{"version": "9.9')
    making = fetch.prefix.work / "making-dead" / "code-server"
    making.mkdir(parents=True)
    assert fetch.prefix.installs() == []
    assert fetch().fresh
    assert fetch.works()
    assert not dead.exists()
    assert not making.exists()


@pytest.mark.parametrize("place", [f"lib/{TOP}", "bin/code-server"])
def test_what_somebody_else_put_there_is_left_alone(fetch: Fetcher, place: str) -> None:
    """A code-server that was unpacked by hand is neither replaced nor deleted, but named."""
    own = fetch.prefix.path / place
    own.mkdir(parents=True)
    (own / "precious").write_text("kept")
    with pytest.raises(FetchError, match=re.escape(f"{own} was not made by this program")):
        fetch()
    assert (own / "precious").read_text() == "kept"
    assert fetch.prefix.leftovers() == []


def test_a_folder_under_another_name_is_no_install(fetch: Fetcher) -> None:
    """A marker is valid in its own folder alone."""
    fetch()
    folder = fetch.prefix.folder(TOP)
    folder.rename(folder.with_name(f"code-server-9.9.8-{PLATFORM}"))
    assert fetch.prefix.installs() == []
    assert fetch.prefix.current() is None
    assert fetch().fresh
    assert fetch.works()


def test_a_prefix_that_cannot_be_written_is_told_in_a_line(fetch: Fetcher, tmp_path: Path) -> None:
    """The message names the path and the option."""
    (tmp_path / "file").write_text("")
    blocked = Prefix(tmp_path / "file" / "prefix")
    with pytest.raises(FetchError, match=r"cannot write .*--prefix"):
        install(
            Request(limits=QUICK),
            blocked,
            this_machine(),
            catalogue_of(fetch.good, fetch.server.url()),
            Quiet(),
        )


# Processes


def process(fetch: Fetcher, *arguments: object) -> subprocess.Popen[str]:
    """Start an install in a process of its own."""
    known = ["--source", fetch.server.url(), "--sha256", sha256(fetch.good)]
    return subprocess.Popen(
        command("install", VERSION, "--prefix", fetch.prefix.path, *known, *arguments),
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stall(handler: Handler) -> None:
    """Serve half, then nothing until the test ends the stall; then the rest."""
    server = handler.server_
    half = len(server.data) // 2
    handler.begin(200, len(server.data), ETag=server.etag)
    handler.wfile.write(server.data[:half])
    handler.wfile.flush()
    server.stalled.set()
    server.release.wait(60)
    handler.wfile.write(server.data[half:])


def test_two_installs_at_once_make_one(fetch: Fetcher) -> None:
    """The second waits for the first, then finds its install."""
    fetch.server.behaviours.append(stall)
    first = process(fetch)
    assert fetch.server.stalled.wait(60)
    second = process(fetch)
    assert second.stderr is not None
    assert "another install is at work" in second.stderr.readline()
    fetch.server.release.set()
    outputs = [process.communicate(timeout=60) for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], outputs
    assert "installed" in outputs[0][0]
    assert "already there" in outputs[1][0]
    assert len(fetch.server.seen) == 1
    assert fetch.works()


def test_a_second_install_does_not_wait_for_ever(fetch: Fetcher) -> None:
    """After the lock's time-out the message says why, and nothing is changed."""
    fetch.server.behaviours.append(stall)
    first = process(fetch)
    assert fetch.server.stalled.wait(60)
    with pytest.raises(LockedError, match="another install"):
        fetch(lock_timeout=0.1)
    fetch.server.release.set()
    first.communicate(timeout=60)
    assert first.returncode == 0
    assert fetch.works()


def test_a_killed_install_leaves_none_and_the_next_goes_on(fetch: Fetcher) -> None:
    """Kill -9 in the middle of a download: the lock is free, and the part is continued."""
    fetch.server.behaviours.append(stall)
    first = process(fetch)
    assert fetch.server.stalled.wait(60)
    part = fetch.prefix.downloads / f"{sha256(fetch.good)}.tar.gz"
    wait_until(lambda: part.exists() and part.stat().st_size >= len(fetch.good) // 2)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=60)
    assert fetch.prefix.current() is None
    assert fetch.prefix.installs() == []
    second = process(fetch)
    output = second.communicate(timeout=60)
    assert second.returncode == 0, output
    assert fetch.server.seen[1]["Range"] == f"bytes={len(fetch.good) // 2}-"
    assert fetch.works()
    assert fetch.prefix.leftovers() == []


@pytest.mark.parametrize("moment", ["making-*/code-server/lib", "making-*/tried"])
def test_an_install_killed_while_it_unpacks_leaves_none(
    fetch: Fetcher, tmp_path: Path, moment: str
) -> None:
    """Kill -9 while files are written, and while the new code-server is tried."""
    script = b"#!/bin/sh\ntouch tried; while :; do sleep 0.05; done\n"

    slow = tarball(
        entry(f"{TOP}/lib/first", b"x"),
        *[entry(f"{TOP}/lib/{number}", b"x" * 1000) for number in range(3_000)],
        entry(f"{TOP}/bin/code-server", script, mode=0o755),
    )
    local = tmp_path / "slow.tar.gz"
    local.write_bytes(slow)
    known = ["--source", local, "--sha256", sha256(slow)]
    first = subprocess.Popen(
        command("install", VERSION, "--prefix", fetch.prefix.path, *known),
        cwd="/",
        start_new_session=True,
    )
    wait_until(lambda: list(fetch.prefix.work.glob(moment)))
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(60)
    assert fetch.prefix.leftovers()
    assert fetch.prefix.installs() == []
    assert not fetch.prefix.link.is_symlink()
    assert fetch().fresh
    assert fetch.works()
    assert fetch.prefix.leftovers() == []


def wait_until(condition: object, seconds: float = 60) -> None:
    """Await a condition."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to pass"
        time.sleep(0.005)


# A full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        [shutil.which("mount") or "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no small file system here: {mounted.stderr.strip()}")
    yield place
    subprocess.run([shutil.which("umount") or "umount", str(place)], check=True)


@pytest.mark.parametrize(
    ("size", "chunked", "says"),
    [
        pytest.param(2_000_000, False, "are needed", id="no-room-for-the-download"),
        pytest.param(2_000_000, True, "No space left", id="length-unknown"),
        pytest.param(700_000, False, "are needed", id="no-room-to-unpack"),
    ],
)
def test_a_full_disk_leaves_none_and_no_litter(
    fetch: Fetcher, small_disk: Path, size: int, says: str, *, chunked: bool
) -> None:
    """Whether the check or a write finds it, what was written is deleted."""
    data = release(padding=size)
    fetch.server.data = data

    def without_length(handler: Handler) -> None:
        handler.begin(200, None, Connection="close")
        handler.wfile.write(data)
        handler.hang_up()

    fetch.server.behaviours.append(without_length if chunked else serve)
    full = Prefix(small_disk / "prefix")
    pinned = catalogue_of(data, fetch.server.url())
    with pytest.raises(NoRoomError, match=says):
        install(Request(limits=QUICK), full, this_machine(), pinned, Quiet())
    assert full.installs() == []
    assert full.leftovers() == []
    assert not full.link.is_symlink()
    stat = os.statvfs(small_disk)
    assert stat.f_bavail * stat.f_frsize > 200_000
    fits = release(padding=100_000)
    fetch.server.data = fits
    again = catalogue_of(fits, fetch.server.url())
    assert install(Request(limits=QUICK), full, this_machine(), again, Quiet()).fresh
