"""A code-server as conda-forge lays it out."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from jupyter_codeserver_proxy.assets.files import find_root

if TYPE_CHECKING:
    from pathlib import Path

# As of 4.133: it finds itself, names a folder for extensions, and splits words at their spaces.
_SCRIPT = """#!/bin/bash
prefix=$(dirname $(readlink -f $(dirname ${BASH_SOURCE})))
case "$*" in
  *--extensions-dir*) ;;
  *) set -- "$*" "--extensions-dir $prefix/share/code-server/extensions" ;;
esac
node $prefix/share/code-server/out/node/entry.js $*
"""


def install(prefix: Path, code_server: Path) -> Path:
    """Make an environment of conda's with a real code-server; gives its executable.

    Its node, which conda has as a package of its own, lies in `bin`.
    """
    found = find_root(code_server)
    assert found
    top, real = prefix / "share/code-server", found.root
    (top / "extensions").mkdir(parents=True)
    for name in ("package.json", "out"):  # where node finds these, code-server says it is
        copy = shutil.copytree if (real / name).is_dir() else shutil.copyfile
        copy(real / name, top / name)
    (top / "lib").mkdir()
    for name in ("lib/vscode", "node_modules", "src"):
        (top / name).symlink_to(real / name)
    script = prefix / "bin/code-server"
    script.parent.mkdir()
    script.write_text(_SCRIPT)
    script.chmod(0o755)
    node = real / "lib/node" if (real / "lib/node").exists() else shutil.which("node")
    assert node, "a code-server of npm's needs node on PATH"
    (script.parent / "node").symlink_to(node)
    return script
