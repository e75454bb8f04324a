"""The command line: `install`, `list`, `available`, `verify`, `which`, `uninstall`, `prune`."""

from __future__ import annotations

import argparse
import math
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import answer, manifest, releases
from .answer import Answer, Parser
from .download import Limits
from .errors import NotFoundError, UsageError, VerificationError
from .install import Request, install
from .platforms import platform_name, this_machine
from .prefix import ENVIRONMENT_VARIABLE, Install, Prefix, default_prefix
from .progress import readable, report_to
from .urls import Token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .answer import Verb

EXIT_CODES = """\
exit codes:
  0  done
  1  failed for another reason
  2  a wrong argument
  3  unknown version, or not installed
  4  verification failed: other bytes than pinned, a hostile archive, a damaged install
  5  the network or the source is out of reach
  6  no room on the disk
  7  no code-server for this machine
  8  another install is at work in the prefix
  9  a release that is known not to work
"""


def main(argv: Sequence[str] | None = None, prog: str = "python -m binaries") -> int:
    """Runs the command line; returns its exit code."""
    parser = Parser(
        prog=prog,
        description="Puts a verified code-server on this machine.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_verbs(parser.add_subparsers(title="verbs", metavar="VERB", required=True))
    return answer.run_verb(parser, argv)


def add_verbs(
    subparsers: argparse._SubParsersAction[Parser],
    *,
    which: Verb | None = None,
    install: Verb | None = None,
) -> None:
    """Adds the verbs to a command line; each sets the default `verb`.

    A caller that does more gives verbs in place of `which` and `install`.
    """

    def add(name: str, help_: str, verb: Verb) -> Parser:
        parser = subparsers.add_parser(
            name,
            help=help_,
            description=f"{help_[0].upper()}{help_[1:]}.",
            epilog=EXIT_CODES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        _add_common(parser)
        parser.set_defaults(verb=verb)
        return parser

    help_ = "install a code-server, and use it from now on"
    _add_install(add("install", help_, install or install_one))
    add("list", "list what is installed", _list)
    add("available", "list what can be installed", _available)
    verify = add("verify", "read every file of the installs and name damaged ones", _verify)
    verify.add_argument("version", nargs="?", help="only this one")
    add("which", "print the path of the code-server in use", which or find_current)
    uninstall = add("uninstall", "delete an install", _uninstall)
    uninstall.add_argument("version", help="for example 4.139.1")
    prune = add("prune", "delete leftovers and all installs but the one in use", _prune)
    prune.add_argument("--keep", type=int, default=1, metavar="N", help="keep N installs (1)")


def find_current(arguments: argparse.Namespace) -> Answer:
    """Does the work of `which` for the prefix alone; raises NotFoundError if that has none."""
    prefix = _prefix(arguments)
    current = prefix.current()
    if current is None:
        raise NotFoundError(f"no code-server in {prefix.path}; `install` puts one there")
    return Answer(_describe(prefix, current), [str(prefix.link)])


def install_one(arguments: argparse.Namespace) -> Answer:
    """Does the work of `install`."""
    prefix = _prefix(arguments)
    version = arguments.version
    request = Request(
        version=releases.parse_version(version) if version else None,
        source=arguments.source,
        sha256=releases.parse_sha256(arguments.sha256) if arguments.sha256 else None,
        slim=arguments.slim,
        node=arguments.node,
        cache=arguments.cache,
        offline=arguments.offline,
        lock_timeout=arguments.lock_timeout,
        limits=Limits(stall=arguments.stall_timeout, total=arguments.total_timeout),
        token=Token(os.environ.get("GITHUB_TOKEN", "")),
    )
    report = report_to(quiet=arguments.quiet)
    outcome = install(request, prefix, this_machine(), releases.load(), report)
    done = outcome.install
    data = _describe(prefix, done) | {"fresh": outcome.fresh, "saved": outcome.saved}
    verb = "installed" if outcome.fresh else "already there:"
    lines = [f"{verb} code-server {done.version} from {done.source}, {readable(done.size)}"]
    if arguments.slim and not done.slim:
        lines.append(f"it is not slim: `uninstall {done.version}` first, and install it again")
    return Answer(data, [*lines, str(prefix.link)])


def _list(arguments: argparse.Namespace) -> Answer:
    prefix = _prefix(arguments)
    installs = [_describe(prefix, install) for install in prefix.installs()]
    lines = [
        f"{'*' if row['current'] else ' '} {row['version']} {row['platform']} {row['source']}"
        f"{' slim' if row['slim'] else ''} {readable(row['size'])} {row['path']}"
        for row in installs
    ]
    nothing = [f"nothing is installed in {prefix.path}"]
    return Answer({"prefix": str(prefix.path), "installs": installs}, lines or nothing)


def _available(arguments: argparse.Namespace) -> Answer:  # noqa: ARG001 - a verb's signature
    catalogue = releases.load()
    platform = platform_name(this_machine())
    bad = {b.version: b.reason for b in catalogue.known_bad if platform in b.platforms}
    tarballs = {r.version for r in catalogue.releases if r.platform == platform}
    npm = {r.version for r in catalogue.npm}
    rows: list[dict[str, Any]] = [
        {
            "version": version,
            "sources": ["release"] * (version in tarballs) + ["npm"] * (version in npm),
            "default": version == catalogue.default,
            "known_bad": bad.get(version),
        }
        for version in sorted(tarballs | npm, key=releases.version_key)
    ]
    lines = [
        f"{'*' if row['default'] else ' '} {row['version']} {', '.join(row['sources'])}"
        + (f" (refused: {row['known_bad']})" if row["known_bad"] else "")
        for row in rows
    ]
    return Answer({"platform": platform, "versions": rows}, lines)


def _verify(arguments: argparse.Namespace) -> Answer:
    prefix = _prefix(arguments)
    installs = _named(prefix, arguments.version) if arguments.version else prefix.installs()
    if not installs:
        raise NotFoundError(f"nothing is installed in {prefix.path}; `install` puts one there")
    damaged = {
        install.name: found
        for install in installs
        if (found := manifest.damage(prefix.folder(install.name), install.manifest))
    }
    if damaged:
        listed = "; ".join(
            f"{prefix.folder(name)}: {', '.join(found[:20])}"
            f"{f' and {len(found) - 20} more' if len(found) > 20 else ''}"  # noqa: PLR2004 - enough for a line
            for name, found in damaged.items()
        )
        raise VerificationError(f"damaged: {listed}; `uninstall` it and `install` it again")
    names = [install.name for install in installs]
    return Answer({"verified": names}, [f"{name} is as it was installed" for name in names])


def _uninstall(arguments: argparse.Namespace) -> Answer:
    prefix = _prefix(arguments)
    _named(prefix, arguments.version)
    with prefix.locked(arguments.lock_timeout, report_to(quiet=arguments.quiet)):
        installs = _named(prefix, arguments.version)
        for install in installs:
            prefix.remove(install)
    names = [install.name for install in installs]
    return Answer({"removed": names}, [f"removed {name}" for name in names])


def _prune(arguments: argparse.Namespace) -> Answer:
    if arguments.keep < 1:
        raise UsageError("--keep is at least 1; `uninstall VERSION` deletes the last one")
    prefix = _prefix(arguments)
    if not prefix.lib.exists():
        return Answer({"removed": []}, ["nothing to remove"])
    with prefix.locked(arguments.lock_timeout, report_to(quiet=arguments.quiet)):
        gone = [str(path) for path in prefix.clean(downloads=True)]
        current = prefix.current()
        # The install in use comes first, then the newest.
        ranked = sorted(
            prefix.installs(),
            key=lambda install: (install == current, install.installed),
            reverse=True,
        )
        for install in ranked[arguments.keep :]:
            prefix.remove(install)
            gone.append(str(prefix.folder(install.name)))
    return Answer({"removed": gone}, [f"removed {path}" for path in gone] or ["nothing to remove"])


def _named(prefix: Prefix, version: str) -> list[Install]:
    wanted = releases.parse_version(version)
    found = [install for install in prefix.installs() if install.version == wanted]
    if not found:
        raise NotFoundError(f"code-server {wanted} is not installed in {prefix.path}; see `list`")
    return found


def _describe(prefix: Prefix, install: Install) -> dict[str, Any]:
    path = prefix.folder(install.name) / "bin" / "code-server"
    return asdict(install) | {"path": str(path), "current": prefix.current() == install}


def _prefix(arguments: argparse.Namespace) -> Prefix:
    return Prefix(arguments.prefix or default_prefix(os.environ))


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--prefix",
        type=Path,
        help=f"where installs are (${ENVIRONMENT_VARIABLE}, else the user's data folder)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--quiet", action="store_true", help="say only what went wrong")
    parser.add_argument(
        "--lock-timeout",
        type=float,
        default=Request.lock_timeout,
        metavar="SECONDS",
        help="how long to wait for another install in the same prefix (%(default)g)",
    )


def _add_install(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", nargs="?", help="the default is marked in `available`")
    parser.add_argument(
        "--source",
        default="auto",
        help="auto (the release, else npm), release, npm, a URL with {version}, {platform}, "
        "{file}, or a tarball on this machine",
    )
    parser.add_argument("--sha256", help="the hash of a tarball that is not pinned")
    parser.add_argument("--slim", action="store_true", help="without what a class does not need")
    parser.add_argument("--node", type=Path, help="with npm: use this node, do not fetch one")
    parser.add_argument("--cache", type=Path, help="take tarballs from this folder and keep them")
    parser.add_argument("--offline", action="store_true", help="only --cache or a local --source")
    limits = Limits()
    for name, default, what in (
        ("--stall-timeout", limits.stall, "give a connection up after so long without a byte"),
        ("--total-timeout", limits.total, "give a download up after so long"),
    ):
        parser.add_argument(
            name, type=_seconds, default=default, metavar="SECONDS", help=f"{what} (%(default)g)"
        )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return value
