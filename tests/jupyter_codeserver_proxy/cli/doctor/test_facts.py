"""The doctor examines the real machine, and changes nothing."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_codeserver_proxy.assets.files import find_root
from jupyter_codeserver_proxy.cli.doctor.facts import place


def doctor(
    home: Path, *options: str, within: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Returns what the command prints for a student with this home, run within another command."""
    return subprocess.run(
        [
            *shlex.split(within),
            Path(sys.executable).with_name("jupyter"),
            "codeserver",
            "doctor",
            *options,
        ],
        env={**os.environ, "HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def findings(told: str) -> dict[str, list[dict[str, Any]]]:
    """Returns the findings by subject."""
    result: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(told)["findings"]:
        result.setdefault(finding["about"], []).append(finding)
    return result


def test_the_doctor_finds_this_machine_in_order(tmp_path: Path, code_server: Path) -> None:
    """Everything is installed, and the home stays empty."""
    home = tmp_path / "home"
    home.mkdir()
    done = doctor(home, "--json", JUPYTER_CODESERVER_EXECUTABLE=str(code_server))
    found = findings(done.stdout)
    assert done.returncode == 0, done.stdout
    assert found["code-server"][0]["what"].startswith("4.")
    assert [finding["level"] for finding in found["server extension"]] == ["ok", "ok"]
    assert "python3" in found["kernels"][0]["what"]
    assert "ruff" in found["python"][0]["what"]
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("limits", "level"),
    [
        pytest.param("200:2000", "ok", id="soft"),  # Jupyter raises it
        pytest.param("200:200", "warning", id="hard"),
    ],
)
def test_the_doctor_tells_of_a_low_limit_of_open_files(
    tmp_path: Path, code_server: Path, limits: str, level: str
) -> None:
    """The hard limit counts, which Jupyter cannot raise."""
    limited = f"prlimit --nofile={limits}"
    executable = str(code_server)
    done = doctor(tmp_path, "--json", within=limited, JUPYTER_CODESERVER_EXECUTABLE=executable)
    assert [finding["level"] for finding in findings(done.stdout)["descriptors"]] == [level]


def test_the_doctor_exits_with_a_failure_when_something_is_wrong(tmp_path: Path) -> None:
    """The doctor tells a person what to type."""
    done = doctor(tmp_path, JUPYTER_CODESERVER_EXECUTABLE="/nowhere/code-server")
    assert done.returncode == 1
    assert "wrong   code-server: CodeServer.executable is '/nowhere/code-server'" in done.stdout
    assert "jupyter codeserver install" in done.stdout


def test_a_folder_that_is_not_there_yet_is_judged_by_the_one_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doctor fails in the same way as the program that needs the folder."""
    monkeypatch.chdir(tmp_path)
    found = place(tmp_path / "not" / "there")
    assert found.path == tmp_path
    assert found.is_writable
    assert found.free > 0


def test_the_doctor_is_not_misled_by_a_terminal_of_vscodes(
    tmp_path: Path, code_server: Path
) -> None:
    """VS Code's command line is first on PATH there, and a debugger may have left NODE_OPTIONS."""
    root = find_root(code_server)
    assert root
    folders = (root.root / "lib/vscode/bin/remote-cli", code_server.parent, os.environ["PATH"])
    variables = {
        "PATH": os.pathsep.join(map(str, folders)),
        "VSCODE_IPC_HOOK_CLI": "/nowhere/socket",
        "NODE_OPTIONS": "--require /nowhere/debugger.js",
    }
    found = findings(doctor(tmp_path, "--json", **variables).stdout)
    assert found["code-server"][0]["what"] == f"{root.version}, {code_server} (PATH)"


def test_a_policy_that_would_not_be_held_is_told_before_a_student_meets_it(
    tmp_path: Path, code_server: Path
) -> None:
    """The finding appears if the script's code-server is unknown."""
    script = tmp_path / "code-server"
    script.write_text('#!/bin/sh\nNODE_OPTIONS= exec "$REAL" "$@"\n')
    script.chmod(0o755)
    variables = {"JUPYTER_CODESERVER_EXECUTABLE": str(script), "REAL": str(code_server)}
    found = findings(doctor(tmp_path, "--json", **variables).stdout)
    assert [finding["level"] for finding in found["code-server"]] == ["ok", "warning"]
    done = doctor(tmp_path, "--json", **variables, JUPYTER_CODESERVER_AI="false")
    (policy,) = findings(done.stdout)["policy"]
    assert (done.returncode, policy["level"]) == (1, "wrong")
    assert "CodeServer.executable" in policy["advice"]
