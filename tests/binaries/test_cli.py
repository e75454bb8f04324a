"""The command line as users meet it: its own process, its exit codes, its output."""

from __future__ import annotations

import json
import os
import pty
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_codeserver_proxy.binaries import errors
from jupyter_codeserver_proxy.binaries.cli import EXIT_CODES
from jupyter_codeserver_proxy.binaries.manifest import MANIFEST
from jupyter_codeserver_proxy.binaries.progress import readable
from tests.binaries.conftest import (
    PLATFORM,
    TOP,
    VERSION,
    answer,
    command,
    release,
    run,
    run_unread,
    sha256,
)

if TYPE_CHECKING:
    from tests.binaries.conftest import Fetcher, Handler, Server

REPOSITORY = Path(__file__).parents[2]


def from_server(server: Server) -> list[object]:
    """Return the arguments that install a server's release."""
    return [VERSION, "--source", server.url(), "--sha256", sha256(server.data)]


def answer_of(*arguments: object) -> dict[str, Any]:
    """Run with --json; return the object."""
    data: dict[str, Any] = json.loads(run(*arguments, "--json").stdout)
    return data


def test_every_verb_prints_one_json_object(fetch: Fetcher) -> None:
    """A program that calls the fetcher needs no line of prose."""
    at = ["--prefix", fetch.prefix.path]
    installed = answer_of("install", *from_server(fetch.server), *at)
    assert installed["fresh"] is True
    assert installed["path"] == str(fetch.prefix.folder(TOP) / "bin" / "code-server")
    (listed,) = answer_of("list", *at)["installs"]
    assert listed["version"] == VERSION
    assert listed["current"] is True
    assert answer_of("which", *at)["path"] == installed["path"]
    assert answer_of("verify", *at) == {"verified": [TOP]}
    versions = answer_of("available", *at)["versions"]
    assert [row["version"] for row in versions if row["default"]] == ["4.139.1"]
    assert answer_of("prune", *at) == {"removed": []}
    assert answer_of("uninstall", VERSION, *at) == {"removed": [TOP]}
    assert answer_of("list", *at)["installs"] == []


def test_an_error_is_one_json_object_as_well(fetch: Fetcher) -> None:
    """It has the exit code and the message."""
    said = run("which", "--prefix", fetch.prefix.path, "--json")
    assert said.returncode == 3
    assert json.loads(said.stdout)["error"] == "NotFoundError"
    assert json.loads(said.stdout)["exit_code"] == 3


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["no-such-verb"], id="verb"),
        pytest.param([], id="no-verb"),
        pytest.param(["install", "--no-such-option"], id="option"),
        pytest.param(["prune", "--keep", "many"], id="number"),
        pytest.param(["install", "--stall-timeout", "-1"], id="seconds"),
        pytest.param(["install", "--total-timeout", "nan"], id="no-seconds"),
        pytest.param(
            ["install", "--source", "http://[x/", "--sha256", "0" * 64, VERSION], id="address"
        ),
    ],
)
def test_a_wrong_argument_is_one_json_object_as_well(arguments: list[str]) -> None:
    """Also one that argparse finds, which tells a person the usage."""
    said = run(*arguments, "--json")
    assert said.returncode == 2, said.stderr
    told = json.loads(said.stdout)
    assert (told["error"], told["exit_code"]) == ("UsageError", 2)
    assert told["message"] in said.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["available"], 0, id="text"),
        pytest.param(["available", "--json"], 0, id="json"),
        pytest.param(["which", "--json"], 3, id="error"),
        pytest.param(["install", "--help"], 0, id="help"),
    ],
)
def test_a_reader_that_has_seen_enough_is_no_failure(
    tmp_path: Path, arguments: list[str], code: int
) -> None:
    """As with `| head`: the exit code is the verb's, and no message names a broken pipe."""
    returned, said = run_unread(command(*arguments, "--prefix", tmp_path))
    assert returned == code
    assert "pipe" not in said.lower()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["install", "latest"], 2, id="no-version"),
        pytest.param(["install", "../../x"], 2, id="path-as-version"),
        pytest.param(["install", "--sha256", "abc"], 2, id="short-hash"),
        pytest.param(["install", "--no-such-option"], 2, id="unknown-option"),
        pytest.param([], 2, id="no-verb"),
        pytest.param(["prune", "--keep", "0"], 2, id="keep-none"),
        pytest.param(["install", "9.9.8"], 3, id="unknown-version"),
        pytest.param(["uninstall", "9.9.9"], 3, id="not-installed"),
        pytest.param(["which"], 3, id="nothing-installed"),
        pytest.param(["verify"], 3, id="nothing-to-verify"),
        pytest.param(["install", "--offline"], 5, id="offline"),
    ],
)
def test_exit_codes_tell_what_went_wrong(tmp_path: Path, arguments: list[str], code: int) -> None:
    """One line on standard error, no traceback, and nothing on standard output."""
    said = run(*arguments, JUPYTER_CODESERVER_PREFIX=str(tmp_path / "prefix"))
    assert said.returncode == code, said.stderr
    assert "Traceback" not in said.stderr
    assert not said.stdout
    assert said.stderr.strip()


