"""What is built and shipped."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

import jupyter_codeserver_proxy

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(CHECKOUT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


PACKAGE = "jupyter_codeserver_proxy"


def sources(tree: str) -> set[str]:
    """The files of a tree that belong into the wheel, relative to it."""
    kinds = {".py", ".js", ".json", ".svg", ".css", ".woff2", ".typed", ".html", ".txt"}
    files = [path for path in (CHECKOUT / tree).rglob("*") if path.is_file()]
    found = {str(path.relative_to(CHECKOUT / tree)) for path in files if path.suffix in kinds}
    return found | {path.name for path in files if path.name == "py.typed"}


def test_the_wheel_has_both_trees_and_nothing_else(built: Path) -> None:
    """The extension, the fetcher below it, and no tests, docs or images."""
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names}
    info = next(name for name in top if name.endswith(".dist-info"))
    data = {name for name in top if name.endswith(".data")}
    assert top - data == {"jupyter_codeserver_proxy", info}
    inside = {name.partition("/")[2] for name in names if not name.startswith((info, *data))}
    fetcher = {f"binaries/{name}" for name in sources("binaries")}
    switch = "jupyter_codeserver_proxy.json"
    extension = {name for name in sources(PACKAGE) if name.startswith("labextension/")}
    assert inside == (sources(PACKAGE) | fetcher) - {switch} - extension
    assert [name for name in names if name.endswith(f"/jupyter_server_config.d/{switch}")]


def test_the_wheel_has_what_jupyterlab_loads(built: Path) -> None:
    """All of it, and where JupyterLab looks: installing needs no node."""
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    place = "/data/share/jupyter/labextensions/jupyter-codeserver-proxy/"
    shipped = {name.partition(place)[2] for name in names if place in name}
    folder = CHECKOUT / PACKAGE / "labextension"
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert shipped == {file.relative_to(folder).as_posix() for file in files}
    loaded = json.loads((folder / "package.json").read_text())["jupyterlab"]["_build"]["load"]
    assert loaded in shipped


def test_the_sdist_can_be_built_and_read(built: Path) -> None:
    """The sdist holds what the wheel is built from, with licence and README."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "setup.cfg", "binaries/releases.json"} <= names


def test_the_installed_package_is_what_is_tested() -> None:
    """The tests import what was installed, not the checkout."""
    assert CHECKOUT not in Path(jupyter_codeserver_proxy.__file__).parents or (
        Path(sys.prefix) in Path(jupyter_codeserver_proxy.__file__).parents
    )


def test_the_metadata_says_what_it_is() -> None:
    """Name, licence and Python version are those that are promised."""
    metadata = distribution("jupyter-codeserver-proxy").metadata
    assert metadata["Name"] == "jupyter-codeserver-proxy"
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert metadata["Requires-Python"] == ">=3.10"
