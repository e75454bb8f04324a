"""What joins the trees, which do not import each other."""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
from configparser import ConfigParser
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from jupyter_codeserver_proxy.__main__ import main
from jupyter_codeserver_proxy.binaries import prefix
from jupyter_codeserver_proxy.binaries.platforms import platform_name, this_machine
from jupyter_codeserver_proxy.codeserver import executable
from jupyter_codeserver_proxy.config.languages import LANGUAGES

if TYPE_CHECKING:
    import pytest

CHECKOUT = Path(__file__).parents[1]


def test_the_extension_looks_where_the_fetcher_installs(tmp_path: Path) -> None:
    """Default prefix, variable, link and marker mean the same to both."""
    assert executable.default_prefix({}) == prefix.default_prefix({})
    named = {executable.PREFIX_VARIABLE: str(tmp_path), "PATH": os.defpath}
    place = prefix.Prefix(prefix.default_prefix(named))
    assert place.path == executable.default_prefix(named)
    assert (executable.MARKER, executable.HELP) == (prefix.MARKER, prefix.HELP)


def test_the_extension_finds_what_the_fetcher_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An install is found in its prefix, and tells version and flags without being run."""
    name = f"code-server-9.9.9-{platform_name(this_machine())}"
    program = tmp_path / name / "bin" / "code-server"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho 9.9.9 0123abc with Code 1.99.9; echo '  --auth'\n")
    program.chmod(0o755)
    tarball = tmp_path / f"{name}.tar.gz"
    with tarfile.open(tarball, "w:gz") as archive:
        archive.add(tmp_path / name, name)
    sha256 = hashlib.sha256(tarball.read_bytes()).hexdigest()
    home = tmp_path / "prefix"
    install = ["install", "9.9.9", "--source", str(tarball), "--sha256", sha256]
    assert main([*install, "--prefix", str(home)]) == 0, capsys.readouterr().err
    found = executable.find("", {executable.PREFIX_VARIABLE: str(home), "PATH": "/nowhere"})
    assert found.path == home / "bin" / "code-server"
    found.path.resolve().write_text("#!/bin/sh\nexit 1\n")  # it is not asked again
    assert executable.version(found.path) == "9.9.9"
    assert executable.abilities(found.path).flags == {"auth", "session-socket"}


def test_operators_and_the_companion_extension_know_the_same_languages() -> None:
    """Each language can be switched off by its name, and the doctor looks for its programs."""
    table = (CHECKOUT / "vscode_extension/src/languages/table.ts").read_text()
    _, *parts = re.split(r'^    name: "(\w+)",$', table, flags=re.MULTILINE)
    assert parts[::2] == list(LANGUAGES)
    for language, part in zip(parts[::2], parts[1::2], strict=True):
        servers = re.findall(r'^        name: "(\S+)",$', part, re.MULTILINE)
        assert servers == list(LANGUAGES[language][: len(servers)])


def test_image_and_checks_have_the_hub_of_the_chart() -> None:
    """What talks to the hub is of its version, and the spawner that is tested is the chart's."""
    pinned = yaml.safe_load((CHECKOUT / "z2jh/chart.yaml").read_text())
    locked = (CHECKOUT / "docker/python/base.txt").read_text()
    assert re.findall(r"^jupyterhub==(\S+)", locked, re.MULTILINE) == [pinned["jupyterhub"]]
    setup = ConfigParser()
    setup.read(CHECKOUT / "setup.cfg")
    asked = setup["options.extras_require"]["hub"].splitlines()
    assert f"jupyterhub == {pinned['jupyterhub']}" in asked
    assert f"jupyterhub-kubespawner == {pinned['kubespawner']}" in asked