def test_exit_codes_of_a_server_s_faults(fetch: Fetcher) -> None:
    """The exit code distinguishes wrong bytes from missing ones."""
    at = ["--prefix", fetch.prefix.path]
    wrong = run("install", VERSION, "--source", fetch.server.url(), "--sha256", "0" * 64, *at)
    assert wrong.returncode == errors.VerificationError.exit_code, wrong.stderr
    fetch.server.behaviours.append(answer(404))
    absent = run("install", *from_server(fetch.server), *at)
    assert absent.returncode == errors.NetworkError.exit_code
    assert absent.stderr.count("the server answers 404 Not Found") == 1


def test_exit_codes_are_documented() -> None:
    """Each class has a code of its own, and --help lists it."""
    classes: list[type[errors.FetchError]] = [
        errors.FetchError,
        *errors.FetchError.__subclasses__(),
    ]
    codes = [error.exit_code for error in classes]
    assert sorted(codes) == list(range(1, 10))
    assert all(f"\n  {code}  " in EXIT_CODES for code in codes)
    assert EXIT_CODES in run("install", "--help").stdout
    assert all(error.__name__ in (errors.__doc__ or "") for error in classes)


def test_damage_is_found_and_named(fetch: Fetcher) -> None:
    """A changed, a missing and a no longer executable file; a link elsewhere; the list itself."""
    at = ["--prefix", fetch.prefix.path]
    folder = fetch.prefix.folder(fetch().install.name)
    assert run("verify", *at).returncode == 0
    (folder / "lib/padding").write_bytes(b"other")
    (folder / "LICENSE").unlink()
    (folder / "bin/code-server").chmod(0o644)
    (folder / "lib/link").unlink()
    (folder / "lib/link").symlink_to("padding")
    said = run("verify", VERSION, *at)
    assert said.returncode == 4
    for line in (
        "lib/padding is changed",
        "LICENSE is missing",
        "bin/code-server is changed",
        "lib/link is changed",
        "`uninstall` it and `install` it again",
    ):
        assert line in said.stderr
    assert "ThirdPartyNotices" not in said.stderr
    (folder / "install.manifest.json").write_text("{}")
    assert "install.manifest.json is changed" in run("verify", *at).stderr


def test_uninstall_removes_one_and_its_link(fetch: Fetcher) -> None:
    """What is left is an empty prefix, or the other versions."""
    fetch()
    said = run("uninstall", VERSION, "--prefix", fetch.prefix.path)
    assert said.returncode == 0
    assert fetch.is_empty()


