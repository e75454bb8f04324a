"""The command line `jupyter codeserver extensions`, for extensions that all students share."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from jupyter_codeserver_proxy.binaries import releases
from jupyter_codeserver_proxy.binaries.answer import Answer
from jupyter_codeserver_proxy.binaries.download import Download, Limits
from jupyter_codeserver_proxy.binaries.errors import NotFoundError, UsageError, VerificationError
from jupyter_codeserver_proxy.binaries.partial import Partial
from jupyter_codeserver_proxy.binaries.progress import report_to
from jupyter_codeserver_proxy.binaries.urls import Token
from jupyter_codeserver_proxy.codeserver import executable, shared_extensions
from jupyter_codeserver_proxy.codeserver.shared_extensions import MOST_BYTES, ExtensionError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from jupyter_codeserver_proxy.binaries.answer import Parser, Verb
    from jupyter_codeserver_proxy.codeserver.shared_extensions import Extension


def add_verbs(parser: Parser) -> None:
    """Adds `install`, `list` and `uninstall` to the parser of `extensions`."""
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)

    def add(name: str, help_: str, verb: Verb) -> Parser:
        added = verbs.add_parser(name, help=help_, description=f"{help_[0].upper()}{help_[1:]}.")
        added.add_argument(
            "--folder", type=Path, help="their folder (default: the prefix's `extensions`)"
        )
        added.add_argument("--json", action="store_true", help="one JSON object on standard output")
        added.add_argument("--quiet", action="store_true", help="print errors only")
        added.set_defaults(verb=verb)
        return added

    install = add("install", "install extensions for all who share this code-server", _install)
    install.add_argument(
        "vsix", nargs="+", help="a .vsix file, or a URL of one, which needs --sha256"
    )
    install.add_argument("--sha256", help="the expected digest of the file")
    add("list", "list the extensions that all share", _list)
    uninstall = add("uninstall", "delete one", _uninstall)
    uninstall.add_argument("identifier", help="publisher and name, as in ms-python.python")


def _install(arguments: argparse.Namespace) -> Answer:
    sha256 = releases.parse_sha256(arguments.sha256) if arguments.sha256 else ""
    if sha256 and len(arguments.vsix) > 1:
        raise UsageError("--sha256 is that of one file; install the others apart")
    done = [_install_one(vsix, sha256, arguments) for vsix in arguments.vsix]
    lines = [f"installed {extension.identifier} {extension.version}" for extension in done]
    return Answer(_data(done), lines)


def _install_one(vsix: str, sha256: str, arguments: argparse.Namespace) -> Extension:
    folder, here = _folder(arguments), shared_extensions.machine(*_system())
    if not vsix.startswith(("https://", "http://")):
        return _unpack(Path(vsix), folder, here, sha256)
    if not sha256:
        raise UsageError(f"{vsix} needs --sha256: what comes from a network is not taken unseen")
    with TemporaryDirectory(prefix="extension-") as temporary:
        partial = Partial(Path(temporary, "extension.vsix"))
        report = report_to(quiet=arguments.quiet)
        file = Download(vsix, partial, None, Limits(), Token(""), report, MOST_BYTES).fetch()
        return _unpack(file, folder, here, sha256)


def _unpack(file: Path, folder: Path, here: str, sha256: str) -> Extension:
    if not file.is_file():
        raise NotFoundError(f"{file} is no file")
    try:
        return shared_extensions.install(file, folder, platform=here, sha256=sha256)
    except ExtensionError as error:
        raise VerificationError(str(error)) from error


def _list(arguments: argparse.Namespace) -> Answer:
    found = shared_extensions.installed(_folder(arguments))
    lines = [f"{extension.identifier} {extension.version}" for extension in found]
    return Answer(_data(found), lines or [f"no extension is in {_folder(arguments)}"])


def _uninstall(arguments: argparse.Namespace) -> Answer:
    try:
        gone = shared_extensions.uninstall(arguments.identifier, _folder(arguments))
    except ExtensionError as error:
        raise NotFoundError(str(error)) from error
    return Answer(_data([gone]), [f"removed {gone.identifier} {gone.version}"])


def _data(extensions: Iterable[Extension]) -> dict[str, Any]:
    entries = [asdict(found) | {"folder": str(found.folder)} for found in extensions]
    return {"extensions": entries}


def _folder(arguments: argparse.Namespace) -> Path:
    if arguments.folder:
        return Path(arguments.folder)
    return shared_extensions.folder_in(executable.default_prefix(os.environ))


def _system() -> tuple[str, str]:
    return platform.system(), platform.machine()
