"""Makes z2jh/ importable, and a chart that is the real one in all but its templates."""

from __future__ import annotations

import json
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
# z2jh/ belongs to the checkout and is not installed.
sys.path.append(str(CHECKOUT))

# `make hub-check` runs these, in an environment that has what they need.
if not (find_spec("kubespawner") and find_spec("kubernetes_validate")):
    collect_ignore = ["check", "cluster", "deploy", "laptop"]

# The pinned chart's own values.yaml and values.schema.yaml, beside the checkout or named.
REAL = Path(
    os.environ.get("Z2JH_TEST_DATA", CHECKOUT.parent / "shared/data/z2jh-4.4.0"),
)
TEMPLATES = Path(__file__).with_name("chart")


@pytest.fixture(scope="session")
def chart_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real chart's schema and defaults with a few templates of our own, which helm renders."""
    if not REAL.joinpath("values.schema.yaml").is_file():
        pytest.skip("the chart's schema and defaults are not at hand (Z2JH_TEST_DATA names them)")
    folder = tmp_path_factory.mktemp("chart") / "jupyterhub"
    shutil.copytree(TEMPLATES, folder / "templates")
    shutil.copy(REAL / "values.yaml", folder)
    schema = yaml.safe_load((REAL / "values.schema.yaml").read_text())
    (folder / "values.schema.json").write_text(json.dumps(schema))
    about = {"apiVersion": "v2", "name": "jupyterhub", "version": "4.4.0"}
    (folder / "Chart.yaml").write_text(yaml.safe_dump(about))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the values that a test may spoil."""
    return shutil.copytree(CHECKOUT / "z2jh/values", tmp_path / "values")
