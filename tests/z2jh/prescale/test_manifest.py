"""The manifest and the image fit the program."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from z2jh.prescale.cli import parser
from z2jh.prescale.cloud import lease, placeholders

ROOT = Path(__file__).parents[3]
MANIFEST = list(yaml.safe_load_all((ROOT / "z2jh/prescale.yaml").read_text()))


def of_kind(*kinds: str) -> list[dict[str, Any]]:
    """Returns the objects of some kinds."""
    return [item for item in MANIFEST if item["kind"] in kinds]


def rules() -> list[dict[str, Any]]:
    """Returns the rules of all roles."""
    return [rule for role in of_kind("Role", "ClusterRole") for rule in role["rules"]]


def granted() -> set[tuple[str, str]]:
    """Returns verb and resource of every right."""
    return {
        (verb, resource)
        for rule in rules()
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_names_are_those_of_the_program() -> None:
    """Rights name the objects that the program uses."""
    (priority,) = of_kind("PriorityClass")
    assert priority["metadata"]["name"] == placeholders.PRIORITY_CLASS
    assert priority["value"] == -10
    names = {
        name
        for role in of_kind("Role")
        for rule in role["rules"]
        for name in rule.get("resourceNames", [])
    }
    pools = ("students", "ondemand")
    assert names == {lease.NAME, *(placeholders.name_of(pool) for pool in pools)}


def test_no_right_leads_to_a_secret() -> None:
    """No right allows reading secrets or writing pods, which could mount them."""
    writes = {"create", "update", "patch", "*"}
    written = {resource for verb, resource in granted() if verb in writes}
    assert written == {"events", "leases", "deployments/scale"}
    assert all("secrets" not in rule["resources"] for rule in rules())
    scaled = [rule for rule in rules() if "deployments/scale" in rule["resources"]]
    assert all(rule["resourceNames"] for rule in scaled)


def test_the_cronjob_calls_what_there_is() -> None:
    """The CronJob's arguments parse, and a run ends before the next begins."""
    (job,) = of_kind("CronJob")
    spec = job["spec"]["jobTemplate"]["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    options = parser().parse_args(container["args"])
    assert options.namespace == job["metadata"]["namespace"]
    assert job["spec"]["schedule"] == "*/5 * * * *"
    assert spec["activeDeadlineSeconds"] < 300
    assert lease.SECONDS < 300
    assert spec["backoffLimit"] == 0


def test_the_image_has_what_the_program_needs() -> None:
    """Each requirement except matplotlib is locked, and the copied files exist."""
    lock = (ROOT / "z2jh/prescale/requirements.lock").read_text()
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    said = (ROOT / "z2jh/prescale/requirements.txt").read_text()
    needed = {name.lower() for name in re.findall(r"^([A-Za-z0-9-]+)", said, re.MULTILINE)}
    assert needed - locked == {"matplotlib"}
    dockerfile = (ROOT / "z2jh/prescale/Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(\S+)", dockerfile, re.MULTILINE)
    assert copied
    assert all(any(ROOT.glob(pattern)) for pattern in copied)


def test_the_image_has_every_module_that_is_imported(tmp_path: Path) -> None:
    """The program runs with only the files that the Dockerfile copies."""
    dockerfile = (ROOT / "z2jh/prescale/Dockerfile").read_text()
    for pattern, to in re.findall(r"^COPY (z2jh/\S+) /opt/hub/(\S+)", dockerfile, re.MULTILINE):
        for source in ROOT.glob(pattern):
            if source.is_dir():
                shutil.copytree(source, tmp_path / to)
            elif source.suffix == ".py":
                (tmp_path / to).mkdir(parents=True, exist_ok=True)
                shutil.copy(source, tmp_path / to)
    command = [sys.executable, "-m", "z2jh.prescale", "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
