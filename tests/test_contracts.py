"""What joins the trees, which do not import each other."""

from __future__ import annotations

import hashlib
import os
import tarfile
from typing import TYPE_CHECKING

from jupyter_codeserver_proxy import executable
from jupyter_codeserver_proxy.__main__ import main
from jupyter_codeserver_proxy.binaries import prefix
from jupyter_codeserver_proxy.binaries.platforms import platform_name, this_machine

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


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