def test_prune_keeps_the_one_in_use(fetch: Fetcher) -> None:
    """It deletes older installs, leftovers and partial downloads."""
    for version in ("9.9.7", "9.9.8"):
        fetch.server.data = release(version)
        fetch(version=version, source=fetch.server.url(), sha256=sha256(fetch.server.data))
    fetch.server.data = fetch.good
    fetch()
    part = fetch.prefix.downloads / "x.tar.gz"
    part.write_bytes(b"part")
    half = fetch.prefix.lib / f"code-server-9.9.6-{PLATFORM}"
    half.mkdir()
    (half / MANIFEST).write_text("{}")
    at = ["--prefix", fetch.prefix.path]
    assert run("prune", "--keep", "2", *at).returncode == 0
    assert len(fetch.prefix.installs()) == 2
    assert not part.exists()
    assert not half.exists()
    assert run("prune", *at).returncode == 0
    assert [install.version for install in fetch.prefix.installs()] == [VERSION]
    assert fetch.works()


def test_prune_of_nothing_makes_nothing(tmp_path: Path) -> None:
    """A prefix that is not there stays so."""
    assert run("prune", "--prefix", tmp_path / "none").returncode == 0
    assert not (tmp_path / "none").exists()


def test_quiet_says_nothing(fetch: Fetcher) -> None:
    """Only the exit code tells the outcome."""
    said = run("install", *from_server(fetch.server), "--quiet", "--prefix", fetch.prefix.path)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_output_that_is_no_terminal_gets_plain_lines(fetch: Fetcher) -> None:
    """A log of a build shows how far it is, without control characters."""
    fetch.server.behaviours.append(answer(503, Retry_After="0"))
    said = run("install", *from_server(fetch.server), "--prefix", fetch.prefix.path)
    assert "503" in said.stderr
    assert " kB of 301 kB" in said.stderr
    assert "\r" not in said.stderr
    assert "\x1b" not in said.stderr
    assert said.stdout.splitlines()[-1] == str(fetch.prefix.link)


def test_a_terminal_gets_a_bar_with_rate_and_time_left(fetch: Fetcher) -> None:
    """A person sees how long it will take."""

    def slowly(handler: Handler) -> None:
        data = fetch.server.data
        handler.begin(200, len(data), ETag='"one"')
        for at in range(0, len(data), 40_000):
            handler.wfile.write(data[at : at + 40_000])
            handler.wfile.flush()
            fetch.server.release.wait(0.15)

    fetch.server.behaviours.append(slowly)
    mine, theirs = pty.openpty()
    arguments = ["install", *from_server(fetch.server), "--prefix", fetch.prefix.path]
    child = subprocess.Popen(command(*arguments), cwd="/", stderr=theirs, stdout=subprocess.DEVNULL)
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = os.read(mine, 4096)
        except OSError:  # Linux ends a terminal that nobody writes to any more so
            break
        if not chunk:
            break
        shown += chunk
    os.close(mine)
    assert child.wait(60) == 0
    assert b"B/s" in shown
    assert b"%|" in shown
    assert b"<00:0" in shown


def test_slim_leaves_out_what_a_class_does_not_need(fetch: Fetcher) -> None:
    """It says what it saved, and the licence stays."""
    at = ["--prefix", fetch.prefix.path]
    said = run("install", *from_server(fetch.server), "--slim", *at)
    assert "left out" in said.stderr
    folder = fetch.prefix.folder(TOP)
    assert not list(folder.rglob("*.map"))
    assert (folder / "LICENSE").exists()
    assert json.loads((folder / "install.json").read_text())["slim"] is True
    assert run("verify", *at).returncode == 0
    assert fetch.works()


def test_slim_does_not_change_what_is_there(fetch: Fetcher) -> None:
    """It says what to do instead."""
    fetch()
    said = run("install", *from_server(fetch.server), "--slim", "--prefix", fetch.prefix.path)
    assert f"`uninstall {VERSION}` first" in said.stdout


def test_the_environment_names_the_prefix(fetch: Fetcher, tmp_path: Path) -> None:
    """An option comes first, then the variable, then the user's data folder."""
    named = run("list", "--json", JUPYTER_CODESERVER_PREFIX=str(fetch.prefix.path))
    assert json.loads(named.stdout)["prefix"] == str(fetch.prefix.path)
    data = {"JUPYTER_CODESERVER_PREFIX": "", "XDG_DATA_HOME": str(tmp_path), "HOME": str(tmp_path)}
    default = json.loads(run("list", "--json", **data).stdout)["prefix"]
    assert Path(default).name == "jupyter-codeserver-proxy"
    assert Path(default).is_relative_to(tmp_path)


