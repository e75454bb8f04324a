"""The pinned data, the program that writes it, and which machine gets what."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_codeserver_proxy.binaries import pinning, platforms, releases, sources
from jupyter_codeserver_proxy.binaries.errors import KnownBadError, NotFoundError, PlatformError
from jupyter_codeserver_proxy.binaries.platforms import Machine, platform_name
from tests.binaries.conftest import answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.binaries.conftest import Handler, Server

TABLES = Path(__file__).parents[2] / "binaries"


def test_the_committed_data_is_what_the_tables_give() -> None:
    """Nobody edits releases.json by hand."""
    assert pinning.text(TABLES) == (TABLES / "releases.json").read_text(encoding="utf-8")
    assert pinning.main(["--check", "--tables", str(TABLES)]) == 0


def test_the_default_is_pinned_everywhere() -> None:
    """For each platform as a tarball, and for npm with the node that it needs."""
    catalogue = releases.load()
    assert catalogue.default == "4.139.1"
    npm = catalogue.npm_release(catalogue.default)
    assert npm is not None
    for platform in ("linux-amd64", "linux-arm64", "macos-amd64", "macos-arm64"):
        pinned = catalogue.release(catalogue.default, platform)
        assert pinned is not None
        assert pinned.url.endswith(f"/v4.139.1/code-server-4.139.1-{platform}.tar.gz")
        assert pinned.source
        assert catalogue.node_wheel(npm.node, platform) is not None


def test_every_npm_pin_has_its_node() -> None:
    """A version from npm has a node to run on."""
    catalogue = releases.load()
    for npm in catalogue.npm:
        assert npm.integrity.startswith("sha512-")
        assert catalogue.node_wheel(npm.node, "linux-amd64") is not None


@pytest.mark.parametrize("field", ["sha256", "version"])
def test_a_row_without_hash_or_twice_is_no_data(tmp_path: Path, field: str) -> None:
    """No release is installed unverified."""
    for table in TABLES.glob("*.csv"):
        shutil.copy(table, tmp_path)
    table = tmp_path / "releases.csv"
    row = table.read_text().splitlines()[1]
    version, platform, sha256, size, source = row.split(",")
    wrong = [version, platform, "" if field == "sha256" else sha256, size, source]
    table.write_text(table.read_text() + ",".join(wrong) + "\n")
    with pytest.raises(ValueError, match=r"sha256|twice"):
        pinning.text(tmp_path)
    assert pinning.main(["--tables", str(tmp_path), "--output", str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()


def test_stale_data_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--check compares, and does not write."""
    output = tmp_path / "releases.json"
    output.write_text("{}")
    arguments = ["--tables", str(TABLES), "--output", str(output)]
    assert pinning.main([*arguments, "--check"]) == 1
    assert "stale" in capsys.readouterr().err
    assert output.read_text() == "{}"
    assert pinning.main(arguments) == 0
    assert pinning.main([*arguments, "--check"]) == 0


def test_known_bad_releases_are_refused() -> None:
    """The two known ones are refused on the platforms where they do not work."""
    catalogue = releases.load()
    with pytest.raises(KnownBadError, match="node for amd64"):
        catalogue.refuse_known_bad("4.113.0", "linux-arm64")
    catalogue.refuse_known_bad("4.113.0", "linux-amd64")
    with pytest.raises(KnownBadError, match=r"glibc 2\.34"):
        catalogue.refuse_known_bad("4.114.0", "linux-amd64")


def test_auto_takes_npm_where_there_is_no_tarball() -> None:
    """The tarball comes first if there is one."""
    catalogue = releases.load()
    assert sources.choose("auto", "4.117.0", "macos-amd64", None, catalogue).tarball is None
    both = sources.choose("auto", "4.139.1", "linux-amd64", None, catalogue)
    assert both.tarball is not None
    assert both.npm is not None
    alone = sources.choose("release", "4.139.1", "linux-amd64", None, catalogue)
    assert alone.npm is None
    with pytest.raises(NotFoundError):
        sources.choose("npm", "4.96.1", "linux-amd64", None, catalogue)


def test_a_mirror_s_template_is_filled_in() -> None:
    """Each placeholder, and an address that ends in a slash."""
    catalogue = releases.load()

    def place(source: str) -> object:
        tarball = sources.choose(source, "4.139.1", "linux-amd64", None, catalogue).tarball
        return tarball.place if tarball else None

    name = "code-server-4.139.1-linux-amd64.tar.gz"
    assert place("https://m.example/v{version}/{platform}/{file}") == (
        f"https://m.example/v4.139.1/linux-amd64/{name}"
    )
    assert place("https://m.example/cs/") == f"https://m.example/cs/{name}"


