"""Programs that call `jupyter codeserver` get one JSON object, whatever happens."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.__main__ import main
from tests.binaries.conftest import VERSION, release, run_unread, sha256

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty prefix, which is the default."""
    monkeypatch.setenv("JUPYTER_CODESERVER_PREFIX", str(tmp_path / "prefix"))
    return tmp_path / "prefix"


def test_what_cannot_be_compressed_is_an_error_of_the_install(
    prefix: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error is JSON, and the installation stays."""
    tarball = tmp_path / "release.tar.gz"
    tarball.write_bytes(release())
    source = ["--source", str(tarball), "--sha256", sha256(tarball.read_bytes())]
    assert main(["install", VERSION, *source, "--compress", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["error"] == "FetchError"
    assert told["message"].startswith("nothing compressed: ")
    assert (prefix / "bin" / "code-server").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["extensions", "install", "nowhere.vsix"], 3, id="no-file"),
        pytest.param(["extensions", "install", "http://[x/", "--sha256", "0" * 64], 5, id="url"),
        pytest.param(["extensions", "install"], 2, id="nothing-to-install"),
        pytest.param(["extensions", "uninstall", "a.b"], 3, id="not-installed"),
        pytest.param(["extensions"], 2, id="no-verb"),
        pytest.param(["verify"], 3, id="verify"),
        pytest.param(["which", "--prefix", "/dev/null"], 3, id="which"),
        pytest.param(["doctor", "--no-such-option"], 2, id="doctor"),
    ],
)
@pytest.mark.usefixtures("prefix")
def test_every_failure_is_one_json_object(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int
) -> None:
    """The JSON has the exit code and one line for a person, which also goes to standard error."""
    assert main([*arguments, "--json"]) == code
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["exit_code"] == code
    assert "\n" not in told["message"]
    assert said.err.endswith(f"{told['message']}\n")


def test_a_doctor_whose_reader_has_seen_enough_says_nothing_of_it() -> None:
    """In `doctor | head` the exit code still says whether something is wrong."""
    command = [sys.executable, "-m", "jupyter_codeserver_proxy", "doctor"]
    code, said = run_unread(command)
    assert code in {0, 1}
    assert "pipe" not in said.lower()