def test_it_runs_from_a_bare_checkout() -> None:
    """The image's layer that holds code-server needs no other part of the project."""
    said = subprocess.run(
        [sys.executable, "-m", "binaries", "available"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    assert "* 4.139.1" in said.stdout


def test_a_token_in_the_environment_does_not_go_to_a_mirror(fetch: Fetcher) -> None:
    """GITHUB_TOKEN is for GitHub, whatever --source is."""
    arguments = ["install", *from_server(fetch.server), "--prefix", fetch.prefix.path]
    assert run(*arguments, GITHUB_TOKEN="s3cret").returncode == 0  # noqa: S106 - opens nothing
    assert "Authorization" not in fetch.server.seen[0]


@pytest.mark.parametrize(
    ("count", "written"),
    [
        pytest.param(0, "0 bytes", id="nothing"),
        pytest.param(26, "26 bytes", id="bytes"),
        pytest.param(408_123, "408 kB", id="thousands"),
        pytest.param(999_499_999, "999 MB", id="below-the-next"),
        pytest.param(999_500_001, "1 GB", id="rounded-up"),
        pytest.param(4_321_000_000, "4.32 GB", id="billions"),
        pytest.param(12_345_678_900_000, "12.3 TB", id="disks"),
    ],
)
def test_sizes_are_written_for_a_person(count: int, written: str) -> None:
    """Three digits and a unit, whatever the size."""
    assert readable(count) == written


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_dead_proxy_is_named(fetch: Fetcher, scheme: str) -> None:
    """The message names the proxy, not the mirror, and leaves its password out."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: it refuses
        place = f"127.0.0.1:{closed.getsockname()[1]}"
        environment = {f"{scheme}_proxy": f"http://me:hidden@{place}", "no_proxy": ""}
        mirror = [VERSION, "--source", f"{scheme}://mirror.example/x", "--sha256", "0" * 64]
        said = run("install", *mirror, "--prefix", fetch.prefix.path, **environment)
    assert said.returncode == errors.NetworkError.exit_code
    assert f"through the proxy http://{place} (Connection refused)" in said.stderr
    assert "hidden" not in said.stderr


def test_a_proxy_that_does_not_answer_is_named(fetch: Fetcher) -> None:
    """It accepts a connection and then sends nothing."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        proxy = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        mirror = [VERSION, "--source", "http://mirror.example/x", "--sha256", "0" * 64]
        patience = ["--stall-timeout", "0.5", "--total-timeout", "0.6"]
        at = ["--prefix", fetch.prefix.path]
        said = run("install", *mirror, *at, *patience, http_proxy=proxy, no_proxy="")
    assert f"no byte for 0.5 s through the proxy {proxy}; no time left" in said.stderr


def test_a_proxy_that_refuses_is_named(fetch: Fetcher) -> None:
    """The message has the proxy's answer to CONNECT."""
    proxy = f"http://127.0.0.1:{fetch.server.port}"
    mirror = [VERSION, "--source", "https://mirror.example/x", "--sha256", "0" * 64]
    at = ["--prefix", fetch.prefix.path]
    said = run("install", *mirror, *at, https_proxy=proxy, no_proxy="")
    assert f"through the proxy {proxy} (" in said.stderr
    assert "501 Unsupported method" in said.stderr


def test_a_proxy_is_used(fetch: Fetcher) -> None:
    """Proxies are those of `requests`, from the environment."""
    arguments = ["install", VERSION, "--prefix", fetch.prefix.path, "--sha256", sha256(fetch.good)]
    proxy = f"http://127.0.0.1:{fetch.server.port}"
    said = run(
        *arguments,
        "--source",
        "http://mirror.example/{file}",
        http_proxy=proxy,
        no_proxy="",
    )
    assert said.returncode == 0, said.stderr
    assert fetch.server.paths == [f"http://mirror.example/{TOP}.tar.gz"]
