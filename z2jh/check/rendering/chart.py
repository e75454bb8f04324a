"""The chart: which one is pinned, where it is, its defaults and its schema."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from z2jh.document import FastLoader
from z2jh.hubvalues import layers
from z2jh.problems import FileError, Problem, UnusableError, did_you_mean, shown

from . import helm

PIN_FILE = Path(__file__).parents[2] / "chart.yaml"
CACHE = Path(__file__).parents[3] / ".hub" / "charts"
_PACKED_SCHEMA, _SCHEMA = "values.schema.json", "values.schema.yaml"
_FILES = ("Chart.yaml", "values.yaml", _PACKED_SCHEMA, _SCHEMA)


class NoChartError(UnusableError):
    """The chart is not at hand."""


@dataclass(frozen=True)
class Pin:
    """Which chart is deployed, and the versions that go with it."""

    name: str
    version: str
    repository: str  # where helm fetches it
    jupyterhub: str
    kubespawner: str
    kubernetes: str  # the API server's version, against which renders are checked


@dataclass(frozen=True)
class Chart:
    """A chart at hand."""

    path: Path  # its folder or .tgz
    version: str
    jupyterhub: str  # the version that runs in its hub
    defaults: dict[str, Any]  # its values.yaml
    schema: dict[str, Any]  # of values


def pin(file: Path = PIN_FILE) -> Pin:
    """Read z2jh/chart.yaml.

    Raises:
        FileError: it cannot be read, or a key is missing, unknown or not text.
    """
    layer = layers.read(file)
    names = [field.name for field in fields(Pin)]
    for key, value in layer.values.items():
        at = f"{shown(file)}:{layer.lines[key,]}: {key}"
        if key not in names:
            raise FileError(f"{at}: unknown key{did_you_mean(key, names)}")
        if not isinstance(value, str):
            raise FileError(f"{at}: is {value!r}, has to be text: put it in quotes")
    missing = [name for name in names if name not in layer.values]
    if missing:
        raise FileError(f"{shown(file)}: lacks {', '.join(missing)}")
    return Pin(**layer.values)


def find(wanted: Pin, named: str, cache: Path) -> Path:
    """Find the chart: the folder or .tgz that Z2JH_CHART names, else the one pulled before.

    Raises:
        NoChartError: it is not there.
    """
    if named:
        path = Path(named).expanduser()
        if path.is_file() or path.joinpath("Chart.yaml").is_file():
            return path
        raise NoChartError(f"{path}: no chart: a folder with a Chart.yaml in it, or a .tgz of one")
    path = cache / f"{wanted.name}-{wanted.version}.tgz"
    if path.is_file():
        return path
    raise NoChartError(
        f"the chart {wanted.name} {wanted.version} is not at hand: `make hub-chart` has helm fetch "
        "it, or Z2JH_CHART names its folder or .tgz"
    )


def pull(wanted: Pin, cache: Path) -> Path:
    """Have helm fetch the pinned chart.

    Raises:
        NoChartError: helm could not.
    """
    cache.mkdir(parents=True, exist_ok=True)
    source = ["--repo", wanted.repository, "--version", wanted.version]
    try:
        helm.run("pull", wanted.name, *source, "--destination", str(cache))
    except helm.HelmError as error:
        raise NoChartError(f"the chart could not be fetched: {error}") from error
    return find(wanted, "", cache)


def read(path: Path) -> Chart:
    """Read a chart, a folder or a .tgz.

    Raises:
        NoChartError: something is missing in it.
    """
    try:
        files = _of_folder(path) if path.is_dir() else _of_archive(path)
        about = yaml.safe_load(files["Chart.yaml"])
        versions = (str(about["version"]), str(about["appVersion"]))
        defaults = yaml.load(files["values.yaml"], FastLoader)  # noqa: S506 -- safe
        return Chart(path, *versions, defaults or {}, _schema(files))
    except KeyError as error:
        raise NoChartError(f"{path}: not a whole chart: {error} is missing") from error
    except (OSError, ValueError, TypeError, tarfile.TarError, yaml.YAMLError) as error:
        raise NoChartError(f"{path}: not a chart: {' '.join(str(error).split())}") from error


def mismatch(wanted: Pin, chart: Chart) -> list[Problem]:
    """Returns the problem of a chart that is not the pinned one, or has another hub."""
    message = ""
    if chart.version != wanted.version:
        message = (
            f"the chart at hand has version {chart.version}, z2jh/chart.yaml has {wanted.version}: "
            "take that chart, or change the file and mend what the check then says of the values"
        )
    elif chart.jupyterhub != wanted.jupyterhub:
        message = (
            f"the chart's hub is JupyterHub {chart.jupyterhub}, z2jh/chart.yaml has "
            f"{wanted.jupyterhub}: change it there, in docker/python/base.in and in setup.cfg"
        )
    return [Problem(shown(chart.path), "", message)] if message else []


def _schema(files: dict[str, str]) -> dict[str, Any]:
    """Reads the schema: JSON in a packed chart, YAML in a chart's source."""
    found: dict[str, Any]
    if _PACKED_SCHEMA in files:
        found = json.loads(files[_PACKED_SCHEMA])
    else:
        found = yaml.load(files[_SCHEMA], FastLoader)  # noqa: S506 -- safe
    return found


def _of_folder(folder: Path) -> dict[str, str]:
    files = (folder / name for name in _FILES)
    return {file.name: file.read_text() for file in files if file.is_file()}


def _of_archive(archive: Path) -> dict[str, str]:
    found = {}
    with tarfile.open(archive) as packed:
        for member in packed:
            folder, _, name = member.name.partition("/")
            if folder and name in _FILES and (content := packed.extractfile(member)):
                found[name] = content.read().decode()
    return found