@pytest.mark.parametrize(
    ("system", "architecture", "name"),
    [
        ("Linux", "x86_64", "linux-amd64"),
        ("Linux", "aarch64", "linux-arm64"),
        ("Darwin", "x86_64", "macos-amd64"),
        ("Darwin", "arm64", "macos-arm64"),
    ],
)
def test_a_machine_gets_its_build(system: str, architecture: str, name: str) -> None:
    """The names are upstream's."""
    assert platform_name(Machine(system, architecture, "", ())) == name


@pytest.mark.parametrize(
    ("machine", "says"),
    [
        pytest.param(Machine("Linux", "x86_64", "musl"), "musl", id="musl"),
        pytest.param(Machine("Linux", "x86_64", "glibc", (2, 17)), "glibc here is 2.17", id="old"),
        pytest.param(Machine("Linux", "riscv64", "glibc", (2, 40)), "riscv64", id="riscv"),
        pytest.param(Machine("Linux", "armv7l", "glibc", (2, 31)), "armv7l", id="arm-32-bit"),
        pytest.param(Machine("Windows", "AMD64"), "Windows", id="windows"),
    ],
)
def test_a_machine_without_build_is_told_why(machine: Machine, says: str) -> None:
    """The message says what to use instead."""
    with pytest.raises(PlatformError, match=says):
        platform_name(machine)


def test_the_oldest_glibc_is_enough() -> None:
    """2.28 itself is supported."""
    assert platform_name(Machine("Linux", "x86_64", "glibc", (2, 28))) == "linux-amd64"
    assert platforms.this_machine().libc in ("glibc", "musl", "")


def test_versions_are_ordered_as_people_do() -> None:
    """4.9 comes before 4.10, and a candidate before its release."""
    wanted = ["4.9.0", "4.10.0-rc.1", "4.10.0", "4.100.3"]
    assert sorted(["4.100.3", "4.10.0", "4.9.0", "4.10.0-rc.1"], key=releases.version_key) == wanted


# GitHub's word


def github(rows: list[dict[str, Any]]) -> Callable[[Handler], None]:
    """Act as GitHub's API."""

    def respond(handler: Handler) -> None:
        body = json.dumps(rows).encode()
        handler.begin(200, len(body), Content_Type="application/json")
        handler.wfile.write(body)

    return respond


def asset(release: releases.Release, **changes: object) -> dict[str, Any]:
    """Describe an asset as GitHub does."""
    digest = {"digest": f"sha256:{release.sha256}", "size": 1} | changes
    return {"browser_download_url": release.url, **digest}


@pytest.mark.parametrize(
    ("changes", "code", "verdict"),
    [
        pytest.param({}, 0, "same", id="same"),
        pytest.param({"digest": "sha256:" + "0" * 64}, 4, "different", id="different"),
        pytest.param({"digest": None}, 0, "no digest", id="no-digest"),
    ],
)
def test_every_row_is_compared_with_github(
    start_server: Callable[[bytes], Server],
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, object],
    code: int,
    verdict: str,
) -> None:
    """Each pinned tarball gets a verdict, and one that differs fails the command."""
    pinned = releases.load().releases
    first, rest = pinned[0], pinned[1:]
    assets = [asset(first, **changes), *map(asset, rest[1:])]
    # A first page that is full, so that the second is asked for.
    empty: list[dict[str, Any]] = [{"assets": []} for _ in range(99)]
    server = start_server(b"")
    server.behaviours.extend([github([{"assets": assets}, *empty]), github([])])
    arguments = ["--github", "--api", f"http://127.0.0.1:{server.port}"]
    assert pinning.main(arguments) == code
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(pinned)
    assert lines[0].startswith(verdict)
    assert lines[1].startswith("absent")
    assert all(line.startswith("same") for line in lines[2:])
    assert server.paths[1].endswith("page=2")


def test_github_out_of_reach_is_told(
    start_server: Callable[[bytes], Server], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without an answer, the command fails."""
    server = start_server(b"")
    server.behaviours.append(answer(403))
    assert pinning.main(["--github", "--api", f"http://127.0.0.1:{server.port}"]) == 5
    assert "403" in capsys.readouterr().err
