"""The doctor finds faults, and says what to type."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_codeserver_proxy.cli.doctor.checks import Level, examine
from jupyter_codeserver_proxy.cli.doctor.facts import Facts, Hub, Place
from jupyter_codeserver_proxy.failure import CannotStart, Reason

HOME = Place(Path("/home/ada"), is_writable=True, free=5_000_000_000, file_system="ext4", uid=1000)
HEALTHY = Facts(
    home=HOME,
    user_data=HOME,
    executable=Path("/usr/bin/code-server"),
    found_in="PATH",
    version="4.139.1",
    installation=Path("/usr/lib/code-server"),
    flags=frozenset({"socket", "reconnection-grace-time", "disable-workspace-trust"}),
    versions={"jupyter-server": "2.21.1", "jupyter-server-proxy": "4.6.0"},
    enabled=frozenset({"jupyter_codeserver_proxy", "jupyter_server_proxy"}),
    kernels=("python3",),
    programs={"python": {"ruff": True}, "java": {"jdtls": False}, "javascript": {}},
    runtime=Path("/run/user/1000"),
    watches=1_048_576,
    instances=8192,
    descriptors=1_048_576,
)
CANNOT = CannotStart(Reason.NOT_INSTALLED, "There is none.", "Type this.")


def test_a_healthy_machine_is_told_so() -> None:
    """A healthy machine has no findings to act on."""
    findings = examine(HEALTHY)
    assert {finding.level for finding in findings} == {Level.OK}
    assert not [finding.advice for finding in findings if finding.advice]


@pytest.mark.parametrize(
    ("change", "level", "what", "advice"),
    [
        pytest.param({"cannot_start": CANNOT}, "wrong", "There is none", "Type this", id="none"),
        pytest.param({"violation": CANNOT}, "wrong", "There is none", "Type this", id="policy"),
        pytest.param(
            {"installation": None}, "warning", "no activity", "CodeServer.executable", id="unknown"
        ),
        pytest.param({"wrong_option": CANNOT}, "wrong", "There is none", "Type this", id="option"),
        pytest.param({"no_runtime": CANNOT}, "wrong", "There is none", "Type this", id="runtime"),
        pytest.param(
            {"flags": HEALTHY.flags - {"socket"}}, "wrong", "--socket", "install", id="flag"
        ),
        pytest.param(
            {"versions": {**HEALTHY.versions, "jupyter-server-proxy": "4.4.0"}},
            *("wrong", "4.4.0 is too old", "pip install 'jupyter-server-proxy>=4.6'"),
            id="version",
        ),
        pytest.param(
            {"enabled": frozenset({"jupyter_server_proxy"})},
            *("wrong", "not enabled", "jupyter server extension enable"),
            id="disabled",
        ),
        pytest.param(
            {"home": replace(HOME, is_writable=False)},
            *("wrong", "/home/ada cannot be written", "chown -R 1000 /home/ada"),
            id="owner",
        ),
        pytest.param({"home": replace(HOME, free=0)}, "wrong", "0 MB left", "du -xh", id="full"),
        pytest.param(
            {"home": replace(HOME, free=90_000_000)}, "warning", "90 MB left", "du -xh", id="scarce"
        ),
        pytest.param(
            {"kernels": ()}, "warning", "none is installed", "pip install ipykernel", id="kernels"
        ),
        pytest.param(
            {"programs": {"python": {"ruff": True, "debugpy": False}}},
            *("warning", "ruff; not there: debugpy", "pip install debugpy pyrefly ruff"),
            id="python",
        ),
        pytest.param({"instances": 128}, "warning", "is 128", "sysctl", id="inotify"),
        pytest.param(
            {"descriptors": 256}, "warning", "256 files and connections", "ulimit -Hn", id="files"
        ),
        pytest.param(
            {"hub": Hub(3600, "")}, "warning", "every 3600 s", "ACTIVITY_INTERVAL=60", id="hub"
        ),
        pytest.param(
            {"hub": Hub(60, "http://hub.example/hub/")},
            "warning",
            "not https",
            "certificate",
            id="https",
        ),
    ],
)
def test_what_is_wrong_comes_with_what_to_do(
    change: dict[str, Any], level: str, what: str, advice: str
) -> None:
    """Each fault has one finding of the right level."""
    (found,) = [
        finding for finding in examine(replace(HEALTHY, **change)) if finding.level is not Level.OK
    ]
    assert found.level.value == level
    assert what in found.what
    assert advice in found.advice


def test_a_home_on_nfs_is_told_of() -> None:
    """A network disk works, but is slower."""
    findings = examine(replace(HEALTHY, home=replace(HOME, file_system="nfs4")))
    assert [finding for finding in findings if "nfs4" in finding.what and finding.level is Level.OK]
