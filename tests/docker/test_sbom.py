"""The bill of materials lists the image's contents and their licences."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

pytestmark = pytest.mark.image

SBOM = Path(__file__).parents[2] / "docker/sbom.py"


def test_everything_stands_in_the_bill(image: str, tmp_path: Path) -> None:
    """It has a known component of each source, in the format that scanners read."""
    subprocess.run(
        [sys.executable, SBOM, "--image", image, "--folder", tmp_path], check=True, timeout=300
    )
    text = (tmp_path / "sbom.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    with (tmp_path / "licenses.csv").open(newline="") as file:
        shipped = {(row["kind"], row["name"]): row["license"] for row in csv.DictReader(file)}
    assert {
        ("debian", "gcc-14"),
        ("python", "jupyterlab"),
        ("python", "jupyter-codeserver-proxy"),
        ("node", "code-server"),
        ("node", "tslab"),
        # Language servers, a debugger, and what the companion extension's bundles contain.
        ("debian", "clangd-19"),
        ("python", "pyrefly"),
        ("python", "bash-dap"),
        ("node", "bash-language-server"),
        ("node", "vscode-languageclient"),
        ("eclipse", "org.eclipse.jdt.core"),
    } <= shipped.keys()
    assert shipped["node", "code-server"] == "MIT"
    assert shipped["python", "jupyter-codeserver-proxy"] == "BSD-3-Clause"
    assert shipped["eclipse", "org.eclipse.jdt.core"] == "EPL-2.0"
    assert shipped["node", "vscode-languageclient"] == "MIT"
    assert shipped["debian", "gcc-14"]


def test_an_image_that_is_not_there_is_told() -> None:
    """One line says so."""
    done = subprocess.run(
        [sys.executable, SBOM, "--image", "nowhere:none"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("sbom: cannot look into nowhere:none: ")
    assert len(done.stderr.splitlines()) == 1
