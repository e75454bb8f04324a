"""Lists what an image is made of: `python docker/sbom.py` writes a bill of materials and licenses.

The bill is CycloneDX, which vulnerability scanners read: `grype sbom:build/sbom.cdx.json`,
`trivy sbom build/sbom.cdx.json`. The licenses are those that each package declares.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HERE = Path(__file__).parent
FIELDS = ("kind", "name", "version", "license", "purl")


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes both files; exits with a message if the engine cannot run the image."""
    parser = argparse.ArgumentParser(prog="python docker/sbom.py", description=__doc__)
    parser.add_argument("--image", default="jupyter-codeserver:coding")
    parser.add_argument("--folder", type=Path, default=HERE.parent / "build")
    options = parser.parse_args(arguments)
    try:
        shipped = inventory(options.image)
    except subprocess.CalledProcessError as error:
        why = " ".join(str(error.stderr).split())
        sys.exit(f"sbom: cannot look into {options.image}: {why}")
    options.folder.mkdir(parents=True, exist_ok=True)
    (options.folder / "sbom.cdx.json").write_text(bill(options.image, shipped))
    with (options.folder / "licenses.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(shipped)
    print(f"{len(shipped)} components: {options.folder}/sbom.cdx.json, licenses.csv")  # noqa: T201 -- a program's output
    return 0


def inventory(image: str) -> list[dict[str, str]]:
    """Returns the components of an image, each once, sorted.

    Raises:
        CalledProcessError: there is no engine, or no image of that name.
    """
    engine = _output([str(HERE / "engine"), "which"]).strip()
    _output([engine, "image", "inspect", image])  # or `run` would ask a registry
    command = [engine, "run", "--rm", "--interactive", "--network", "none", "--entrypoint"]
    lines = _output([*command, "/opt/python/bin/python", image, "-"], HERE / "inventory.py")
    components = {line: json.loads(line) for line in lines.splitlines()}
    return sorted(components.values(), key=lambda component: [component[name] for name in FIELDS])


def bill(image: str, shipped: Iterable[dict[str, str]]) -> str:
    """Returns the bill of materials as JSON."""
    result = Bom()
    result.metadata.component = Component(name=image, type=ComponentType.CONTAINER)
    licenses = LicenseFactory()
    for component in shipped:
        named = component["license"]
        result.components.add(
            Component(
                name=component["name"],
                version=component["version"],
                purl=PackageURL.from_string(component["purl"]),
                bom_ref=component["purl"],
                licenses=[licenses.make_from_string(named)] if named else [],
            )
        )
    return make_outputter(result, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)


def _output(command: Sequence[str], standard_input: Path | None = None) -> str:
    with (standard_input or Path("/dev/null")).open() as file:
        return subprocess.run(
            command, capture_output=True, text=True, check=True, stdin=file
        ).stdout


if __name__ == "__main__":
    sys.exit(main())
