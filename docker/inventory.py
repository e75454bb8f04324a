"""Lists the components of an image: the image's own Python runs this, and prints lines of JSON."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

Component = dict[str, str]
NODE_FOLDERS = (Path("/opt/npm"), Path("/opt/code-server"))
# The licenses of the packages that the companion extension's bundles contain.
NOTICES = Path("jupyter_codeserver_proxy", "vscode_extension", "ThirdPartyNotices.txt")
ECLIPSE = Path("/opt/jdtls/plugins")
JULIA = Path("/opt/julia")
# A license in a machine-readable copyright file of Debian.
_LICENSE = re.compile(r"^License:[ \t]*(\S[^\n]*)", re.MULTILINE)
_BUNDLE_LICENSE = re.compile(r'^Bundle-License: *"?([^;"\n]+)', re.MULTILINE)
_NOTICE = re.compile(r"(?P<name>\S+) (?P<version>\S+) \((?P<license>.*)\)")
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


def bundled() -> Iterator[Component]:
    """Yields npm's packages within the companion extension."""
    file = Path(str(metadata.distribution("jupyter-codeserver-proxy").locate_file(NOTICES)))
    for notice in re.split(r"^-{80}$", file.read_text(), flags=re.MULTILINE):
        if found := _NOTICE.match(notice.strip()):
            purl = f"pkg:npm/{quote(found['name'])}@{quote(found['version'])}"
            yield {"kind": "node", **found.groupdict(), "purl": purl}


def eclipse() -> Iterator[Component]:
    """Yields Eclipse's plugins, of which Java's language server is made."""
    for plugin in ECLIPSE.glob("*"):
        name, _, version = plugin.name.removesuffix(".jar").rpartition("_")
        yield {
            "kind": "eclipse",
            "name": name,
            "version": version,
            "license": eclipse_license(plugin) or f"see {plugin}",
            "purl": f"pkg:generic/{quote(name)}@{quote(version)}",
        }


def eclipse_license(plugin: Path) -> str:
    """Returns the license that a plugin's manifest names, or Eclipse's if its page does."""
    files = plugin if plugin.is_dir() else zipfile.Path(plugin)
    manifest = (files / "META-INF" / "MANIFEST.MF").read_text().replace("\n ", "")
    if found := _BUNDLE_LICENSE.search(manifest):
        return found[1].strip()
    about = files / "about.html"
    words = about.read_text(errors="replace").split() if about.exists() else []
    return "EPL-2.0" if "Eclipse Public License" in " ".join(words) else ""


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
    for component in chain(debian(), python(), node(), bundled(), eclipse(), julia()):
        print(json.dumps(component))  # noqa: T201 -- a program's output
