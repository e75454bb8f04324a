"""The command line `jupyter codeserver`: the fetcher's verbs, asked with Jupyter's eyes."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from importlib.metadata import version as distribution_version
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from . import executable, extension_verbs
from .assets import compression, files, index
from .binaries import cli
from .binaries.errors import NotFoundError
from .failure import CannotStart

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives its exit code, which `--help` explains."""
    parser = argparse.ArgumentParser(
        prog="jupyter codeserver",
        description="Puts code-server where Jupyter's VS Code tile finds it.",
        epilog=cli.EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=distribution_version("jupyter-codeserver-proxy")
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    cli.add_verbs(verbs, which=_which)
    verbs.choices["install"].add_argument(
        "--compress",
        action="store_true",
        help="compress its files once and well, for all who share it (an image): a minute or two",
    )
    extension_verbs.add_verbs(
        verbs.add_parser("extensions", help="extensions of VS Code that all students share")
    )
    doctor = verbs.add_parser("doctor", help="say what stands in VS Code's way, and what to type")
    doctor.add_argument("--json", action="store_true", help="one JSON object on standard output")
    doctor.set_defaults(run=_doctor)
    arguments = parser.parse_args(argv)
    code: int = arguments.run(arguments)
    if code == 0 and getattr(arguments, "compress", False):
        return _compress(arguments)
    return code


def _compress(arguments: argparse.Namespace) -> int:
    prefix = arguments.prefix or executable.default_prefix(os.environ)
    root = files.find_root(prefix / "bin" / "code-server")
    if root is None:
        print("nothing compressed: this code-server has no known layout", file=sys.stderr)
        return 1
    folder = index.shared_folder(root)
    hidden = arguments.quiet or not sys.stderr.isatty()
    with tqdm(desc="compressing", unit=" files", disable=hidden) as bar:

        def progress(_file: Path, number: int, of: int) -> None:
            bar.total = of
            bar.update(number - bar.n)

        try:
            done = compression.compress(root, folder, compression.INSTALL_QUALITY, progress)
        except (OSError, compression.BusyError) as error:
            print(f"nothing compressed: {error}", file=sys.stderr)
            return 1
    if not (arguments.quiet or arguments.json):
        print(f"compressed {done.files} files into {folder}")
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    """Print what was found; gives 1 if something is wrong, as a warning is not."""
    # Only for this verb: Jupyter Server takes half a second to import.
    from .doctor import checks, facts  # noqa: PLC0415

    findings = checks.examine(facts.gather(os.environ))
    if arguments.json:
        print(json.dumps({"findings": [asdict(each) for each in findings]}, indent=2))
    else:
        for each in findings:
            print(f"{each.level.value:8}{each.about}: {each.what}")
            if each.advice:
                print(f"{'':8}  {each.advice}")
    return int(any(each.level is checks.Level.WRONG for each in findings))


def _which(arguments: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """The code-server that the tile would start; with --prefix, the one in that prefix."""
    if arguments.prefix:
        return cli.find_current(arguments)
    try:
        found = executable.find(_configured_executable(), os.environ)
    except CannotStart as error:
        raise NotFoundError(str(error)) from error
    version = executable.version(found.path)
    data = {"path": str(found.path), "found_in": found.found_in, "version": version}
    return data, [str(found.path)]


def _configured_executable() -> str:
    # Only for this verb: Jupyter Server takes half a second to import.
    from jupyter_server.serverapp import ServerApp  # noqa: PLC0415

    from .config import configured  # noqa: PLC0415

    app = ServerApp()
    app.load_config_file()
    return configured(app, os.environ).executable


if __name__ == "__main__":
    sys.exit(main())
