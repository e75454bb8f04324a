"""Compressing code-server's assets, by real processes, and reading what they made."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import brotli
import pytest
from filelock import FileLock

from jupyter_codeserver_proxy.assets.compression import BusyError, compress, worth_compressing
from jupyter_codeserver_proxy.assets.files import AssetRoot, read_root
from jupyter_codeserver_proxy.assets.index import AssetCache, shared_folder, user_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OLD, NEW = "a" * 40, "b" * 40
BIG = "lib/vscode/out/vs/code/browser/workbench/workbench.js"
SMALL = "lib/vscode/out/media/icon.svg"
NOISE = "lib/vscode/out/media/noise.ttf"


def words(count: int) -> bytes:
    """Text that compresses like a program, the same at each call."""
    choose = random.Random(0).choice  # noqa: S311 - nothing secret
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    vocabulary = ["".join(choose(letters) for _ in range(6)) for _ in range(5000)]
    return " ".join(choose(vocabulary) for _ in range(count)).encode()


def install(folder: Path, commit: str, size: int = 20_000) -> AssetRoot:
    """Make an installation with a few assets."""
    contents = {
        BIG: words(size),
        SMALL: b"<svg>" + words(500),
        NOISE: random.Random(1).randbytes(5000),  # noqa: S311 - nothing secret
        "lib/vscode/out/media/tiny.js": b"1",
        "lib/vscode/out/vs/base/node/server.js": words(500),
        "lib/vscode/out/media/sound.mp3": words(500),
        "package.json": json.dumps({"version": "4.139.1"}).encode(),
        "lib/vscode/product.json": json.dumps({"commit": commit}).encode(),
    }
    for name, content in contents.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    root = read_root(folder)
    assert root
    return root


@pytest.fixture
def root(tmp_path: Path) -> AssetRoot:
    """An installation."""
    return install(tmp_path / "code-server", OLD)


def command(root: AssetRoot, destination: Path, quality: int = 9) -> list[str]:
    """The command that compresses in the background."""
    module = "jupyter_codeserver_proxy.assets.compression"
    folders = [str(root.root), str(destination)]
    return [sys.executable, "-m", module, *folders, "--quality", str(quality)]


def served(root: AssetRoot, *folders: Path) -> dict[str, set[str]]:
    """Return the encodings of each asset, after checking that each decodes to the original."""
    cache = AssetCache(root.commit, folders)
    found: dict[str, set[str]] = {}
    for file in worth_compressing(root):
        name = file.relative_to(root.root).as_posix()
        forms = cache.find(name, file.stat().st_size)
        if forms is None:
            continue
        found[name] = set(forms)
        for encoding, (encoded, _) in forms.items():
            decode = {"br": brotli.decompress, "gzip": gzip.decompress}[encoding]
            assert decode(encoded.read_bytes()) == file.read_bytes()
    return found


ALL = {BIG: {"br", "gzip"}, SMALL: {"br", "gzip"}, NOISE: set()}


def test_what_gains_is_compressed_and_what_does_not_is_remembered(
    root: AssetRoot, tmp_path: Path
) -> None:
    """Tiny files, files of the server and kinds that are compressed already are left out."""
    seen: list[tuple[str, int, int]] = []
    summary = compress(
        root, tmp_path / "to", 5, lambda file, number, of: seen.append((file.name, number, of))
    )
    assert served(root, tmp_path / "to") == ALL
    assert seen == [("workbench.js", 1, 3), ("noise.ttf", 2, 3), ("icon.svg", 3, 3)]
    assert summary.files == 2
    assert 0 < summary.encoded["br"] < summary.encoded["gzip"] < summary.raw


def test_a_second_run_compresses_nothing(root: AssetRoot, tmp_path: Path) -> None:
    """A run of lower quality compresses nothing either."""
    first = compress(root, tmp_path / "to", 9)
    files = {file: file.stat().st_ino for file in (tmp_path / "to" / OLD).glob("[0-9a-f]*")}
    second = compress(root, tmp_path / "to", 5)
    assert (second.files, second.encoded) == (first.files, first.encoded)
    assert {file: file.stat().st_ino for file in files} == files


def test_a_higher_quality_replaces_a_lower(root: AssetRoot, tmp_path: Path) -> None:
    """No file of the lower quality stays."""
    low = compress(root, tmp_path / "to", 1)
    high = compress(root, tmp_path / "to", 11)
    assert high.encoded["br"] < low.encoded["br"]
    assert served(root, tmp_path / "to") == ALL
    assert len(list((tmp_path / "to" / OLD).iterdir())) == 5  # two by two, and the index


def test_a_version_change_replaces_the_old(root: AssetRoot, tmp_path: Path) -> None:
    """The folder does not grow with each upgrade."""
    compress(root, tmp_path / "to", 5)
    (tmp_path / "to/notes").mkdir()
    new = install(tmp_path / "new", NEW)
    compress(new, tmp_path / "to", 5)
    assert served(new, tmp_path / "to") == ALL
    assert served(root, tmp_path / "to") == {}
    assert {file.name for file in (tmp_path / "to").iterdir()} == {".lock", "notes", NEW}


def test_an_asset_of_another_size_is_not_what_was_compressed(
    root: AssetRoot, tmp_path: Path
) -> None:
    """That happens after a patch of the installation; the next run compresses it again."""
    compress(root, tmp_path / "to", 5)
    (root.root / SMALL).write_bytes(words(600))
    assert SMALL not in served(root, tmp_path / "to")
    compress(root, tmp_path / "to", 5)
    assert served(root, tmp_path / "to") == ALL


def cut(file: Path) -> None:
    """Remove the last byte."""
    file.write_bytes(file.read_bytes()[:-1])


def flip(file: Path) -> None:
    """Change one bit."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        pytest.param(cut, "[0-9a-f]*", id="cut"),
        pytest.param(flip, "[0-9a-f]*", id="a bit flipped"),
        pytest.param(Path.unlink, "[0-9a-f]*", id="gone"),
        pytest.param(cut, "index.json", id="the index cut"),
        pytest.param(Path.unlink, "index.json", id="the index gone"),
    ],
)
def test_what_is_damaged_is_not_served_and_is_made_again(
    root: AssetRoot, tmp_path: Path, damage: Callable[[Path], None], name: str
) -> None:
    """This holds for each file of the cache; `served` compares every byte."""
    compress(root, tmp_path / "to", 5)
    for file in (tmp_path / "to" / OLD).glob(name):
        damage(file)
    assert not any(served(root, tmp_path / "to").values())
    assert not AssetCache(OLD, [tmp_path / "to"]).is_complete()
    compress(root, tmp_path / "to", 5)
    assert served(root, tmp_path / "to") == ALL


