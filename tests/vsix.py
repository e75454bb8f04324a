"""Packages of VS Code extensions."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path


def make_vsix(
    folder: Path,
    version: str = "1.0.0",
    target: str = "",
    name: str = "greeter",
    described: str = "{}",
    **members: str,
) -> Path:
    """A .vsix as VS Code's own packager makes it, as far as it is read here.

    Args:
        folder: where to.
        version: of the extension.
        target: the platform that it is for; empty: all.
        name: of the extension, whose publisher is Lectures.
        described: what else is in its manifest, as JSON.
        members: more files of the archive, with what is in them.
    """
    manifest = {
        "publisher": "Lectures",
        "name": name,
        "version": version,
        "engines": {"vscode": "^1.90.0"},
        **json.loads(described),
    }
    suffix = f"@{target}" if target else ""
    file = folder / f"{name}-{Path(version).name}{suffix}.vsix"
    attribute = f' TargetPlatform="{target}"' if target else ""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("extension.vsixmanifest", f"<Identity Id='{name}'{attribute}/>")
        archive.writestr("extension/package.json", json.dumps(manifest))
        archive.writestr("extension/out/main.js", "exports.activate = () => {}")
        for path, content in members.items():
            archive.writestr(path, content)
    return file
