"""The promised contents of the image."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.docker.conftest import DOCKER
from tests.docker.notebooks import notebook

if TYPE_CHECKING:
    from tests.docker.conftest import Run

pytestmark = pytest.mark.image

# Modules whose name is not the package's.
MODULES = {
    "beautifulsoup4": "bs4",
    "ipympl": "ipympl.backend_nbagg",
    "jupyterlab-git": "jupyterlab_git",
    "jjava": None,  # a kernel, not a module
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
    "bash-dap": "bash_dap",
    "bash-kernel": "bash_kernel",
    "octave-kernel": "octave_kernel",
}


def promised(name: str) -> list[str]:
    """Return the packages that a set names."""
    lines = (DOCKER / "python" / f"{name}.in").read_text().splitlines()
    return [re.split(r"[ =<>~]", line)[0] for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("name", ["base", "scipy", "coding"])
def test_every_promised_package_imports(run: Run, name: str) -> None:
    """Each package of a set imports without a warning from Python."""
    modules = [MODULES.get(package, package) for package in promised(name)]
    lines = [f"import {module}" for module in modules if module]
    assert run("python", "-c", "\n".join(lines), variables={"MPLBACKEND": "Agg"}).stdout == ""


def test_the_environment_is_consistent(run: Run) -> None:
    """No requirement is missing, the server extension's included."""
    assert "No broken requirements" in run("pip", "check").stdout


def test_the_hub_is_the_one_that_the_values_deploy(run: Run) -> None:
    """The single-user server matches its hub, that of Zero to JupyterHub 4.4.0."""
    assert run("jupyterhub-singleuser", "--version").stdout.split()[-1].startswith("5.5.")


def test_the_kernels_are_there(run: Run) -> None:
    """Each language has one, and none is in the home, which a hub mounts over."""
    told = json.loads(run("jupyter", "kernelspec", "list", "--json").stdout)["kernelspecs"]
    expected = {"bash", "cpp", "ir", "java", "jslab", "octave", "python3", "tslab"}
    assert expected <= told.keys()
    assert not [spec["resource_dir"] for spec in told.values() if "/home/" in spec["resource_dir"]]


def test_nothing_that_matters_is_in_the_home(run: Run) -> None:
    """The home has a new account's files and an empty folder, which the student owns."""
    found = run("bash", "-c", "cd && find . -mindepth 1 -user jovyan | sort").stdout.split()
    assert found == ["./.bash_logout", "./.bashrc", "./.profile", "./work"]


def test_a_student_can_install_a_package(run: Run) -> None:
    """The student owns the environment, and the package's program is on the path."""
    done = run(
        "bash",
        "-c",
        'mkdir p && printf \'[project]\\nname="mine"\\nversion="1"\\n\' >p/pyproject.toml && '
        "mkdir p/mine && touch p/mine/__init__.py && "
        "pip install --quiet --no-build-isolation --no-index ./p 2>&1 || pip --version; "
        "test -w /opt/python/lib/python3*/site-packages && echo writable",
    )
    assert done.stdout.split()[-1] == "writable"


def test_a_notebook_becomes_html_and_markdown(run: Run) -> None:
    """A matplotlib figure is in it."""
    source = "import matplotlib.pyplot as p; p.plot([1, 2]); p.title('growth')"
    script = (
        f"cat >n.ipynb <<'END'\n{notebook('python3', [source])}\nEND\n"
        "jupyter nbconvert --execute --to html n.ipynb && grep -c image/png n.html; "
        "jupyter nbconvert --execute --to markdown n.ipynb && ls n_files"
    )
    assert ".png" in run("bash", "-c", script).stdout


def test_no_start_waits_for_a_parser_of_addresses(run: Run) -> None:
    """python/overrides.txt leaves out a package that takes seconds to import."""
    script = "import sys, jupyterlab.labapp; print('rfc3987_syntax' in sys.modules)"
    assert run("python", "-c", script).stdout.split()[-1] == "False"


def test_cython_compiles(run: Run) -> None:
    """It uses the image's compiler."""
    script = "import pyximport; pyximport.install(); import m; print(m.f(20))"
    done = run("bash", "-c", f"echo 'def f(int n): return n * 2' >m.pyx; python -c '{script}'")
    assert done.stdout.split()[-1] == "40"


def test_the_licences_of_code_server_are_shipped(run: Run) -> None:
    """The image contains its licence and those of its dependencies."""
    script = "find /opt/code-server/lib -maxdepth 3 -iname 'LICENSE*' -o -iname 'ThirdParty*'"
    found = run("bash", "-c", script).stdout
    assert "LICENSE" in found
    assert "ThirdParty" in found


def test_no_database_is_kept_in_the_home(run: Run) -> None:
    """A running notebook creates none there: one on NFS may wait for a lock for ever."""
    script = (
        f"cat >n.ipynb <<'END'\n{notebook('python3', ['1 + 1'])}\nEND\n"
        "jupyter nbconvert --execute --to notebook --inplace n.ipynb; "
        "find ~ -name '*.sqlite*' -o -name '*.db'"
    )
    assert run("bash", "-c", script).stdout == ""