@pytest.mark.parametrize("damage", [cut, Path.unlink])
def test_a_file_that_goes_while_it_is_in_use_is_not_served(
    root: AssetRoot, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """That happens when another version's assets have replaced these."""
    compress(root, tmp_path / "to", 5)
    cache = AssetCache(OLD, [tmp_path / "to"])
    forms = cache.find(SMALL, (root.root / SMALL).stat().st_size)
    assert forms
    damage(forms["br"][0])
    assert cache.find(SMALL, (root.root / SMALL).stat().st_size) is None


INDEX = '{"format": 1, "complete": true, "entries": {"a": %s}}'
CLIMBING = '{"size": 1, "quality": 1, "encoded": {"br": {"digest": "../../x", "size": 1}}}'


@pytest.mark.parametrize(
    "index",
    [
        pytest.param("", id="empty"),
        pytest.param("[]", id="a list"),
        pytest.param("[" * 100_000, id="too deep"),
        pytest.param('{"format": 2}', id="another format"),
        pytest.param(INDEX % "1", id="a wrong entry"),
        pytest.param(INDEX % CLIMBING, id="a path for a digest"),
    ],
)
def test_an_index_that_cannot_be_understood_is_empty(tmp_path: Path, index: str) -> None:
    """Nothing in it is used."""
    (tmp_path / OLD).mkdir()
    (tmp_path / OLD / "index.json").write_text(index)
    cache = AssetCache(OLD, [tmp_path])
    assert cache.find("a", 1) is None
    assert not cache.is_complete()


def give_away(path: Path, user: int) -> None:
    """Give it to another user."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(path, user, -1)


ANOTHER_USER = 4711
WAYS = [
    pytest.param(lambda path: path.chmod(path.stat().st_mode | 0o020), id="group"),
    pytest.param(lambda path: path.chmod(path.stat().st_mode | 0o002), id="everybody"),
    pytest.param(lambda path: give_away(path, ANOTHER_USER), id="another user's"),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", [".", "index.json"])
def test_what_others_may_have_written_is_not_served(
    root: AssetRoot,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    way: Callable[[Path], None],
    what: str,
) -> None:
    """code-server answers instead, and the log says why, once."""
    compress(root, tmp_path / "to", 5)
    cache = AssetCache(OLD, [tmp_path / "to"])
    size = (root.root / SMALL).stat().st_size
    assert cache.find(SMALL, size)
    way(tmp_path / "to" / OLD / what)
    for _ in range(3):
        assert cache.find(SMALL, size) is None
        assert cache.find(BIG, size) is None
    assert not cache.is_complete()
    (line,) = caplog.messages
    assert str(tmp_path / "to" / OLD) in line
    assert "others may write it" in line or f"the user id {ANOTHER_USER}" in line


@pytest.mark.parametrize("way", WAYS)
def test_a_compressed_file_that_others_may_have_written_is_not_served(
    root: AssetRoot, tmp_path: Path, way: Callable[[Path], None]
) -> None:
    """That includes a file that was sound at its first use."""
    compress(root, tmp_path / "to", 5)
    cache = AssetCache(OLD, [tmp_path / "to"])
    size = (root.root / SMALL).stat().st_size
    forms = cache.find(SMALL, size)
    assert forms
    way(forms["gzip"][0])
    assert cache.find(SMALL, size) is None


def test_a_pipe_for_a_compressed_file_is_not_waited_for(root: AssetRoot, tmp_path: Path) -> None:
    """A link to an index is not followed either."""
    compress(root, tmp_path / "to", 5)
    for file in list((tmp_path / "to" / OLD).glob("[0-9a-f]*")):
        file.unlink()
        os.mkfifo(file, 0o644)
    assert not any(served(root, tmp_path / "to").values())
    (tmp_path / "to" / OLD / "index.json").unlink(missing_ok=True)
    os.mkfifo(tmp_path / "to" / OLD / "index.json", 0o644)
    assert served(root, tmp_path / "to") == {}


@pytest.fixture
def sharing_umask() -> Iterator[None]:
    """Files are created group-writable, as in many classes and conda environments."""
    before = os.umask(0o002)
    yield
    os.umask(before)


@pytest.mark.usefixtures("sharing_umask")
def test_what_is_made_with_a_sharing_umask_is_served(root: AssetRoot, tmp_path: Path) -> None:
    """Nobody else can write its files, so they are used."""
    compress(root, tmp_path / "to", 5)
    assert (tmp_path / "to").stat().st_mode & 0o020
    assert served(root, tmp_path / "to") == ALL
    assert AssetCache(OLD, [tmp_path / "to"]).is_complete()


def test_a_folder_that_others_could_write_is_taken_from_them(
    root: AssetRoot, tmp_path: Path
) -> None:
    """Files of others in it, forged or of an older run, are not used but made anew."""
    compress(root, tmp_path / "to", 5)
    folder = tmp_path / "to" / OLD
    for path in (folder, *folder.iterdir()):
        path.chmod(path.stat().st_mode | 0o022)
    (folder / "asset.part").symlink_to(tmp_path / "victim")
    compress(root, tmp_path / "to", 1)
    assert served(root, tmp_path / "to") == ALL
    assert not (tmp_path / "victim").exists()
    assert not any(path.stat().st_mode & 0o022 for path in (folder, *folder.iterdir()))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_users_is_left_alone(root: AssetRoot, tmp_path: Path) -> None:
    """The server's log has one line that says why."""
    folder = tmp_path / "to" / OLD
    folder.mkdir(parents=True)
    os.chown(folder, ANOTHER_USER, -1)
    done = subprocess.run(
        command(root, tmp_path / "to"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"belongs to the user id {ANOTHER_USER}" in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(folder.iterdir()) == []


def test_a_running_server_sees_what_is_compressed_meanwhile(
    root: AssetRoot, tmp_path: Path
) -> None:
    """The cache is read again when its index changes."""
    cache = AssetCache(OLD, [tmp_path / "to"])
    size = (root.root / SMALL).stat().st_size
    assert cache.find(SMALL, size) is None
    compress(root, tmp_path / "to", 5)
    assert cache.find(SMALL, size)
    assert cache.is_complete()


def test_the_shared_folder_comes_before_the_users(
    root: AssetRoot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image's assets are used by all, and a user's own where it has none."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert user_folder().is_relative_to(tmp_path / "cache")
    compress(root, user_folder(), 1)
    compress(root, shared_folder(root), 5)
    size = (root.root / SMALL).stat().st_size
    cache = AssetCache(OLD, (shared_folder(root), user_folder()))
    forms = cache.find(SMALL, size)
    assert forms
    assert forms["br"][0].is_relative_to(root.root)


def test_one_process_compresses_at_a_time(root: AssetRoot, tmp_path: Path) -> None:
    """The others end at once, and report no failure."""
    (tmp_path / "to").mkdir()
    with FileLock(tmp_path / "to/.lock"):
        with pytest.raises(BusyError):
            compress(root, tmp_path / "to", 5)
        done = subprocess.run(
            command(root, tmp_path / "to"), capture_output=True, text=True, check=True
        )
    assert "in use by another process" in done.stdout
    assert served(root, tmp_path / "to") == {}


def test_processes_that_start_together_end_with_one_sound_result(
    root: AssetRoot, tmp_path: Path
) -> None:
    """That happens when a student starts two servers."""
    started = [subprocess.Popen(command(root, tmp_path / "to")) for _ in range(3)]
    assert [process.wait(timeout=60) for process in started] == [0, 0, 0]
    assert served(root, tmp_path / "to") == ALL
    assert len(list((tmp_path / "to" / OLD).iterdir())) == 5


def test_a_killed_run_leaves_nothing_wrong_and_the_next_completes_it(tmp_path: Path) -> None:
    """The process is killed while it compresses a file that takes seconds."""
    root = install(tmp_path / "code-server", OLD, size=800_000)
    process = subprocess.Popen(command(root, tmp_path / "to", quality=11))
    partial = tmp_path / "to" / OLD / "asset.part"
    until(lambda: partial.exists() or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=60) == -signal.SIGKILL
    assert partial.exists()
    assert served(root, tmp_path / "to") == {}
    compress(root, tmp_path / "to", 1)
    assert served(root, tmp_path / "to") == ALL
    assert len(list((tmp_path / "to" / OLD).iterdir())) == 5


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_home_that_cannot_be_written_is_said_in_one_line(root: AssetRoot, tmp_path: Path) -> None:
    """The exit status tells the server."""
    (tmp_path / "file").touch()
    done = subprocess.run(
        command(root, tmp_path / "file/below"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("The assets were not compressed: ")
    assert done.stderr.count("\n") == 1


def test_a_full_disk_leaves_nothing_wrong(root: AssetRoot, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk."""
    limited = ["prlimit", "--fsize=4000", *command(root, tmp_path / "to")]
    done = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert not any(served(root, tmp_path / "to").values())
    compress(root, tmp_path / "to", 1)
    assert served(root, tmp_path / "to") == ALL


def test_a_folder_without_code_server_is_refused(tmp_path: Path) -> None:
    """The message names the folder."""
    nowhere = AssetRoot(tmp_path / "nowhere", OLD, "1")
    done = subprocess.run(command(nowhere, tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"{nowhere.root} holds no code-server." in done.stderr
