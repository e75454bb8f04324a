"""The command line `jupyter codeserver`: the fetcher's verbs, and those that know Jupyter."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import asdict
from importlib.metadata import version as distribution_version
from typing import TYPE_CHECKING

from tqdm import tqdm

from .assets import compression, files, index
from .binaries import answer, cli
from .binaries.answer import Answer, Parser
from .binaries.errors import FetchError, NotFoundError
from .cli import extensions as extension_verbs
from .codeserver import executable
from .failure import CannotStart

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def program() -> int:
    """Runs the command line as a program and returns its exit code."""
    return answer.run(main)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code, which `--help` explains."""
    parser = Parser(
        prog="jupyter codeserver",
        description="Puts code-server where Jupyter's VS Code tile finds it.",
        epilog=cli.EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=distribution_version("jupyter-codeserver-proxy")
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    cli.add_verbs(verbs, which=_which, install=_install)
    verbs.choices["install"].add_argument(
        "--compress",
        action="store_true",
        help="compress its files once and well, for all who share it (an image): a minute or two",
    )
    extension_verbs.add_verbs(
        verbs.add_parser("extensions", help="VS Code extensions that all students share")
    )
    doctor = verbs.add_parser("doctor", help="say what keeps VS Code from working")
    doctor.add_argument("--json", action="store_true", help="one JSON object on standard output")
    doctor.set_defaults(verb=_doctor, quiet=False)
    return answer.run_verb(parser, argv)


def _install(arguments: argparse.Namespace) -> Answer:
    done = cli.install_one(arguments)
    if not arguments.compress:
        return done
    folder, files_ = _compress(arguments)
    data = done.data | {"compressed": {"files": files_, "folder": str(folder)}}
    return Answer(data, [*done.lines, f"compressed {files_} files into {folder}"])


def _compress(arguments: argparse.Namespace) -> tuple[Path, int]:
    """Compresses the current code-server; returns the target folder and the number of files.

    Raises:
        FetchError: the files cannot be compressed. The installation stays.
    """
    prefix = arguments.prefix or executable.default_prefix(os.environ)
    root = files.find_root(prefix / "bin" / "code-server")
    if root is None:
        raise FetchError("nothing compressed: this code-server has no known layout")
    folder = index.shared_folder(root)
    hidden = arguments.quiet or not sys.stderr.isatty()
    with tqdm(desc="compressing", unit=" files", disable=hidden) as bar:

        def progress(_file: Path, number: int, of: int) -> None:
            bar.total = of
            bar.update(number - bar.n)

        try:
            done = compression.compress(root, folder, compression.INSTALL_QUALITY, progress)
        except (OSError, compression.BusyError) as error:
            raise FetchError(f"nothing compressed: {error}") from error
    return folder, done.files


def _doctor(arguments: argparse.Namespace) -> Answer:  # noqa: ARG001 - a verb's signature
    """Prints the findings; the exit code is 1 if something is wrong, but not for warnings."""
    # Importing Jupyter Server takes half a second, and only this verb needs it.
    from .cli.doctor import checks, facts  # noqa: PLC0415

    findings = checks.examine(facts.gather(os.environ))
    lines = []
    for finding in findings:
        lines.append(f"{finding.level.value:8}{finding.about}: {finding.what}")
        if finding.advice:
            lines.append(f"{'':8}  {finding.advice}")
    is_wrong = any(finding.level is checks.Level.WRONG for finding in findings)
    return Answer({"findings": [asdict(finding) for finding in findings]}, lines, int(is_wrong))


def _which(arguments: argparse.Namespace) -> Answer:
    """Prints the code-server that the tile would start; with --prefix, the one in that prefix."""
    if arguments.prefix:
        return cli.find_current(arguments)
    try:
        found = executable.find(_configured_executable(), os.environ)
    except CannotStart as error:
        raise NotFoundError(str(error)) from error
    version = executable.version(found.path)
    data = {"path": str(found.path), "found_in": found.found_in, "version": version}
    return Answer(data, [str(found.path)])


def _configured_executable() -> str:
    # Importing Jupyter Server takes half a second, and only this verb needs it.
    from jupyter_server.serverapp import ServerApp  # noqa: PLC0415

    from .config.options import configured  # noqa: PLC0415

    app = ServerApp()
    app.load_config_file()
    return configured(app, os.environ).executable


if __name__ == "__main__":
    sys.exit(program())
