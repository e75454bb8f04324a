"""Lists the components of an image: the image's own Python runs this, and prints lines of JSON."""

from __future__ import annotations

import json
import re
import subprocess
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

Component = dict[str, str]
NODE_FOLDERS = (Path("/opt/npm"), Path("/opt/code-server"))
JULIA = Path("/opt/julia")
# A license in a machine-readable copyright file of Debian.
_LICENSE = re.compile(r"^License:[ \t]*(\S[^\n]*)", re.MULTILINE)
_MAX_NAME = 60  # characters; more is a license's text, not its name


def debian() -> Iterator[Component]:
    """Yields Debian's packages."""
    form = "${Package}\t${Version}\t${Architecture}\n"
    listed = subprocess.run(
        ["/usr/bin/dpkg-query", "--show", f"--showformat={form}"],
        capture_output=True,
        text=True,
        check=True,
    )
    for line in listed.stdout.splitlines():
        name, version, architecture = line.split("\t")
        copyright_file = Path("/usr/share/doc", name, "copyright")
        yield {
            "kind": "debian",
            "name": name,
            "version": version,
            "license": debian_license(copyright_file),
            "purl": f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={architecture}",
        }


def debian_license(file: Path) -> str:
    """Returns the licenses that a copyright file names, or its path if it names none."""
    try:
        text = file.read_text(errors="replace")
    except OSError:
        return ""
    return " AND ".join(sorted(set(_LICENSE.findall(text)))) or f"see {file}"


def python() -> Iterator[Component]:
    """Yields Python's packages."""
    for package in metadata.distributions():
        about: dict[str, Any] = package.metadata.json
        name, named = about["name"], about.get("license_expression") or about.get("license", "")
        if not named or len(named) > _MAX_NAME or "\n" in named:
            classified = (text.split(" :: ") for text in about.get("classifier", ()))
            named = " AND ".join(words[-1] for words in classified if words[0] == "License")
        yield {
            "kind": "python",
            "name": name,
            "version": package.version,
            "license": named,
            "purl": f"pkg:pypi/{quote(name.lower())}@{quote(package.version)}",
        }


def node() -> Iterator[Component]:
    """Yields npm's packages, with code-server and VS Code's own extensions."""
    for file in chain.from_iterable(folder.rglob("package.json") for folder in NODE_FOLDERS):
        about = json.loads(file.read_bytes())
        if not (isinstance(about, dict) and about.get("name") and about.get("version")):
            continue  # it only tells node how to load the files beside it
        named = about.get("license") or ""
        yield {
            "kind": "node",
            "name": about["name"],
            "version": about["version"],
            "license": named if isinstance(named, str) else str(named.get("type", "")),
            "purl": f"pkg:npm/{quote(about['name'])}@{quote(about['version'])}",
        }


def julia() -> Iterator[Component]:
    """Yields Julia, if it is installed."""
    if JULIA.exists():
        version = subprocess.run(
            ["/usr/local/bin/julia", "--version"], capture_output=True, text=True, check=True
        ).stdout.split()[-1]
        purl = f"pkg:generic/julia@{version}"
        named = {"license": "MIT", "purl": purl}
        yield {"kind": "download", "name": "julia", "version": version, **named}


if __name__ == "__main__":
    for component in chain(debian(), python(), node(), julia()):
        print(json.dumps(component))  # noqa: T201 -- a program's output
