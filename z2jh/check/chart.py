"""The chart: which one is pinned, where it is, what its defaults and its schema say."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from . import helm
from .layers import FastLoader
from .problems import Problem, UnusableError

PIN_FILE = Path(__file__).parents[1] / "chart.yaml"
CACHE = Path(__file__).parents[2] / "build" / "charts"


class NoChartError(UnusableError):
    """The chart is not at hand."""


@dataclass(frozen=True)
class Pin:
    """Which chart is deployed, and the Kubernetes version that what it renders is held against."""

    name: str
    version: str
    repository: str
    kubernetes: str


@dataclass(frozen=True)
class Chart:
    """An unpacked chart."""

    folder: Path
    version: str
    defaults: dict[str, Any]
    schema: dict[str, Any]


def pin(file: Path = PIN_FILE) -> Pin:
    """What z2jh/chart.yaml says."""
    return Pin(**yaml.safe_load(file.read_text()))


def find(wanted: Pin, named: str = "", cache: Path = CACHE) -> Path:
    """The folder of the chart: the one named, else the one pulled before.

    Args:
        wanted: the pinned chart.
        named: a folder or a .tgz, as in Z2JH_CHART.
        cache: where packed charts are unpacked.

    Raises:
        NoChartError: it is not there.
    """
    if not named:
        folder = cache / f"{wanted.name}-{wanted.version}" / wanted.name
        if folder.joinpath("Chart.yaml").is_file():
            return folder
        raise NoChartError(
            f"the chart {wanted.name} {wanted.version} is not at hand: `python -m z2jh.check "
            "--pull` has helm fetch it, or Z2JH_CHART names its folder or .tgz"
        )
    path = Path(named).expanduser()
    if path.is_file():
        return _unpack(path, cache, wanted)
    if not path.joinpath("Chart.yaml").is_file():
        raise NoChartError(f"{path}: no chart: a folder with a Chart.yaml in it, or a .tgz of one")
    return path


def pull(wanted: Pin, cache: Path = CACHE) -> Path:
    """Have helm fetch the pinned chart.

    Raises:
        NoChartError: helm could not.
    """
    target = cache / f"{wanted.name}-{wanted.version}"
    target.mkdir(parents=True, exist_ok=True)
    source = ["--repo", wanted.repository, "--version", wanted.version]
    try:
        helm.run("pull", wanted.name, *source, "--untar", "--untardir", str(target))
    except helm.HelmError as error:
        raise NoChartError(f"the chart could not be fetched: {error}") from error
    return find(wanted, "", cache)


def read(folder: Path) -> Chart:
    """Read an unpacked chart.

    Raises:
        NoChartError: something is missing in it.
    """
    try:
        about = yaml.safe_load(folder.joinpath("Chart.yaml").read_text())
        defaults = yaml.load(folder.joinpath("values.yaml").read_text(), FastLoader)  # noqa: S506 -- safe
        packed = (
            folder / "values.schema.json"
        )  # the packed chart has it as JSON, the source as YAML
        if packed.is_file():
            schema = json.loads(packed.read_text())
        else:
            text = folder.joinpath("values.schema.yaml").read_text()
            schema = yaml.load(text, FastLoader)  # noqa: S506 -- safe
        return Chart(folder, str(about["version"]), defaults or {}, schema)
    except (OSError, ValueError, KeyError, yaml.YAMLError) as error:
        raise NoChartError(f"{folder}: not a whole chart: {error}") from error


def mismatch(wanted: Pin, chart: Chart) -> list[Problem]:
    """Whether the chart at hand is another than the pinned one."""
    if chart.version == wanted.version:
        return []
    message = (
        f"the chart at hand has version {chart.version}, pinned is {wanted.version}: take that "
        "chart, or change the pin and mend what the check then says of the values"
    )
    return [Problem(str(chart.folder), "", message)]


def _unpack(archive: Path, cache: Path, wanted: Pin) -> Path:
    target = cache / archive.name.removesuffix(".tgz")
    try:
        with tarfile.open(archive) as packed:
            packed.extractall(target, filter="data")
    except (OSError, tarfile.TarError) as error:
        raise NoChartError(f"{archive}: not a packed chart: {error}") from error
    return find(wanted, str(target / wanted.name), cache)
