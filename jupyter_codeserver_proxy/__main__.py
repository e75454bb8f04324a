"""The command line `jupyter codeserver`: the fetcher's verbs, asked with Jupyter's eyes."""

from __future__ import annotations

import argparse
import os
import sys
from importlib.metadata import version as distribution_version
from typing import TYPE_CHECKING, Any

from . import executable
from .binaries import cli
from .binaries.errors import NotFoundError
from .failure import CannotStart

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    arguments = parser.parse_args(argv)
    code: int = arguments.run(arguments)
    return code


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
